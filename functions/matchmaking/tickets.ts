// Queueing: a player, or the leader of a party for all of it, takes a ticket; each player is in one at most.
import type { StandingView } from '#shared/api/matchmaking.ts'
import type { Content, Queue } from '#shared/content/content.ts'
import { prepare } from '#shared/matching/entry.ts'
import type { Refusal } from '#shared/matching/entry.ts'
import type { AttributeValue, MatchTicket } from '#shared/matching/match-ticket.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import type { RuleSet } from '#shared/matching/rule-set.ts'
import { Problem } from '#shared/problem.ts'
import { firstRating, skillOf } from '#shared/results/rating.ts'
import { ratingOf, readRating } from '#shared/results/rows.ts'
import { newId } from '#shared/runtime.ts'
import type { Push } from '#shared/push/push.ts'
import type { OperationDeps } from '#shared/store/commit.ts'
import type { Store } from '#shared/store/store.ts'
import { once } from '../http/once.ts'
import { asReadParty, readMine } from '../parties/parties.ts'
import type { Acting, Member } from '../parties/parties.ts'
import { refuseClosed } from './closure.ts'
import { toldOfLeaving } from './matchmaking.ts'
import type { Match } from './match.ts'
import {
  newTicketWrite,
  noteWrite,
  queuedWrite,
  readMatch,
  readQueued,
  readTicket,
  ticketWrite,
} from './store.ts'
import type { Queued, QueuePlayer, Ticket } from './store.ts'

export type QueueDeps = OperationDeps & { content: Content; push: Pick<Push, 'hint'> }

/** Throws queue.unknown. */
export function queueOf({ content }: Pick<QueueDeps, 'content'>, id: string): Queue {
  const queue = content.queues.get(id)
  if (queue === undefined) throw new Problem('queue.unknown')
  return queue
}

const ruleSets = new WeakMap<Queue, RuleSet>()

/** Of a queue of checked content. */
export function rulesOf(queue: Queue): RuleSet {
  let rules = ruleSets.get(queue)
  if (rules === undefined) {
    rules = readRuleSet(queue.ruleSet)
    ruleSets.set(queue, rules)
  }
  return rules
}

/** As the matcher takes it. */
export function toMatch(queue: Queue, { ticketId, createdAt, players }: Ticket): MatchTicket {
  const rules = rulesOf(queue)
  const rated = queue.rating?.attribute
  const valueOf = (name: string, chosen: string): AttributeValue => {
    const list = rules.attributes.some((one) => one.name === name && one.type === 'string_list')
    return list ? { SL: [chosen] } : { S: chosen }
  }
  return {
    ticketId,
    createdAt,
    backfill: false,
    players: players.map(({ characterId, choices, skill }) => {
      const chosen = Object.entries(choices).map(([name, one]) => [name, valueOf(name, one)])
      const attributes: Record<string, AttributeValue> = Object.fromEntries(chosen)
      // The content may have got its rating since the ticket was taken.
      if (rated !== undefined) attributes[rated] = { N: skill ?? skillOf(firstRating) }
      return { playerId: characterId, attributes }
    }),
  }
}

/** What a player chooses, by attribute; by the character of each member. */
export type Choices = Record<string, Record<string, string>>

/**
 * Takes a ticket for the caller's party as it is now, or for him alone. Throws queue.unknown, party.not_leader,
 * queue.choice, queue.too_many, queue.waiting, queue.penalty, queue.unfit and queue.closed.
 */
export async function takeTicket(
  deps: QueueDeps,
  { realmId, me, op }: Acting,
  { queueId, choices }: { queueId: string; choices: Choices },
): Promise<{ ticketId: string }> {
  const { store, runtime } = deps
  const queue = queueOf(deps, queueId)
  let others: string[] = []
  const answer = await once(deps, op, async () => {
    const now = runtime.now()
    const [leader] = await Promise.all([me(), refuseClosed(store, now, realmId, queue.id)])
    const party = await readMine(store, realmId, leader)
    if (party !== undefined && party.leader !== leader.characterId) {
      throw new Problem('party.not_leader')
    }
    const chosen = (party?.members ?? [leader]).map((member) => choose(queue, member, choices))
    others = chosen.map(({ accountId }) => accountId).filter((id) => id !== leader.accountId)
    const players = await withSkill(deps, realmId, queue, chosen)
    const ticket: Ticket = {
      ticketId: newId(runtime),
      queue: queue.id,
      players,
      createdAt: now,
      until: now + queue.timeoutSeconds * 1000,
      state: 'waits',
    }
    const prepared = prepare(rulesOf(queue), toMatch(queue, ticket), 0)
    if ('refusal' in prepared) throw unfit(prepared.refusal)
    const before = await Promise.all(
      players.map(async ({ accountId }) => await readFree(deps, realmId, accountId)),
    )
    return {
      steps: [
        { write: newTicketWrite(realmId, ticket) },
        // Nobody has left it meanwhile.
        ...(party === undefined ? [] : [{ write: asReadParty(realmId, party) }]),
        ...players.map(({ accountId }, i) => ({
          write: queuedWrite(realmId, accountId, ticket, before[i], now),
        })),
      ],
      answer: { ticketId: ticket.ticketId },
    }
  })
  // They look, and find that they wait.
  if (others.length > 0) deps.push.hint('presence', realmId, others)
  return answer
}

/** Throws queue.choice. */
function choose(queue: Queue, member: Member, choices: Choices): QueuePlayer {
  const { accountId, characterId, name } = member
  const own = choices[characterId] ?? {}
  for (const [attribute, values] of Object.entries(queue.choices)) {
    if (own[attribute] === undefined || !values.includes(own[attribute])) {
      throw new Problem('queue.choice', { detail: `${name}: ${attribute}` })
    }
  }
  const chosen = Object.keys(queue.choices).map((attribute) => [attribute, own[attribute]!])
  return { accountId, characterId, name, choices: Object.fromEntries(chosen) }
}

/** How strong the players of a rated queue are, as the store says. One trip. */
async function withSkill(
  { store }: QueueDeps,
  realmId: string,
  { rating }: Queue,
  players: QueuePlayer[],
): Promise<QueuePlayer[]> {
  if (rating === undefined) return players
  return await Promise.all(
    players.map(async (player) => {
      const read = await readRating(store, realmId, { ...player, rating: rating.name })
      return { ...player, skill: skillOf(ratingOf(read)) }
    }),
  )
}

/** Which ticket a player had, if it is over. Throws queue.waiting and queue.penalty. */
async function readFree(
  { store, runtime }: QueueDeps,
  realmId: string,
  accountId: string,
): Promise<Queued | undefined> {
  const now = runtime.now()
  const queued = await readQueued(store, now, realmId, accountId)
  if (queued === undefined) return undefined
  if (queued.penalty !== undefined) {
    if (queued.penalty <= now) return queued
    const retryAfterS = Math.ceil((queued.penalty - now) / 1000)
    throw new Problem('queue.penalty', { retryAfterS })
  }
  if ((await stateOf(store, now, realmId, queued)) !== undefined) throw new Problem('queue.waiting')
  return queued
}

/** How a ticket stands; undefined: it is over. Two trips, as a rule. */
async function stateOf(
  store: Store,
  now: number,
  realmId: string,
  queued: Queued,
): Promise<{ ticket: Ticket; match?: Match } | undefined> {
  const ticket = await readTicket(store, now, realmId, queued)
  if (ticket === undefined) return undefined
  // Nobody has come to give it up: the queue is not matched just now.
  if (ticket.state === 'waits') return { ticket }
  if (ticket.state !== 'matched' || ticket.match === undefined) return undefined
  const match = await readMatch(store, now, realmId, ticket.match)
  // It has failed since the ticket was read, and the ticket waits again, or is over.
  if (match?.state === 'failed') return await stateOf(store, now, realmId, queued)
  return match === undefined || match.state === 'open' ? undefined : { ticket, match }
}

function unfit(refusal: Refusal): Problem {
  if (refusal.code === 'ticket.too_large') return new Problem('queue.too_many')
  const { code, ...more } = refusal
  return new Problem('queue.unfit', { detail: `${code} ${Object.values(more).join(' ')}`.trim() })
}

/** Gives up the caller's ticket, for all who are in it. Throws queue.none; match.found when it is in a match. */
export async function giveUpTicket(
  deps: QueueDeps,
  { realmId, me, op }: Acting,
): Promise<Record<string, never>> {
  const { store, runtime } = deps
  let others: string[] = []
  const answer = await once(deps, op, async () => {
    const { accountId } = await me()
    const now = runtime.now()
    const queued = await readQueued(store, now, realmId, accountId)
    const found = queued && (await stateOf(store, now, realmId, queued))
    if (found === undefined) throw new Problem('queue.none')
    if (found.match !== undefined) throw new Problem('match.found')
    const { ticket } = found
    const mine = ticket.players.find((one) => one.accountId === accountId)!
    others = ticket.players.map((one) => one.accountId).filter((id) => id !== accountId)
    return {
      steps: [
        ...toldOfLeaving(runtime, realmId, ticket, mine),
        { write: ticketWrite(realmId, ticket, { state: 'waits' }, { state: 'cancelled' }) },
        { write: noteWrite(realmId, ticket, { id: newId(runtime), now }) },
      ],
      answer: {},
    }
  })
  if (others.length > 0) deps.push.hint('mailbox', realmId, others)
  return answer
}

/** What there is of a player in queues: the server's word, after each connection. Three trips at most. */
export async function standingOf(
  { store, runtime }: Pick<QueueDeps, 'store' | 'runtime'>,
  realmId: string,
  { accountId, characterId }: Member,
): Promise<StandingView> {
  const now = runtime.now()
  const queued = await readQueued(store, now, realmId, accountId)
  if (queued === undefined) return {}
  if (queued.penalty !== undefined)
    return queued.penalty > now ? { penaltyUntil: queued.penalty } : {}
  const found = await stateOf(store, now, realmId, queued)
  if (found === undefined) return {}
  const { ticket, match } = found
  const { ticketId, queue: queueId, createdAt, until } = ticket
  const players = ticket.players.map(({ characterId: id, name }) => ({ characterId: id, name }))
  return {
    ticket: { ticketId, queueId, createdAt, until, players },
    ...(match === undefined ? {} : { match: matchView(match, characterId) }),
  }
}

function matchView({ matchId, state, until, members }: Match, characterId: string) {
  return {
    matchId,
    state: state === 'asks' ? ('asks' as const) : ('opens' as const),
    until,
    accepted: members.filter(({ accepted }) => accepted).length,
    members: members.length,
    mine: members.some((one) => one.characterId === characterId && one.accepted),
  }
}
