import type { world } from '#shared/api/world.ts'
import type { CallsOf } from './call.ts'
import { together } from './parties.ts'

export const worldCalls: CallsOf<typeof world> = {
  async enter(stage) {
    const by = await stage.player()
    await stage.openZone()
    const params = { realmId: stage.realmId }
    return { by, params, body: { characterId: by.as, protocol: 2 } }
  },
  async open(stage) {
    const { params, first } = await together(stage)
    const { zones } = await stage.client().world.status({ params })
    const { zone } = zones.find(({ membersMax }) => membersMax !== undefined) ?? {}
    const call = { by: first, params, body: { as: first.as, zone: zone ?? 'nowhere' } }
    if (zone === undefined) return { ...call, refused: 'instance.unknown' }
    await stage.openZone({ zone, kind: 'slots' })
    return call
  },
  async instance(stage) {
    const by = await stage.player()
    return { by, params: { realmId: stage.realmId }, query: { as: by.as } }
  },
  schedule: async ({ realmId }) => ({ params: { realmId } }),
  status: async ({ realmId }) => ({ params: { realmId } }),
}
