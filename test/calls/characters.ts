import type { characters } from '#shared/api/characters.ts'
import type { CallsOf } from './call.ts'
import type { Stage } from './stage.ts'

const reason = 'An example'

export const characterCalls: CallsOf<typeof characters> = {
  list: async (stage) => ({ by: await stage.player(), params: { realmId: stage.realmId } }),
  async create(stage) {
    const body = { name: stage.newName(), race: 'human', job: 'mage' }
    return { by: await stage.player(), params: { realmId: stage.realmId }, body }
  },
  async delete(stage) {
    const by = await stage.player()
    return { by, params: { realmId: stage.realmId, characterId: by.as } }
  },
  async rename(stage) {
    const by = await stage.player()
    const params = { realmId: stage.realmId, characterId: by.as }
    return { by, params, body: { name: stage.newName() } }
  },
  async deleted(stage) {
    const { by, params } = await deleted(stage)
    return { by, params: { realmId: params.realmId } }
  },
  restore: deleted,
  async renameOf(stage) {
    const { as: character } = await stage.player()
    const params = { realmId: stage.realmId, character }
    return { by: await stage.operator(), params, body: { name: stage.newName(), reason } }
  },
  async restoreOf(stage) {
    const { params } = await deleted(stage)
    const named = { realmId: params.realmId, character: params.characterId }
    return { by: await stage.operator(), params: named, body: { reason } }
  },
}

async function deleted(stage: Stage) {
  const by = await stage.player()
  const params = { realmId: stage.realmId, characterId: by.as }
  await by.client.characters.delete({ params })
  return { by, params }
}
