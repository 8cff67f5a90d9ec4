// Rows of queues, all in `volatile`: a queue begins anew after their loss, and nothing of value is in it.
//   R#<realm>#QUEUE#<queue>#<shard>   T#<ticket>     a ticket, from its beginning on
//   R#<realm>#QUEUE#<queue>#<shard>   T#<id>         a note that a ticket of this shard has changed
//   R#<realm>#QUEUE#<queue>#<shard>   T#<id>         what FlexMatch has told of tickets
//   R#<realm>#QUEUED#<account>        TICKET         the latest ticket of a player, or his penalty
//   R#<realm>#MATCH#<match>           MATCH          who plays together, and who has accepted
//   R#<realm>#MATCHER#<queue>         MATCHER        which process matches the queue
//
// A queue is a log: ids carry their moment, so who reads on from some seconds ago finds each new ticket and each note
// (keeper.ts). The row of a ticket alone says how it stands.
import * as z from 'zod'
import { flexReport } from '#shared/flexmatch/flexmatch.ts'
import type { FlexReport } from '#shared/flexmatch/flexmatch.ts'
import { queueShards, ticketKeptMs } from '#shared/limits.ts'
import type { Match } from './match.ts'
import { asRead, readRow } from '#shared/store/row.ts'
import { expiresAt, live } from '#shared/store/store.ts'
import type { Item, Key, Page, Store, Value, Write } from '#shared/store/store.ts'

const player = z.object({
  accountId: z.string(),
  characterId: z.string(),
  name: z.string(),
  /** What he has chosen, by attribute. */
  choices: z.record(z.string(), z.string()),
  /** Points of the queue's rating, as they were when the ticket was taken. */
  skill: z.int().optional(),
})

const ticketRow = z.object({
  ticketId: z.string(),
  queue: z.string(),
  players: z.array(player),
  /** Unix ms; a ticket that comes back keeps it. */
  createdAt: z.int(),
  /** When it is given up, Unix ms. */
  until: z.int(),
  state: z.enum(['waits', 'matched', 'cancelled', 'timedOut', 'declined']),
  /** The match that it is in, or was in last. */
  match: z.string().optional(),
  /** Where FlexMatch matches the queue: under which id it was sent there, when, and after which match. */
  sentAs: z.string().optional(),
  sentAt: z.int().optional(),
  sentAfter: z.string().optional(),
})

export type QueuePlayer = z.infer<typeof player>
export type Ticket = z.infer<typeof ticketRow>
/** Which ticket. The moment in its id names its shard. */
export type TicketRef = Pick<Ticket, 'queue' | 'ticketId'>

const noteRow = z.object({ note: z.string() })
const reportRow = z.object({ report: flexReport })

const member = z.object({
  accountId: z.string(),
  characterId: z.string(),
  name: z.string(),
  team: z.string(),
  accepted: z.boolean(),
})

const matchRow = z.object({
  matchId: z.string(),
  queue: z.string(),
  tickets: z.array(z.string()),
  members: z.array(member),
  state: z.enum(['asks', 'ready', 'open', 'failed']),
  /** Until when all have to accept, Unix ms. */
  until: z.int(),
  /** Rises with each change. */
  number: z.int(),
}) satisfies z.ZodType<Match>

const queuedRow = z.object({
  queue: z.string(),
  ticketId: z.string(),
  /** Until when he may not queue, Unix ms. */
  penalty: z.int().optional(),
})

export type Queued = z.infer<typeof queuedRow>

function shardOf(ticketId: string): number {
  return Number.parseInt(ticketId.slice(-4), 16) % queueShards
}

const shardKey = (realmId: string, queue: string, shard: number) =>
  `R#${realmId}#QUEUE#${queue}#${shard}`
const ticketKey = (realmId: string, { queue, ticketId }: TicketRef): Key => ({
  pk: shardKey(realmId, queue, shardOf(ticketId)),
  sk: `T#${ticketId}`,
})
export const queuedPartition = (realmId: string, accountId: string) =>
  `R#${realmId}#QUEUED#${accountId}`
const queuedKey = (realmId: string, accountId: string): Key => ({
  pk: queuedPartition(realmId, accountId),
  sk: 'TICKET',
})
const matchKey = (realmId: string, matchId: string): Key => ({
  pk: `R#${realmId}#MATCH#${matchId}`,
  sk: 'MATCH',
})

/** One trip, strong. */
export async function readTicket(
  store: Store,
  now: number,
  realmId: string,
  ref: TicketRef,
): Promise<Ticket | undefined> {
  const key = ticketKey(realmId, ref)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  return readRow(ticketRow, live(row, now))
}

/** One trip, strong. */
export async function readQueued(
  store: Store,
  now: number,
  realmId: string,
  accountId: string,
): Promise<Queued | undefined> {
  const key = queuedKey(realmId, accountId)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  return readRow(queuedRow, live(row, now))
}

/** One trip, strong. */
export async function readMatch(
  store: Store,
  now: number,
  realmId: string,
  matchId: string,
): Promise<Match | undefined> {
  const key = matchKey(realmId, matchId)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  return readRow(matchRow, live(row, now))
}

export function newTicketWrite(realmId: string, ticket: Ticket): Write {
  const item: Item = {
    ...ticketKey(realmId, ticket),
    v: 1,
    ...ticket,
    players: ticket.players.map((one) => ({ ...one })),
    expires: expiresAt(ticket.until + ticketKeptMs),
  }
  return { put: { table: 'volatile', item, condition: 'attribute_not_exists(pk)' } }
}

/** That a player's latest ticket is still the one that was read. */
export function queuedCheck(
  realmId: string,
  accountId: string,
  read: Queued | undefined,
  now: number,
): Write {
  const key = queuedKey(realmId, accountId)
  return { check: { table: 'volatile', key, ...unqueued(read, now) } }
}

function unqueued(
  read: Queued | undefined,
  now: number,
): { condition: string; values: Record<string, Value> } {
  return read === undefined
    ? {
        // An expired row may still lie there.
        condition: 'attribute_not_exists(pk) OR expires <= :now',
        values: { ':now': Math.floor(now / 1000) },
      }
    : { condition: 'ticketId = :read', values: { ':read': read.ticketId } }
}

/** A player is in this ticket now; fails when he is in another one than was read. */
export function queuedWrite(
  realmId: string,
  accountId: string,
  { queue, ticketId, until }: Pick<Ticket, 'queue' | 'ticketId' | 'until'>,
  read: Queued | undefined,
  now: number,
): Write {
  const expires = expiresAt(until + ticketKeptMs)
  const item = { ...queuedKey(realmId, accountId), v: 1, queue, ticketId, expires }
  return { put: { table: 'volatile', item, ...unqueued(read, now) } }
}

/** He may not queue for a while. */
export function penaltyWrite(
  realmId: string,
  accountId: string,
  { queue, ticketId }: TicketRef,
  penalty: number,
): Write {
  const item = { ...queuedKey(realmId, accountId), v: 1, queue, ticketId, penalty }
  return { put: { table: 'volatile', item: { ...item, expires: expiresAt(penalty) } } }
}

/** A ticket goes from one state into another; fails when it is in a third, in another match, or was sent otherwise. */
export function ticketWrite(
  realmId: string,
  ref: TicketRef,
  from: { state: Ticket['state']; match?: string; sentAs?: string | undefined },
  to: { state: Ticket['state']; match?: string },
): Write {
  const values: Record<string, Value> = { ':from': from.state, ':to': to.state }
  if (from.match !== undefined) values[':in'] = from.match
  if (from.sentAs !== undefined) values[':sent'] = from.sentAs
  if (to.match !== undefined) values[':match'] = to.match
  return {
    update: {
      table: 'volatile',
      key: ticketKey(realmId, ref),
      update: `SET #state = :to${to.match === undefined ? '' : ', #match = :match'}`,
      condition: [
        '#state = :from',
        ...(from.match === undefined ? [] : ['#match = :in']),
        ...(from.sentAs === undefined ? [] : ['sentAs = :sent']),
      ].join(' AND '),
      names: {
        '#state': 'state',
        ...(from.match === undefined && to.match === undefined ? {} : { '#match': 'match' }),
      },
      values,
    },
  }
}

/**
 * A ticket that waits is about to be sent to FlexMatch under this id. Fails when it waits no more, or was sent or in a
 * match since it was read: so one process sends it.
 */
export function sentWrite(realmId: string, ticket: Ticket, sentAs: string, now: number): Write {
  const { match, sentAs: before } = ticket
  return {
    update: {
      table: 'volatile',
      key: ticketKey(realmId, ticket),
      update: `SET sentAs = :id, sentAt = :now${match === undefined ? '' : ', sentAfter = :match'}`,
      condition: [
        '#state = :waits',
        before === undefined ? 'attribute_not_exists(sentAs)' : 'sentAs = :before',
        match === undefined ? 'attribute_not_exists(#match)' : '#match = :match',
      ].join(' AND '),
      names: { '#state': 'state', '#match': 'match' },
      values: {
        ':waits': 'waits',
        ':id': sentAs,
        ':now': now,
        ...(before === undefined ? {} : { ':before': before }),
        ...(match === undefined ? {} : { ':match': match }),
      },
    },
  }
}

/** What FlexMatch has told, for who matches the queue. */
export function reportWrite(
  realmId: string,
  queue: string,
  { id, now }: { id: string; now: number },
  report: FlexReport,
): Write {
  const key = { pk: shardKey(realmId, queue, shardOf(id)), sk: `T#${id}` }
  const item = { ...key, v: 1, report, expires: expiresAt(now + ticketKeptMs) }
  return { put: { table: 'volatile', item } }
}

/** Tells who matches the queue to look at a ticket again. */
export function noteWrite(
  realmId: string,
  { queue, ticketId }: TicketRef,
  { id, now }: { id: string; now: number },
): Write {
  const key = { pk: shardKey(realmId, queue, shardOf(ticketId)), sk: `T#${id}` }
  const item = { ...key, v: 1, note: ticketId, expires: expiresAt(now + ticketKeptMs) }
  return { put: { table: 'volatile', item } }
}

/** He may queue again; fails when his penalty is another one than was read. */
export function forgiveWrite(
  realmId: string,
  accountId: string,
  { penalty }: Pick<Queued, 'penalty'>,
): Write {
  return {
    delete: {
      table: 'volatile',
      key: queuedKey(realmId, accountId),
      condition: 'penalty = :read',
      values: { ':read': penalty! },
    },
  }
}

/** The match as it becomes, if nobody has changed it since it was read. */
export function matchWrite(realmId: string, before: Match | undefined, after: Match): Write {
  const number = (before?.number ?? 0) + 1
  const item: Item = {
    ...matchKey(realmId, after.matchId),
    v: 1,
    ...after,
    tickets: [...after.tickets],
    members: after.members.map((one) => ({ ...one })),
    number,
    expires: expiresAt(after.until + ticketKeptMs),
  }
  const unchanged = asRead(before)
  return { put: { table: 'volatile', item, ...unchanged } }
}

/** Smaller than every id that is born then or later. */
export function idAt(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`
}

/**
 * Tickets of all shards since an id, the oldest first, from so many rows at most. `more`: there are others after
 * `readTo`, up to which each shard was read. One trip a shard and megabyte.
 */
export async function readLog(
  store: Store,
  now: number,
  realmId: string,
  queue: string,
  { since, rows }: { since: string; rows: number },
): Promise<{ tickets: Ticket[]; more: boolean; readTo: string }> {
  const shards = await Promise.all(
    Array.from({ length: queueShards }, async (_, shard) => {
      const tickets: Ticket[] = []
      let left = Math.ceil(rows / queueShards)
      let after: Key | undefined
      let last = since
      do {
        const page: Page = await store.query({
          table: 'volatile',
          keyCondition: 'pk = :pk AND sk > :since',
          values: { ':pk': shardKey(realmId, queue, shard), ':since': `T#${since}` },
          consistent: true,
          limit: left,
          ...(after === undefined ? {} : { after }),
        })
        for (const item of page.items) {
          const ticket = ticketRow.safeParse(live(item, now))
          if (ticket.success) tickets.push(ticket.data)
        }
        left -= page.items.length
        last = page.items.at(-1)?.sk.slice(2) ?? last
        after = page.next
      } while (after !== undefined && left > 0)
      return { tickets, last: after === undefined ? undefined : last }
    }),
  )
  // What lies behind the end of the shard that was read least far is left for the next time.
  const ends = shards.flatMap(({ last }) => (last === undefined ? [] : [last])).toSorted()
  const [readTo] = ends
  const tickets = shards
    .flatMap((one) => one.tickets)
    .filter(({ ticketId }) => readTo === undefined || ticketId <= readTo)
    .toSorted((a, b) => (a.ticketId < b.ticketId ? -1 : 1))
  return { tickets, more: readTo !== undefined, readTo: readTo ?? since }
}

/** What came to a shard since an id: tickets, and notes of which have changed. One trip for each megabyte. */
/** What came to a shard: tickets, notes of which have changed, and what FlexMatch has told. */
type Came = {
  tickets: Ticket[]
  notes: { id: string; ticketId: string }[]
  reports: { id: string; report: FlexReport }[]
}

/** What came to a shard since an id. One trip for each megabyte. */
export async function readShard(
  store: Store,
  now: number,
  realmId: string,
  queue: string,
  shard: number,
  since: string,
): Promise<Came> {
  const came: Came = { tickets: [], notes: [], reports: [] }
  let after: Key | undefined
  do {
    const page: Page = await store.query({
      table: 'volatile',
      keyCondition: 'pk = :pk AND sk > :since',
      values: { ':pk': shardKey(realmId, queue, shard), ':since': `T#${since}` },
      consistent: true,
      ...(after === undefined ? {} : { after }),
    })
    for (const item of page.items) {
      if (live(item, now) === undefined) continue
      const id = item.sk.slice(2)
      const note = noteRow.safeParse(item)
      if (note.success) came.notes.push({ id, ticketId: note.data.note })
      const told = reportRow.safeParse(item)
      if (told.success) came.reports.push({ id, report: told.data.report })
      // One of a later version waits for a process that can read it.
      const ticket = ticketRow.safeParse(item)
      if (ticket.success) came.tickets.push(ticket.data)
    }
    after = page.next
  } while (after !== undefined)
  return came
}
