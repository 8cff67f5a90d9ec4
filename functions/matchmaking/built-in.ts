// The matcher of our own as what finds the matches of a queue.
import type { Queue } from '#shared/content/content.ts'
import { add, cancel, createMatcher, pass } from '#shared/matching/match.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createExplainer } from './explaining.ts'
import type { ExplainDeps } from './explaining.ts'
import type { Finder } from './finder.ts'
import type { Ticket } from './store.ts'
import { rulesOf, toMatch } from './tickets.ts'

type BuiltInDeps = ExplainDeps & { runtime: Runtime; log: Log }

export function createBuiltIn(deps: BuiltInDeps, realmId: string, queue: Queue): Finder {
  const { runtime, log } = deps
  const matcher = createMatcher(rulesOf(queue))
  const tickets = new Map<string, Ticket>()
  return {
    add(ticket) {
      const { ticketId } = ticket
      tickets.set(ticketId, ticket)
      const refusal = add(matcher, toMatch(queue, ticket))
      if (refusal === undefined || refusal.code === 'ticket.known') return undefined
      if (refusal.code === 'player.waiting') return refusal.ticketId
      // The rules have changed since it was taken: it waits until its time is over.
      log.warn('a ticket fits no match', { queue: queue.id, ticketId, refusal: refusal.code })
      return undefined
    },
    remove(ticketId) {
      cancel(matcher, ticketId)
      tickets.delete(ticketId)
    },
    hear: () => undefined,
    async find() {
      const { matches } = pass(matcher, runtime.now())
      const proposals = matches.map(({ tickets: matched, teams }) => ({
        matchId: newId(runtime),
        tickets: matched.map(({ ticketId }) => tickets.get(ticketId)!),
        teamOf: new Map(
          teams.flatMap(({ name, playerIds }) => playerIds.map((id) => [id, name] as const)),
        ),
      }))
      return await Promise.resolve({ proposals, over: [] })
    },
    settle: () => undefined,
    explain: createExplainer(deps, realmId, queue.id, matcher),
  }
}
