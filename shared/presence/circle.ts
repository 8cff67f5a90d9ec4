// What a host reads of a player: who his friends are, how they are to see him, and whom he has blocked. All of it
// stands in his partition of `core`, so one query has it (functions/friends/store.ts).
//   R#<realm>#FRIENDS#<account>  SHOWN  how friends see him; without it, online
import * as z from 'zod'
import type { Shown } from '../api/friends.ts'
import type { Player } from '../notifications/mailbox.ts'
import { readRow } from '../store/row.ts'
import type { Key, Put, Store } from '../store/store.ts'

const shownRow = z.object({
  appear: z.enum(['online', 'offline']),
  status: z.string().optional(),
})
const otherRow = z.object({ playerId: z.string(), state: z.enum(['friend', 'blocked']) })

/** The partition of a player's friends, requests and blocks. */
export function friendsPartition({ realmId, accountId }: Player): string {
  return `R#${realmId}#FRIENDS#${accountId}`
}

function shownKey(of: Player): Key {
  return { pk: friendsPartition(of), sk: 'SHOWN' }
}

export function putShown(of: Player, shown: Shown): Put {
  return { table: 'core', item: { ...shownKey(of), v: 1, ...shown } }
}

/** How friends are to see a player. One trip. */
export async function readShown(store: Store, of: Player): Promise<Shown> {
  const item = await store.get({ table: 'core', key: shownKey(of), consistent: true })
  return readRow(shownRow, item) ?? { appear: 'online' }
}

/** The ids of other players are those of their accounts. */
export type Circle = { shown: Shown; friends: string[]; blocked: string[] }

/** One trip. */
export async function readCircle(store: Store, of: Player): Promise<Circle> {
  let shown: Shown = { appear: 'online' }
  const others = { friend: [] as string[], blocked: [] as string[] }
  let after: Key | undefined
  do {
    const page = await store.query({
      table: 'core',
      keyCondition: 'pk = :pk',
      filter: 'attribute_exists(appear) OR #state = :friend OR #state = :blocked',
      names: { '#state': 'state' },
      values: { ':pk': friendsPartition(of), ':friend': 'friend', ':blocked': 'blocked' },
      consistent: true,
      after,
    })
    for (const item of page.items) {
      if (item.sk === 'SHOWN') {
        shown = readRow(shownRow, item)
        continue
      }
      const { state, playerId } = readRow(otherRow, item)
      others[state].push(playerId)
    }
    after = page.next
  } while (after !== undefined)
  return { shown, friends: others.friend, blocked: others.blocked }
}
