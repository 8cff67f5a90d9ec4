import type { Handlers, OperationId, OperatorCaller, PlayerCaller } from '#shared/api/endpoint.ts'
import type { matchmaking } from '#shared/api/matchmaking.ts'
import { requireRole } from '../admin/admin.ts'
import { firstRating, skillOf } from '#shared/results/rating.ts'
import { ratingOf, readRatings } from '#shared/results/rows.ts'
import { memberOf } from '../characters/characters.ts'
import type { Acting } from '../parties/parties.ts'
import { answerMatch } from './answers.ts'
import type { MatchDeps } from './answers.ts'
import { askWhy } from './explaining.ts'
import type { ExplainDeps } from './explaining.ts'
import {
  cancelTicket,
  closeQueue,
  forgive,
  listTickets,
  openQueue,
  queuedPlayer,
  queueStates,
} from './operating.ts'
import type { Act, OperateDeps } from './operating.ts'
import { takeMessage } from './reports.ts'
import type { ReportDeps } from './reports.ts'
import { giveUpTicket, rulesOf, standingOf, takeTicket } from './tickets.ts'

type From = { params: { realmId: string }; caller: PlayerCaller; operation: OperationId }

type Acted = {
  caller: OperatorCaller
  params: { realmId: string }
  body: { reason: string }
  operation: OperationId
}

export function matchmakingRoutes(
  deps: MatchDeps & ExplainDeps & OperateDeps & ReportDeps,
): Handlers<typeof matchmaking> {
  const member = async (realmId: string, { accountId }: PlayerCaller, characterId: string) =>
    await memberOf(deps.store, { realmId, accountId }, characterId)
  const acting = ({ params: { realmId }, caller, operation: op }: From, as: string): Acting => ({
    realmId,
    me: async () => await member(realmId, caller, as),
    op,
  })
  /** Refuses an operator who has lost his role since his token was made. */
  const act = async ({ params, caller, body, operation: op }: Acted): Promise<Act> => {
    await requireRole(deps, caller)
    return { operator: caller, realmId: params.realmId, reason: body.reason, op }
  }
  return {
    async queueStates({ params, caller }) {
      await requireRole(deps, caller)
      return await queueStates(deps, params.realmId)
    },
    async queueTickets({ params, caller, query }) {
      await requireRole(deps, caller)
      return await listTickets(deps, params, query)
    },
    async queuedPlayer({ params, caller }) {
      await requireRole(deps, caller)
      return await queuedPlayer(deps, params)
    },
    async cancelTicket(call) {
      await cancelTicket(deps, await act(call), call.params)
      return {}
    },
    forgive: async (call) => await forgive(deps, await act(call), call.params.who),
    async closeQueue(call) {
      const { queueId } = call.params
      return await closeQueue(deps, await act(call), { queueId, ...call.body })
    },
    async openQueue(call) {
      await openQueue(deps, await act(call), call.params.queueId)
      return {}
    },
    async queues() {
      const queues = [...deps.content.queues.values()].map((queue) => {
        const { id: queueId, title, zone, choices, acceptSeconds, timeoutSeconds, rating } = queue
        const { stages } = rulesOf(queue)
        return {
          queueId,
          title,
          zone,
          choices,
          timeoutSeconds,
          ...(acceptSeconds === undefined ? {} : { acceptSeconds }),
          ...(rating === undefined ? {} : { rating: rating.name }),
          partyMax: Math.max(...stages.flatMap(({ max }) => max)),
          players: {
            least: Math.min(...stages.map(({ minTotal }) => minTotal)),
            most: Math.max(...stages.map(({ maxTotal }) => maxTotal)),
          },
        }
      })
      return await Promise.resolve({ queues })
    },
    async join(call) {
      const { queueId } = call.params
      const { as, choices } = call.body
      return await takeTicket(deps, acting(call, as), { queueId, choices })
    },
    async standing({ params: { realmId }, caller, query }) {
      const me = await member(realmId, caller, query.as)
      const { ticket, ...more } = await standingOf(deps, realmId, me)
      if (ticket === undefined || more.match !== undefined)
        return { ...more, ...(ticket && { ticket }) }
      const { queueId: queue, ticketId } = ticket
      const why = await askWhy(deps, realmId, { queue, ticketId })
      return { ...more, ticket: { ...ticket, ...(why && { why }) } }
    },
    async ratings({ params: { realmId }, caller, query }) {
      const { accountId, characterId } = await member(realmId, caller, query.as)
      const rows = await readRatings(deps.store, realmId, accountId)
      const ratings = rows
        .filter((row) => row.characterId === characterId)
        .map((row) => {
          const { rating, matches, last } = row
          const { match: matchId, ...more } = last
          return { rating, points: skillOf(ratingOf(row)), matches, last: { matchId, ...more } }
        })
      return { first: skillOf(firstRating), ratings }
    },
    leave: async (call) => await giveUpTicket(deps, acting(call, call.query.as)),
    async answer(call) {
      const { matchId } = call.params
      const { as, accept } = call.body
      return await answerMatch(deps, acting(call, as), { matchId, accepts: accept })
    },
    async report({ params, body }) {
      await takeMessage(deps, params.realmId, body)
      return {}
    },
  }
}
