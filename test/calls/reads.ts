import type { content } from '#shared/api/content.ts'
import type { healthApi } from '#shared/api/health.ts'
import type { internal } from '#shared/api/internal.ts'
import type { tallies } from '#shared/api/tallies.ts'
import type { zoneSchemas } from '#shared/api/zone-schema.ts'
import type { CallsOf } from './call.ts'

export const contentCalls: CallsOf<typeof content> = {
  manifest: async () => ({}),
  file: async () => ({ params: { kind: 'zones', name: 'hub' } }),
}

export const healthCalls: CallsOf<typeof healthApi> = {
  whole: async () => ({}),
  part: async () => ({ params: { part: 'auth' } }),
}

export const internalCalls: CallsOf<typeof internal> = {
  host: async (stage) => ({ by: await stage.host() }),
}

export const tallyCalls: CallsOf<typeof tallies> = {
  // Which tallies there are is up to the game; no game has this one.
  top: async ({ realmId }) => ({
    params: { realmId, tally: 'in_no_game' },
    refused: 'game.not_found',
  }),
  async of(stage) {
    const { as: characterId } = await stage.player()
    return { params: { realmId: stage.realmId, characterId } }
  },
  mine: async (stage) => ({ by: await stage.player(), params: { realmId: stage.realmId } }),
}

export const zoneSchemaCalls: CallsOf<typeof zoneSchemas> = { current: async () => ({}) }
