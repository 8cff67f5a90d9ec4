import type { characters } from '#shared/api/characters.ts'
import type { CallsOf } from './call.ts'

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
}
