import type { leaderboards } from '#shared/api/leaderboards.ts'
import type { CallsOf } from './call.ts'
import type { Stage } from './stage.ts'

const reason = 'An example'

/** A board of the sample game, and an operator. */
async function operated(stage: Stage) {
  const params = { realmId: stage.realmId, board: 'gathering' }
  return { by: await stage.operator(), params }
}

/** A player who stands on it. */
async function ranked(stage: Stage) {
  const { by, params } = await operated(stage)
  const player = await stage.player()
  const body = { name: player.name, score: 5, reason }
  await by.client.leaderboards.submit({ params, body })
  return { by, params, player }
}

export const leaderboardCalls: CallsOf<typeof leaderboards> = {
  list: async ({ realmId }) => ({ params: { realmId } }),
  async top(stage) {
    const { params } = await ranked(stage)
    return { params, query: {} }
  },
  async around(stage) {
    const { params, player } = await ranked(stage)
    return { params: { ...params, characterId: player.as }, query: {} }
  },
  async friends(stage) {
    const { params, player } = await ranked(stage)
    return { by: player, params, query: {} }
  },
  async guild(stage) {
    const { params, player } = await ranked(stage)
    const { guildId } = await player.client.guilds.found({
      params: { realmId: stage.realmId },
      body: { as: player.as, name: stage.newName() },
    })
    const others = { guildId: 'guild.not_member' } as const
    return { by: player, params: { ...params, guildId }, query: {}, others }
  },
  async submit(stage) {
    const { by, params } = await operated(stage)
    const { name } = await stage.player()
    return { by, params, body: { name, score: 5, reason } }
  },
  async remove(stage) {
    const { by, params, player } = await ranked(stage)
    return { by, params, body: { who: player.name, reason } }
  },
  archive: async (stage) => ({ ...(await operated(stage)), body: { reason } }),
  reset: async (stage) => ({ ...(await operated(stage)), body: { reason } }),
  rebuild: async (stage) => ({ ...(await operated(stage)), body: { reason } }),
  tidy: async (stage) => ({ ...(await operated(stage)), body: { reason } }),
}
