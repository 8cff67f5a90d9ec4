// A cairn in each zone. Rows, in `core`:
//   R#<realm>#GAME#CAIRNS             <zone>            how many stones lie there
//   R#<realm>#GAME#STONES#<account>   <zone>            that this account has laid one
import { Problem, answerOf, clear, commit, gameKey, routes, rowsIn } from 'waystone/game'
import type { GamePersonal, Person } from 'waystone/game'
import { cairns } from './protocol.ts'

export const cairnRoutes = routes(cairns, ({ store, runtime, content }) => ({
  async cairns({ params }) {
    const { items } = await store.query({
      table: 'core',
      keyCondition: 'pk = :pk',
      values: { ':pk': gameKey(params.realmId, 'CAIRNS') },
    })
    const stones = new Map(items.map((item) => [item.sk, Number(item['stones'])]))
    const zones = [...content.zones.keys()]
    return { cairns: zones.map((zone) => ({ zone, stones: stones.get(zone) ?? 0 })) }
  },

  async lay({ params, caller, operation }) {
    const { realmId, zone } = params
    if (!content.zones.has(zone)) throw new Problem('game.not_found', { detail: 'No such zone.' })
    const laidAt = runtime.now()
    // Stone and count in one transaction, under the operation's id: sent twice, it counts once.
    const laid = await commit({ store, runtime }, operation, {
      steps: [
        {
          write: {
            put: {
              table: 'core',
              item: { pk: gameKey(realmId, `STONES#${caller.accountId}`), sk: zone, v: 1, laidAt },
              condition: 'attribute_not_exists(pk)',
            },
          },
          otherwise: 'game.refused',
        },
        {
          write: {
            update: {
              table: 'core',
              key: { pk: gameKey(realmId, 'CAIRNS'), sk: zone },
              update: 'SET v = :v, stones = if_not_exists(stones, :none) + :one',
              values: { ':v': 1, ':none': 0, ':one': 1 },
            },
          },
        },
      ],
      answer: { laidAt },
    })
    return answerOf(laid, 'Your stone lies there already.')
  },
}))

/** Where a player has laid stones. They stay; who laid them is forgotten with him. */
export const stonesOf: GamePersonal = {
  async *export({ store }, person) {
    for (const { realmId, pk } of partitionsOf(person)) {
      for await (const { sk, laidAt } of rowsIn(store, { table: 'core', pk })) {
        yield { section: 'stones', entry: { realmId, zone: sk, laidAt } }
      }
    }
  },
  async erase({ store }, person) {
    for (const { pk } of partitionsOf(person)) await clear(store, { table: 'core', pk })
  },
}

function partitionsOf({ accountId, players }: Person) {
  return players.map(({ realmId }) => ({ realmId, pk: gameKey(realmId, `STONES#${accountId}`) }))
}
