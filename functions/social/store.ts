// Rows of social sockets, in `volatile`.
//   R#<realm>#SOCIAL#<account>  TICKET   the ticket of a player that counts, until it is used
//   R#<realm>#SOCIAL#<account>  SOCKET   which connection is his
//   SOCKET#<connection id>      PLAYER   whose a connection is, and which channels it listens to
// The last two are written and removed together; a connection that was replaced has no row.
import * as z from 'zod'
import { socialRowsKeptMs, ticketMs } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt, live } from '#shared/store/store.ts'
import type { Key, Put, Store, Write } from '#shared/store/store.ts'

const socketRow = z.object({ connectionId: z.string() })
const playerRow = z.object({
  realmId: z.string(),
  accountId: z.string(),
  /** Unix ms */
  since: z.int(),
  channels: z.array(z.string()),
})

export type ConnectionRow = z.infer<typeof playerRow>

const ownKey = ({ realmId, accountId }: Player, sk: 'TICKET' | 'SOCKET'): Key => ({
  pk: `R#${realmId}#SOCIAL#${accountId}`,
  sk,
})
const connectionKey = (connectionId: string): Key => ({
  pk: `SOCKET#${connectionId}`,
  sk: 'PLAYER',
})

export function ticketPut(of: Player, hash: string, now: number): Put {
  const expires = expiresAt(now + ticketMs)
  // `expires` is in whole seconds.
  return {
    table: 'volatile',
    item: { ...ownKey(of, 'TICKET'), v: 1, hash, until: now + ticketMs, expires },
  }
}

/** The connection that is a player's now; undefined for none. One trip. */
export async function readSocket(
  store: Store,
  of: Player,
  now: number,
): Promise<string | undefined> {
  const key = ownKey(of, 'SOCKET')
  const item = await store.get({ table: 'volatile', key, consistent: true })
  return readRow(socketRow, live(item, now))?.connectionId
}

/** Whose a connection is; undefined for nobody's. One trip. */
export async function readConnection(
  store: Store,
  connectionId: string,
  now: number,
): Promise<ConnectionRow | undefined> {
  const key = connectionKey(connectionId)
  const item = await store.get({ table: 'volatile', key, consistent: true })
  return readRow(playerRow, live(item, now))
}

/** Uses the ticket up; then the connection is the player's, in place of the one before. */
export function openWrites(
  of: Player,
  more: { hash: string; connectionId: string; before: string | undefined; channels: string[] },
  now: number,
): Write[] {
  const { hash, connectionId, before, channels } = more
  const expires = expiresAt(now + socialRowsKeptMs)
  const names = { '#hash': 'hash', '#until': 'until' }
  const row = { ...connectionKey(connectionId), v: 1, ...of, since: now, channels, expires }
  return [
    {
      delete: {
        table: 'volatile',
        key: ownKey(of, 'TICKET'),
        condition: '#hash = :hash AND #until > :now',
        names,
        values: { ':hash': hash, ':now': now },
      },
    },
    {
      put: {
        table: 'volatile',
        item: { ...ownKey(of, 'SOCKET'), v: 1, connectionId, expires },
        ...(before === undefined
          ? // A row that has expired may still be there.
            {
              condition: 'attribute_not_exists(pk) OR #expires <= :now',
              names: { '#expires': 'expires' },
              values: { ':now': Math.floor(now / 1000) },
            }
          : { condition: 'connectionId = :before', values: { ':before': before } }),
      },
    },
    { put: { table: 'volatile', item: row, condition: 'attribute_not_exists(pk)' } },
    ...(before === undefined || before === connectionId
      ? []
      : [{ delete: { table: 'volatile' as const, key: connectionKey(before) } }]),
  ]
}

/** Another set of channels, if the connection is still a player's. */
export function channelsPut(connectionId: string, row: ConnectionRow, channels: string[]): Put {
  const expires = expiresAt(row.since + socialRowsKeptMs)
  return {
    table: 'volatile',
    item: { ...connectionKey(connectionId), v: 1, ...row, channels, expires },
    condition: 'attribute_exists(pk)',
  }
}

/** The connection is nobody's any more. `isHis`: the player has none then. */
export function closeWrites(of: Player, connectionId: string, isHis: boolean): Write[] {
  const row = { delete: { table: 'volatile' as const, key: connectionKey(connectionId) } }
  if (!isHis) return [row]
  const own: Write = {
    delete: {
      table: 'volatile',
      key: ownKey(of, 'SOCKET'),
      condition: 'connectionId = :connection',
      values: { ':connection': connectionId },
    },
  }
  return [own, row]
}
