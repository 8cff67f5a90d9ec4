import type { personal } from '#shared/api/personal.ts'
import type { CallsOf } from './call.ts'

const reason = 'An example'

export const personalCalls: CallsOf<typeof personal> = {
  export: async (stage) => ({ by: await stage.player(), body: {} }),
  async exportOf(stage) {
    const { playerId } = await stage.player()
    return { by: await stage.operator(), params: { who: playerId }, body: { reason } }
  },
  async eraseOf(stage) {
    const { playerId } = await stage.player()
    return { by: await stage.operator(), params: { who: playerId }, body: { reason, days: 0 } }
  },
  erasures: async (stage) => ({ by: await stage.operator(), query: {} }),
  run: async (stage) => ({ by: await stage.operator(), body: { reason } }),
}
