// Rows of friends, in `core`. What two players are to each other stands in a row of each, both written in one
// transaction that names what both were (pair.ts).
//   R#<realm>#FRIENDS#<account>  P#<other account>  what the other one is to him
//   R#<realm>#FRIENDS#<account>  COUNT              how many of each, so that limits hold in a transaction
//   R#<realm>#FRIENDS#<account>  SHOWN              how friends see him (shared/presence/circle.ts)
//   R#<realm>#BLOCKERS#<account>  P#<other account>  that the other one has blocked him, who has no row of that
import * as z from 'zod'
import { blockedMax, blockersAtOnce, friendRequestsMax, friendsMax } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { friendsPartition } from '#shared/presence/circle.ts'
import { rowsIn } from '#shared/store/partition.ts'
import { readRow } from '#shared/store/row.ts'
import type { Item, Key, Store, Update, Write } from '#shared/store/store.ts'
import type { List } from '../http/page.ts'
import type { Side } from './pair.ts'

type Kept = Exclude<Side, 'none'>

const friendRow = z.object({
  playerId: z.string(),
  name: z.string(),
  state: z.enum(['friend', 'sent', 'received', 'blocked']),
  /** Unix ms at which it became so. */
  at: z.int(),
})

export type FriendRow = z.infer<typeof friendRow>

const limits: Record<Kept, number> = {
  friend: friendsMax,
  sent: friendRequestsMax,
  received: friendRequestsMax,
  blocked: blockedMax,
}

function rowKey(of: Player, playerId: string): Key {
  return { pk: friendsPartition(of), sk: `P#${playerId}` }
}

export function parseFriend(item: Item): FriendRow {
  return readRow(friendRow, item)
}

/** What one player is to another; undefined for nothing. One trip. */
export async function readSide(
  store: Store,
  of: Player,
  playerId: string,
): Promise<FriendRow | undefined> {
  const key = rowKey(of, playerId)
  return readRow(friendRow, await store.get({ table: 'core', key, consistent: true }))
}

/** All that somebody is to a player, by their ids. */
export function listOf(of: Player): List<typeof friendRow> {
  return {
    name: 'friends.list',
    query: {
      table: 'core',
      keyCondition: 'pk = :pk AND begins_with(sk, :players)',
      values: { ':pk': friendsPartition(of), ':players': 'P#' },
      consistent: true,
    },
    row: friendRow,
    positionOf: ({ playerId }) => ({ at: 0, id: playerId }),
    keyAt: ({ id }) => rowKey(of, id),
  }
}

/** Those that a player has blocked. One trip: what a player may keep fits into one page. */
export async function readBlocked(store: Store, of: Player): Promise<FriendRow[]> {
  const { query } = listOf(of)
  const page = await store.query({
    ...query,
    filter: '#state = :blocked',
    names: { '#state': 'state' },
    values: { ...query.values, ':blocked': 'blocked' },
  })
  return page.items.map((item) => readRow(friendRow, item))
}

/** One side becomes another one, if it still is what it was. `after`: undefined for nothing. */
export function writeSide(
  of: Player,
  playerId: string,
  before: Side,
  after: FriendRow | undefined,
): Write {
  const key = rowKey(of, playerId)
  const is =
    before === 'none'
      ? { condition: 'attribute_not_exists(pk)' }
      : {
          condition: '#state = :before',
          names: { '#state': 'state' },
          values: { ':before': before },
        }
  if ((after?.state ?? 'none') === before) return { check: { table: 'core', key, ...is } }
  if (after === undefined) return { delete: { table: 'core', key, ...is } }
  return { put: { table: 'core', item: { ...key, v: 1, ...after }, ...is } }
}

/** Counts one side of a player anew. It fails when one more would be too many. */
export function countSide(of: Player, before: Side, after: Side): Write | undefined {
  if (before === after) return undefined
  const sets = ['#v = :v']
  const names: Record<string, string> = { '#v': 'v' }
  const values: Record<string, number> = { ':v': 1, ':one': 1 }
  if (before !== 'none') {
    sets.push('#less = #less - :one')
    names['#less'] = before
  }
  if (after !== 'none') {
    sets.push('#more = if_not_exists(#more, :none) + :one')
    names['#more'] = after
    Object.assign(values, { ':none': 0, ':max': limits[after] })
  }
  const condition =
    after === 'none' ? 'attribute_exists(pk)' : 'attribute_not_exists(#more) OR #more < :max'
  const key = { pk: friendsPartition(of), sk: 'COUNT' }
  return {
    update: { table: 'core', key, update: `SET ${sets.join(', ')}`, condition, names, values },
  }
}

/** Another name for a player, where another one knows him by that of before. */
export function nameSide(of: Player, playerId: string, from: string, to: string): Update {
  return {
    table: 'core',
    key: rowKey(of, playerId),
    update: 'SET #name = :to',
    condition: '#name = :from',
    names: { '#name': 'name' },
    values: { ':from': from, ':to': to },
  }
}

/** Whose lists a player may be in. One trip for each hundred. */
export async function* whoKnows(store: Store, of: Player): AsyncGenerator<string> {
  const partitions = [friendsPartition(of), blockersPartition(of)]
  for (const pk of partitions) {
    for await (const { sk } of rowsIn(store, { table: 'core', pk, begins: 'P#' })) {
      yield sk.slice('P#'.length)
    }
  }
}

export function blockersPartition({ realmId, accountId }: Player): string {
  return `R#${realmId}#BLOCKERS#${accountId}`
}

/** Some who have blocked a player, and whether there are more. One trip. */
export async function readBlockers(
  store: Store,
  of: Player,
): Promise<{ playerIds: ReadonlySet<string>; more: boolean }> {
  const { items, next } = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': blockersPartition(of) },
    limit: blockersAtOnce,
    consistent: true,
  })
  const playerIds = new Set(items.map(({ sk }) => sk.slice('P#'.length)))
  return { playerIds, more: next !== undefined }
}

/** One trip. */
export async function isBlocker(store: Store, of: Player, playerId: string): Promise<boolean> {
  const key = { pk: blockersPartition(of), sk: `P#${playerId}` }
  return (await store.get({ table: 'core', key, consistent: true })) !== undefined
}

/** Notes or forgets that a player has blocked another one: a rename or an erase of the other one finds the row. */
export function noteBlock(by: Player, playerId: string, blocked: boolean): Write {
  const pk = blockersPartition({ realmId: by.realmId, accountId: playerId })
  const key = { pk, sk: `P#${by.accountId}` }
  return blocked
    ? { put: { table: 'core', item: { ...key, v: 1, playerId: by.accountId } } }
    : { delete: { table: 'core', key } }
}

/** Fails, in a transaction, when a player has blocked another one. */
export function notBlocked(by: Player, playerId: string): Write {
  return {
    check: {
      table: 'core',
      key: rowKey(by, playerId),
      condition: 'attribute_not_exists(pk) OR #state <> :blocked',
      names: { '#state': 'state' },
      values: { ':blocked': 'blocked' },
    },
  }
}
