// FlexMatch as what finds the matches of a queue.
//
// Our rows say which tickets wait; FlexMatch only proposes, as the matcher of our own does. So what it tells late, twice,
// in another order or never does no harm: a proposal becomes a match by one transaction, on condition that each ticket
// waits and was last sent under the id that the proposal names. What is left to do is that no ticket is forgotten:
//
// - Before a ticket is sent, its row says under which id. One process wins that write, and sends it. The first id is that
//   of the ticket; `<ticket>.2` and so on follow, since what has ended there can only be sent anew under another id.
// - A ticket of which nothing was heard for a while is asked about. Not known: it is sent again, under the same id. In a
//   match that no event has told of: it is sent anew, under the next one. Ended: it ends here, or is sent anew.
// - A ticket that comes back here (a match was declined, or one of its tickets had been given up) is sent anew.
// - What ends here is stopped there, once. If that is lost, its match there will be refused here, and it ends by its time.
import { createHash } from 'node:crypto'
import type { Queue } from '#shared/content/content.ts'
import type { FlexMatchPart, FlexReport, FlexState } from '#shared/flexmatch/flexmatch.ts'
import { FlexMatchError } from '#shared/flexmatch/flexmatch.ts'
import {
  flexAgainMs,
  flexAskedMax,
  flexAskEveryMs,
  flexDescribedMax,
  flexLostMs,
  flexQuietMs,
  queueOverlapMs,
} from '#shared/limits.ts'
import { formatUuid } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Finder, Over, Proposal } from './finder.ts'
import { sentWrite } from './store.ts'
import type { Ticket } from './store.ts'
import { toMatch } from './tickets.ts'

type FlexDeps = Pick<FlexMatchPart, 'matching'> & {
  store: Store
  runtime: Runtime
  log: Log
  /** Reads a ticket again, and says how it stands by `add` or `remove`. */
  look: (ticketId: string) => Promise<void>
}

/**
 * A ticket that waits. `new`: not sent, or to be sent anew. `marked`: its row says that it is sent. `sent`: it was, or
 * may have been. `unclear`: nobody knows; it is asked about soon. `again`: marked and sent, but FlexMatch does not know
 * it.
 */
type Entry = {
  ticket: Ticket
  phase: 'new' | 'marked' | 'sent' | 'unclear' | 'again'
  /** When something was heard of it last, Unix ms. */
  heardAt: number
  /** It is not sent before. */
  notBefore: number
  /** Since when it is known to be in a match there that no event has told of. */
  matchedAt?: number
}

type Told = Extract<FlexReport, { matchId: string }>

/** Tickets sent side by side. */
const atOnce = 16

export function createFlexFinder(
  deps: FlexDeps,
  realmId: string,
  queue: Queue,
  configuration: string,
): Finder {
  const { store, runtime, log, matching, look } = deps
  const entries = new Map<string, Entry>()
  /** Ids that a ticket was sent under and that are over there; with its ticket they are forgotten. */
  const spent = new Set<string>()
  /** Matches that FlexMatch has told of and that are not settled here, by its id. */
  const found = new Map<string, { told: Told; at: number }>()
  /** The last potential match of a ticket, by the id under which it was sent. */
  const potential = new Map<string, Told>()
  const ended = new Map<string, Exclude<FlexReport['kind'], 'potential' | 'matched'>>()
  const toStop = new Set<string>()
  let askedAt = Number.NEGATIVE_INFINITY

  /** The ticket that waits as this, if it does. */
  function entryOf(sentAs: string): Entry | undefined {
    const entry = entries.get(ticketOf(sentAs))
    return entry?.ticket.sentAs === sentAs && entry.phase !== 'new' ? entry : undefined
  }

  /** It is over there, so it is sent anew. */
  function sendAnew(entry: Entry, afterMs = 0): void {
    const { sentAs } = entry.ticket
    if (sentAs !== undefined) spent.add(sentAs)
    entry.phase = 'new'
    entry.notBefore = runtime.now() + afterMs
    delete entry.matchedAt
  }

  async function send(entry: Entry): Promise<void> {
    const now = runtime.now()
    const { ticketId } = entry.ticket
    if (entry.phase === 'new') {
      const sentAs = nextId(entry.ticket)
      try {
        await store.transact([sentWrite(realmId, entry.ticket, sentAs, now)])
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        // It waits no more, another process sends it, or it is not known whether this one does.
        return await look(ticketId)
      }
      const { match } = entry.ticket
      const marked = { sentAs, sentAt: now, ...(match && { sentAfter: match }) }
      entry.ticket = { ...entry.ticket, ...marked }
      entry.phase = 'marked'
    }
    const sentAs = entry.ticket.sentAs!
    const { players } = toMatch(queue, entry.ticket)
    const first = entry.phase === 'marked'
    // An answer that gets lost here leaves it to be asked about.
    entry.phase = 'unclear'
    const outcome = await matching.start({ ticketId: sentAs, configuration, players })
    entry.heardAt = now
    if (outcome === 'later') {
      entry.phase = first ? 'marked' : 'again'
      throw new FlexMatchError('StartMatchmaking', new Error('it takes no tickets now'))
    }
    entry.phase = 'sent'
    if (outcome === 'taken') return
    // An id that it has is refused too: another process may have sent it, or this one, whose first request came late.
    entry.phase = 'unclear'
    const state = (await matching.describe([sentAs])).get(sentAs)
    if (state !== undefined) learn(entry, state, now)
    else if (first) {
      log.warn('FlexMatch refuses a ticket', { queue: queue.id, ticketId })
      entry.phase = 'sent'
      ended.set(sentAs, 'cancelled')
    } else sendAnew(entry)
  }

  /** Sends what is to be sent. Stops at the first failure: the next look goes on. */
  async function sendAll(): Promise<void> {
    const now = runtime.now()
    const rest = [...entries.values()]
      .filter(({ phase, notBefore }) => {
        return notBefore <= now && ['new', 'marked', 'again'].includes(phase)
      })
      .values()
    const run = async () => {
      for (const entry of rest) await send(entry)
    }
    await allOf(Array.from({ length: atOnce }, run))
  }

  async function stopAll(): Promise<void> {
    for (const sentAs of toStop) {
      await matching.stop(sentAs)
      toStop.delete(sentAs)
    }
  }

  /** Asks about those of which nothing was heard for long, the longest first. */
  async function ask(): Promise<void> {
    const now = runtime.now()
    if (now - askedAt < flexAskEveryMs) return
    const due = [...entries.values()]
      .filter(({ phase, heardAt }) => {
        return phase === 'unclear' || (phase === 'sent' && now - heardAt >= flexQuietMs)
      })
      .sort((a, b) => a.heardAt - b.heardAt)
      .slice(0, flexAskedMax)
    if (due.length === 0) return
    askedAt = now
    for (let i = 0; i < due.length; i += flexDescribedMax) {
      const some = due.slice(i, i + flexDescribedMax)
      const states = await matching.describe(some.map(({ ticket }) => ticket.sentAs!))
      for (const entry of some) learn(entry, states.get(entry.ticket.sentAs!), now)
    }
  }

  function learn(entry: Entry, state: FlexState | undefined, now: number): void {
    const sentAs = entry.ticket.sentAs!
    entry.heardAt = now
    if (state === undefined) {
      entry.phase = 'again'
      return
    }
    entry.phase = 'sent'
    if (state === 'searching') return
    if (state !== 'matched') {
      ended.set(sentAs, state)
      return
    }
    entry.matchedAt ??= now
    // Which match it is, its others may know. All of them are in one, so they are in this one, or fit as well.
    const told = potential.get(sentAs)
    const others = told?.tickets.map((one) => entryOf(one.ticketId)) ?? []
    if (told !== undefined && others.every((one) => one?.matchedAt !== undefined)) {
      found.set(told.matchId, { told, at: now })
    } else if (now - entry.matchedAt >= flexLostMs) {
      log.warn('FlexMatch has told nothing of a match', { queue: queue.id, ticket: sentAs })
      sendAnew(entry)
    } else {
      // Asked again with the next question, and its others too.
      for (const one of [entry, ...others]) if (one) one.heardAt = now - flexQuietMs
    }
  }

  /** What is to become of the matches that were told. */
  function proposalsOf(): Proposal[] {
    const now = runtime.now()
    const proposals: Proposal[] = []
    for (const [id, { told, at }] of found) {
      const all = told.tickets.map(({ ticketId }) => entryOf(ticketId))
      const waiting = all.filter((one) => one !== undefined)
      if (waiting.length === all.length) {
        proposals.push(proposalOf(matchIdOf(realmId, id), waiting, told))
        continue
      }
      // A row that another process has written may not be read yet.
      const isOver = told.tickets.some(({ ticketId }) => spent.has(ticketId))
      if (!isOver && now - at < queueOverlapMs) continue
      // It is a match already, or one of its tickets is over: the others are sent anew.
      found.delete(id)
      for (const entry of waiting) sendAnew(entry)
    }
    return proposals
  }

  function overOf(): Over[] {
    const over: Over[] = []
    for (const [sentAs, kind] of ended) {
      const entry = entryOf(sentAs)
      if (entry === undefined) ended.delete(sentAs)
      else if (kind !== 'failed') over.push({ ticket: entry.ticket, state: kind, sentAs })
      else {
        ended.delete(sentAs)
        sendAnew(entry, flexAgainMs)
      }
    }
    return over
  }

  return {
    add(ticket) {
      const { ticketId, sentAs, sentAt = 0, sentAfter, match } = ticket
      const known = entries.get(ticketId)
      const now = runtime.now()
      if (sentAs !== undefined && sentAfter !== match) spent.add(sentAs)
      const isNew = sentAs === undefined || spent.has(sentAs)
      if (known !== undefined && known.ticket.sentAs === sentAs) {
        known.ticket = ticket
        if (isNew) known.phase = 'new'
        return undefined
      }
      const phase = isNew ? 'new' : 'sent'
      const notBefore = known?.notBefore ?? now
      entries.set(ticketId, { ticket, phase, heardAt: sentAt, notBefore })
      return undefined
    },
    remove(ticketId, row, lately) {
      const entry = entries.get(ticketId)
      const sentAs = row?.sentAs ?? entry?.ticket.sentAs
      if (sentAs !== undefined) {
        const endsHere = row === undefined || row.state === 'cancelled' || row.state === 'timedOut'
        const waits = entry === undefined ? lately : entry.phase !== 'new'
        if (endsHere && waits && !spent.has(sentAs) && !ended.has(sentAs)) toStop.add(sentAs)
        potential.delete(sentAs)
        ended.delete(sentAs)
        for (const id of idsOf(ticketId, sentAs)) spent.delete(id)
      }
      entries.delete(ticketId)
    },
    hear(report) {
      const now = runtime.now()
      for (const { ticketId } of report.tickets) {
        const entry = entryOf(ticketId)
        if (entry !== undefined) entry.heardAt = now
        if (report.kind === 'potential') {
          if (entry !== undefined) potential.set(ticketId, report)
        } else if (report.kind !== 'matched') ended.set(ticketId, report.kind)
      }
      if (report.kind === 'matched') found.set(report.matchId, { told: report, at: now })
    },
    async find() {
      for (const work of [stopAll, sendAll, ask]) {
        try {
          await work()
        } catch (error) {
          if (!(error instanceof FlexMatchError)) throw error
          log.warn('FlexMatch does not do what it is asked for', { queue: queue.id, error })
        }
      }
      return { proposals: proposalsOf(), over: overOf() }
    },
    settle({ matchId, tickets }, made) {
      for (const id of found.keys()) if (matchIdOf(realmId, id) === matchId) found.delete(id)
      if (made) return
      for (const { sentAs = '' } of tickets) {
        const entry = entryOf(sentAs)
        if (entry !== undefined) sendAnew(entry)
      }
    },
    // Only FlexMatch knows, and it does not say.
    explain: () => Promise.resolve(),
  }
}

function proposalOf(matchId: string, entries: readonly Entry[], { tickets }: Told): Proposal {
  const teamOf = tickets.flatMap(({ players }) =>
    players.map(({ playerId, team }) => [playerId, team ?? ''] as const),
  )
  return {
    matchId,
    tickets: entries
      .map(({ ticket }) => ticket)
      .sort((a, b) => a.createdAt - b.createdAt || (a.ticketId < b.ticketId ? -1 : 1)),
    teamOf: new Map(teamOf),
  }
}

/** The ticket that was sent under an id. */
function ticketOf(sentAs: string): string {
  return sentAs.split('.', 1)[0]!
}

/** Under which id a ticket is sent the next time. */
function nextId({ ticketId, sentAs }: Ticket): string {
  if (sentAs === undefined) return ticketId
  return `${ticketId}.${Number(sentAs.split('.')[1] ?? 1) + 1}`
}

/** Under which ids it was sent up to this one. */
function idsOf(ticketId: string, sentAs: string): string[] {
  const last = Number(sentAs.split('.')[1] ?? 1)
  return [ticketId, ...Array.from({ length: last - 1 }, (_, i) => `${ticketId}.${i + 2}`)]
}

/** The id of our match follows from FlexMatch's: told twice, it is one match and one instance. */
function matchIdOf(realmId: string, id: string): string {
  const bytes = createHash('sha256').update(`flexmatch ${realmId} ${id}`).digest().subarray(0, 16)
  // A UUID of version 8: custom (RFC 9562, 5.8).
  bytes[6] = 0x80 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return formatUuid(bytes)
}

/** Waits for all; fails with the first failure. */
async function allOf(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
