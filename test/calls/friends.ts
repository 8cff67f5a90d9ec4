import type { friends } from '#shared/api/friends.ts'
import type { CallsOf } from './call.ts'
import type { Stage } from './stage.ts'

/** Two players of a realm. */
export async function two(stage: Stage) {
  const params = { realmId: stage.realmId }
  return { params, first: await stage.player(), second: await stage.player() }
}

/** The first has asked the second. */
export async function asked(stage: Stage) {
  const both = await two(stage)
  const { params, first, second } = both
  await first.client.friends.ask({ params, body: { as: first.as, name: second.name } })
  return both
}

/** Two friends. */
export async function befriended(stage: Stage) {
  const both = await asked(stage)
  const { first, second } = both
  const params = { ...both.params, playerId: first.playerId }
  await second.client.friends.accept({ params, body: { as: second.as } })
  return both
}

export const friendCalls: CallsOf<typeof friends> = {
  async list(stage) {
    const { params, first } = await befriended(stage)
    return { by: first, params, query: {} }
  },
  async ask(stage) {
    const { params, first, second } = await two(stage)
    return { by: first, params, body: { as: first.as, name: second.name } }
  },
  async accept(stage) {
    const { params, first, second } = await asked(stage)
    return {
      by: second,
      params: { ...params, playerId: first.playerId },
      body: { as: second.as },
      others: { playerId: 'friend.not_asked' },
    }
  },
  async end(stage) {
    const { params, first, second } = await befriended(stage)
    return {
      by: first,
      params: { ...params, playerId: second.playerId },
      others: { playerId: 'friend.not_found' },
    }
  },
  async block(stage) {
    const { params, first, second } = await two(stage)
    return { by: first, params, body: { name: second.name } }
  },
  async unblock(stage) {
    const { params, first, second } = await two(stage)
    await first.client.friends.block({ params, body: { name: second.name } })
    return {
      by: first,
      params: { ...params, playerId: second.playerId },
      others: { playerId: 'friend.not_found' },
    }
  },
  shown: async (stage) => ({ by: await stage.player(), params: { realmId: stage.realmId } }),
  async show(stage) {
    const { params, first } = await befriended(stage)
    return { by: first, params, body: { appear: 'offline', status: 'busy' } }
  },
}
