// Rows of chat, in `volatile`: all of them expire.
//   R#<realm>#CHAT#<channel>      L#<ms>#<line>  a line; of a whisper one for each of the two, in a channel of his own
//   R#<realm>#SPEAKER#<account>   SPEAKER        when he spoke last, and his buckets (slow.ts)
//
// The moment of a line is in its id as well, so an id leads to its place.
import * as z from 'zod'
import type { ChannelLine } from '#shared/api/chat-line.ts'
import { speakerKeptMs } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt, live } from '#shared/store/store.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import type { Speaker } from './slow.ts'

const lineRow = z.object({
  lineId: z.string(),
  at: z.int(),
  from: z.object({ characterId: z.string(), name: z.string(), playerId: z.string() }),
  to: z.object({ playerId: z.string(), name: z.string() }).optional(),
  text: z.string(),
})

/** A line without its channel, which its partition tells. */
export type LineRow = z.infer<typeof lineRow>

/** The partition of a channel's lines. */
export type Room = string
export const roomOf = (realmId: string, channel: string): Room => `R#${realmId}#CHAT#${channel}`
/** All whispers of a player. */
export const whispersOf = ({ realmId, accountId }: Player): Room =>
  roomOf(realmId, `whisper:${accountId}`)

/** Where a line stands. Numbers of one width are in order as texts too. */
export type Position = { at: number; id: string }
const lineKey = (pk: Room, { at, id }: Position): Key => ({
  pk,
  sk: `L#${String(at).padStart(15, '0')}#${id}`,
})

export function putLine(pk: Room, line: ChannelLine, keptMs: number): Write {
  const { channel: _, to, ...row } = line
  const key = lineKey(pk, { at: line.at, id: line.lineId })
  const expires = expiresAt(line.at + keptMs)
  const item: Item = { ...key, v: 1, ...row, ...(to === undefined ? {} : { to }), expires }
  return { put: { table: 'volatile', item } }
}

export function parseLine(item: Item): LineRow {
  return readRow(lineRow, item)
}

export type Reading = {
  limit: number
  after?: Position | undefined
  descending: boolean
  /** Of this moment, else perhaps of a second ago, for half the price. */
  fresh: boolean
}

/** Lines from behind a position on. `next`: the last one looked at, when there are more. One trip. */
export async function readLines(
  store: Store,
  pk: Room,
  now: number,
  { limit, after, descending, fresh }: Reading,
): Promise<{ lines: LineRow[]; next?: Position }> {
  const page = await store.query({
    table: 'volatile',
    keyCondition: 'pk = :pk',
    values: { ':pk': pk },
    limit,
    descending,
    consistent: fresh,
    ...(after === undefined ? {} : { after: lineKey(pk, after) }),
  })
  const lines = page.items.filter((item) => live(item, now) !== undefined).map(parseLine)
  const last = page.items.at(-1)
  if (page.next === undefined || last === undefined) return { lines }
  const { at, lineId: id } = parseLine(last)
  return { lines, next: { at, id } }
}

const speakerRow = z.object({ at: z.int(), full: z.record(z.string(), z.int()) })

export const speakerPartition = ({ realmId, accountId }: Player) =>
  `R#${realmId}#SPEAKER#${accountId}`
const speakerKey = (of: Player): Key => ({ pk: speakerPartition(of), sk: 'SPEAKER' })

/** One trip. */
export async function readSpeaker(store: Store, of: Player): Promise<Speaker | undefined> {
  const item = await store.get({ table: 'volatile', key: speakerKey(of), consistent: true })
  return readRow(speakerRow, item)
}

/** Fails when he has spoken since he was read. */
export function putSpeaker(of: Player, before: Speaker | undefined, after: Speaker): Write {
  const unchanged =
    before === undefined
      ? { condition: 'attribute_not_exists(pk)' }
      : { condition: '#at = :at', names: { '#at': 'at' }, values: { ':at': before.at } }
  const expires = expiresAt(after.at + speakerKeptMs)
  const item: Item = { ...speakerKey(of), v: 1, ...after, expires }
  return { put: { table: 'volatile', item, ...unchanged } }
}
