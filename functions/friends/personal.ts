// What friends keep of a player: friends, requests and blocks of his own, and how he is seen.
import { friendsPartition, readShown } from '#shared/presence/circle.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { clear, rowsIn } from '#shared/store/partition.ts'
import type { Store, Write } from '#shared/store/store.ts'
import type { Personal } from '../http/personal.ts'
import {
  blockersPartition,
  countSide,
  noteBlock,
  parseFriend,
  readSide,
  writeSide,
} from './store.ts'

export const personal: Personal = {
  rows: [
    {
      table: 'core',
      partition: 'R#{realm}#FRIENDS#*',
      actions: ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#BLOCKERS#*', actions: ['Query', 'DeleteItem'] },
  ],
  // Who has blocked him is not told, here either: it is what others keep.
  async *export({ store }, { players }) {
    for (const { realmId, accountId } of players) {
      const of = { realmId, accountId }
      const shown = await readShown(store, of)
      yield { section: 'presence', entry: { realmId, ...shown } }
      for await (const item of rowsIn(store, listIn(of))) {
        const { name, state, at, playerId } = parseFriend(item)
        yield { section: 'friends', entry: { realmId, playerId, name, state, at } }
      }
    }
  },
  async erase({ store }, { players }) {
    for (const { realmId, accountId } of players) {
      const me = { realmId, accountId }
      for await (const item of rowsIn(store, listIn(me))) {
        const { playerId, state } = parseFriend(item)
        const noted = state === 'blocked' ? [noteBlock(me, playerId, false)] : []
        await leave(store, { realmId, accountId: playerId }, me, [
          writeSide(me, playerId, state, undefined),
          ...noted,
        ])
      }
      for await (const { sk } of rowsIn(store, { table: 'core', pk: blockersPartition(me) })) {
        const by = { realmId, accountId: sk.slice('P#'.length) }
        await leave(store, by, me, [noteBlock(by, accountId, false)])
      }
      await clear(store, { table: 'core', pk: friendsPartition(me) })
    }
  },
}

function listIn(of: Player) {
  return { table: 'core', pk: friendsPartition(of), begins: 'P#' } as const
}

/** A player leaves the list of another one, with the writes of his own side. */
async function leave(store: Store, from: Player, me: Player, mine: Write[]): Promise<void> {
  const theirs = (await readSide(store, from, me.accountId))?.state ?? 'none'
  const count = countSide(from, theirs, 'none')
  const listed = theirs === 'none' ? [] : [writeSide(from, me.accountId, theirs, undefined)]
  await store.transact([...mine, ...listed, ...(count === undefined ? [] : [count])])
}
