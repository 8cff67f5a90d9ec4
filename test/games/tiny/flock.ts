// Routes: a number that everybody may read and players may add to.
import { answerOf, commit, gameKey, routes } from 'waystone/game'
import type { Update } from 'waystone/game'
import { flock } from './protocol.ts'

const key = (realmId: string) => ({ pk: gameKey(realmId, 'FLOCK'), sk: 'COUNT' })

/** Adds sheep to the flock. */
export function flockUpdate(realmId: string, more: number): Update {
  return {
    table: 'core',
    key: key(realmId),
    update: 'SET sheep = if_not_exists(sheep, :none) + :more',
    values: { ':none': 0, ':more': more },
  }
}

export const flockRoutes = routes(flock, ({ store, runtime }) => ({
  async count({ params }) {
    const row = await store.get({ table: 'core', key: key(params.realmId), consistent: true })
    return { sheep: Number(row?.['sheep'] ?? 0) }
  },
  async add({ params, body, operation }) {
    const done = await commit({ store, runtime }, operation, {
      steps: [{ write: { update: flockUpdate(params.realmId, body.sheep) } }],
      answer: { counted: body.sheep },
    })
    return answerOf(done)
  },
}))
