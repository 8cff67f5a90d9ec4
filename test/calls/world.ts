import type { world } from '#shared/api/world.ts'
import type { CallsOf } from './call.ts'
import { together } from './parties.ts'
import type { Stage } from './stage.ts'

/** A party, and a host that runs private instances; the game may have no such zone. */
async function beforeOpening(stage: Stage) {
  const { params, first: by } = await together(stage)
  const { zones } = await stage.client().world.status({ params })
  const { zone } = zones.find(({ membersMax }) => membersMax !== undefined) ?? {}
  if (zone !== undefined) await stage.openZone({ zone, kind: 'slots' })
  return { by, params, body: { as: by.as, zone: zone ?? 'nowhere' }, has: zone !== undefined }
}

export const worldCalls: CallsOf<typeof world> = {
  async enter(stage) {
    const by = await stage.player()
    await stage.openZone()
    const params = { realmId: stage.realmId }
    return { by, params, body: { characterId: by.as, protocol: 2 } }
  },
  async open(stage) {
    const { has, ...call } = await beforeOpening(stage)
    return has ? call : { ...call, refused: 'instance.unknown' }
  },
  async instance(stage) {
    const { has, by, params, body } = await beforeOpening(stage)
    if (has) await by.client.world.open({ params, body })
    return { by, params, query: { as: by.as } }
  },
  async loginQueue(stage) {
    // The realms of tests have no limit of players; test/functions/login-queue.test.ts has some.
    const body = { ticket: 'none' }
    const params = { realmId: stage.realmId }
    return { by: await stage.player(), params, body, refused: 'login_queue.over' }
  },
  async leaveLoginQueue(stage) {
    return { by: await stage.player(), params: { realmId: stage.realmId } }
  },
  schedule: async ({ realmId }) => ({ params: { realmId } }),
  status: async ({ realmId }) => ({ params: { realmId } }),
}
