// The routes of the sample game.
import type { Example } from './call.ts'
import type { Stage } from './stage.ts'

export const gameCalls: Record<string, Record<string, (stage: Stage) => Promise<Example>>> = {
  game: {
    cairns: async ({ realmId }) => ({ params: { realmId } }),
    lay: async (stage) => ({
      by: await stage.player(),
      params: { realmId: stage.realmId, zone: 'hub' },
    }),
  },
}
