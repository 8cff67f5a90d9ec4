// What operators do with queues, in words.
import type { QueuedTicketView, QueueStateView } from '#shared/api/admin/queues.ts'
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { WhyView } from '#shared/api/matchmaking.ts'
import { span, table } from './table.ts'
import { UsageError, named, only, reasonOf, secondsOf } from './typed.ts'
import type { Values } from './typed.ts'

export type QueueCommand = { do: 'queue'; realmId: string | undefined } & (
  | { verb: 'list' }
  | { verb: 'tickets'; queue: string }
  | { verb: 'show'; who: string }
  | { verb: 'cancel'; queue: string; ticketId: string; reason: string }
  | { verb: 'forgive'; who: string; reason: string }
  | { verb: 'close'; queue: string; forS: number; text: string; reason: string }
  | { verb: 'open'; queue: string; reason: string }
)

type Matchmaking = ApiClient<Api>['matchmaking']
type Standing = Awaited<ReturnType<Matchmaking['queuedPlayer']>>

/** Throws UsageError. */
export function queueCommandOf(verb: string, given: string[], values: Values): QueueCommand {
  const name = `queue ${verb}`.trim()
  const about = { do: 'queue' as const, realmId: values.realm }
  switch (verb) {
    case 'list':
      if (given.length > 0) throw new UsageError('`queue list` takes no name.')
      return { ...about, verb }
    case 'tickets':
      return { ...about, verb, queue: only(name, 'a queue', given) }
    case 'show':
      return { ...about, verb, who: named(name, given) }
    case 'cancel': {
      const [queue, ...ticket] = given
      const ticketId = only(name, 'a queue and the id of a ticket', ticket)
      return { ...about, verb, queue: queue!, ticketId, reason: reasonOf(values) }
    }
    case 'forgive':
      return { ...about, verb, who: named(name, given), reason: reasonOf(values) }
    case 'close': {
      const queue = only(name, 'a queue', given)
      const forS = secondsOf('--for', values.for)
      if (forS === undefined || values.text === undefined) {
        throw new UsageError('`queue close` needs --for, like 1h, and --text: what players read.')
      }
      return { ...about, verb, queue, forS, text: values.text, reason: reasonOf(values) }
    }
    case 'open':
      return { ...about, verb, queue: only(name, 'a queue', given), reason: reasonOf(values) }
  }
  throw new UsageError(`There is no command \`${name}\`.`)
}

/** `meant`: the account that is typed, by its id. Throws ApiError. */
export async function actOnQueues(
  { matchmaking }: ApiClient<Api>,
  realmId: string,
  command: QueueCommand,
  meant: (who: string) => Promise<{ who: string }>,
): Promise<{ answer: unknown; text: string }> {
  const of = (queueId: string) => ({ realmId, queueId })
  switch (command.verb) {
    case 'list': {
      const answer = await matchmaking.queueStates({ params: { realmId } })
      return { answer, text: queuesText(answer.queues) }
    }
    case 'tickets': {
      const answer = await listTickets(matchmaking, of(command.queue))
      return { answer: { tickets: answer }, text: ticketsText(answer) }
    }
    case 'show': {
      const answer = await matchmaking.queuedPlayer({ params: { realmId, who: command.who } })
      return { answer, text: standingText(answer) }
    }
    case 'cancel': {
      const { queue, ticketId, reason } = command
      const params = { ...of(queue), ticketId }
      const answer = await matchmaking.cancelTicket({ params, body: { reason } })
      return { answer, text: `The ticket ${ticketId} is out of ${queue}; its players are told.` }
    }
    case 'forgive': {
      const params = { realmId, ...(await meant(command.who)) }
      const answer = await matchmaking.forgive({ params, body: { reason: command.reason } })
      return { answer, text: `${answer.accountId} may queue again.` }
    }
    case 'close': {
      const { queue, forS, text, reason } = command
      const body = { forS, text, reason }
      const answer = await matchmaking.closeQueue({ params: of(queue), body })
      const until = span(answer.until - Date.now())
      return { answer, text: `${queue} is closed for ${until}. Players read: ${answer.text}` }
    }
    case 'open': {
      const { queue, reason } = command
      const answer = await matchmaking.openQueue({ params: of(queue), body: { reason } })
      return { answer, text: `${queue} is open.` }
    }
  }
}

/** So many are enough to read. */
const shown = 500

async function listTickets(
  matchmaking: Matchmaking,
  params: { realmId: string; queueId: string },
): Promise<QueuedTicketView[]> {
  const all: QueuedTicketView[] = []
  for (let after: string | undefined; all.length < shown;) {
    const query = { limit: 100, ...(after && { after }) }
    const page = await matchmaking.queueTickets({ params, query })
    all.push(...page.entries)
    if (page.next === undefined) break
    after = page.next
  }
  return all
}

function queuesText(all: QueueStateView[]): string {
  if (all.length === 0) return 'The game has no queues.'
  const now = Date.now()
  const head = ['QUEUE', 'TICKETS', 'PLAYERS', 'OLDEST', 'ASKED', 'OPENING', 'MATCHED BY', 'CLOSED']
  const rows = all.map((one) => {
    const { queueId, tickets, players, waitsSince, asked, opening, matcher, closed } = one
    return [
      queueId,
      one.atLeast ? `${tickets}+` : String(tickets),
      String(players),
      waitsSince === undefined ? '' : span(now - waitsSince),
      String(asked),
      String(opening),
      matcher?.process ?? 'NOBODY',
      closed === undefined ? '' : `${span(closed.until - now)} more: ${closed.text}`,
    ]
  })
  return table(head, rows)
}

function ticketsText(all: QueuedTicketView[]): string {
  if (all.length === 0) return 'Nobody waits.'
  const now = Date.now()
  const rows = all.map(({ ticketId, createdAt, until, players }) => [
    ticketId,
    span(now - createdAt),
    span(until - now),
    players.map(({ name, choices }) => [name, ...Object.values(choices)].join(' ')).join(', '),
  ])
  const more = all.length < shown ? '' : '\nThere may be more.'
  return `${table(['TICKET', 'WAITS', 'LEFT', 'PLAYERS'], rows)}${more}`
}

function standingText({ accountId, ticket, match, penaltyUntil }: Standing): string {
  const now = Date.now()
  const lines = [`account:${accountId}`]
  if (penaltyUntil !== undefined) {
    lines.push(`  may queue again in ${span(penaltyUntil - now)}: declined a match, or was silent`)
  }
  if (ticket !== undefined) {
    const { ticketId, queueId, state, createdAt, players, why } = ticket
    lines.push(`  ${ticketId}  ${queueId}: ${state}, ${span(now - createdAt)} old`)
    lines.push(
      ...players.map(({ name, choices }) => `    ${[name, ...Object.values(choices)].join(' ')}`),
    )
    if (state === 'waits') lines.push(`  ${why === undefined ? unknownWhy : whyText(why)}`)
  }
  if (match !== undefined) {
    lines.push(`  match ${match.matchId}: ${match.state}`)
    lines.push(
      ...match.members.map(
        ({ name, team, accepted }) => `    ${name}, ${team}${accepted ? ', has accepted' : ''}`,
      ),
    )
  }
  return lines.length === 1 ? `${lines[0]}\n  is in no queue.` : lines.join('\n')
}

const unknownWhy = 'why it waits is not known: see `queue list` for who matches it; it needs Redis'

function whyText({ position, waitsFor, fits, needs }: WhyView): string {
  const now = fits[0]?.players ?? 0
  const cause =
    waitsFor.kind === 'players'
      ? `waits for ${waitsFor.players} more players who fit`
      : waitsFor.kind === 'rule'
        ? `the rule ${waitsFor.rule} keeps most others out`
        : 'is looked at within a second'
  return `number ${position}: ${cause}; needs ${needs}, ${now} fit now`
}
