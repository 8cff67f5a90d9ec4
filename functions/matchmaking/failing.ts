// A match that nobody plays: who is to blame is out of the queue, and all others wait on.
import { declinePenaltyMs } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import type { Match } from './match.ts'
import { matchWrite, noteWrite, penaltyWrite, readTicket, ticketWrite } from './store.ts'
import type { Ticket } from './store.ts'

export const accountsOf = ({ members }: Match) => [
  ...new Set(members.map(({ accountId }) => accountId)),
]

/**
 * A match fails because of some of its players, by their characters: their tickets are over, and the others wait on, as
 * old as they are. `penalty`: who of them may not queue for a while; all by default.
 */
export async function failSteps(
  { store, runtime }: OperationDeps,
  realmId: string,
  {
    before,
    because,
    penalty = because,
  }: { before: Match } & Record<'because', readonly string[]> & {
      penalty?: readonly string[]
    },
): Promise<Step<never>[]> {
  const { matchId, queue } = before
  const now = runtime.now()
  const tickets = await Promise.all(
    before.tickets.map(
      async (ticketId) => await readTicket(store, now, realmId, { queue, ticketId }),
    ),
  )
  const from = { state: 'matched', match: matchId } as const
  const isGuilty = ({ players }: Ticket) =>
    players.some(({ characterId }) => because.includes(characterId))
  return [
    { write: matchWrite(realmId, before, { ...before, state: 'failed' }) },
    ...tickets.flatMap((ticket): Step<never>[] => {
      if (ticket === undefined) return []
      const guilty = isGuilty(ticket)
      const to = { state: guilty ? ('declined' as const) : ('waits' as const) }
      const again = noteWrite(realmId, ticket, { id: newId(runtime), now })
      return [
        { write: ticketWrite(realmId, ticket, from, to) },
        ...(guilty ? [] : [{ write: again }]),
      ]
    }),
    ...tickets.flatMap((ticket) =>
      (ticket?.players ?? [])
        .filter(({ characterId }) => penalty.includes(characterId))
        .map(({ accountId }) => {
          const until = now + declinePenaltyMs
          return {
            write: penaltyWrite(realmId, accountId, { queue, ticketId: ticket!.ticketId }, until),
          }
        }),
    ),
  ]
}
