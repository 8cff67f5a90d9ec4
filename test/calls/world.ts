import type { world } from '#shared/api/world.ts'
import type { CallsOf } from './call.ts'

export const worldCalls: CallsOf<typeof world> = {
  async enter(stage) {
    const by = await stage.player()
    await stage.openZone()
    const params = { realmId: stage.realmId }
    return { by, params, body: { characterId: by.as, protocol: 2 } }
  },
  schedule: async ({ realmId }) => ({ params: { realmId } }),
  status: async ({ realmId }) => ({ params: { realmId } }),
}
