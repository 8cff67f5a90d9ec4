// FlexMatch as the matcher of a queue, in standalone mode: it says which tickets are a match, and nothing else. What
// the keeper of a queue uses of it (functions/matchmaking/flexmatch.ts), and what it tells by events.
import * as z from 'zod'
import { matchPlayersMax } from '../limits.ts'
import type { MatchPlayer } from '../matching/match-ticket.ts'

/**
 * - `searching`: it waits there. `matched`: it is in a match there; which one only an event tells.
 * - `cancelled`, `timedOut`, `failed`: it has ended.
 */
export type FlexState = 'searching' | 'matched' | 'cancelled' | 'timedOut' | 'failed'

/** `ticketId`: as FlexMatch has it. Each call fails with FlexMatchError when it is not known what it did. */
export interface FlexMatch {
  /**
   * `taken`: it waits there. `refused`: it never will: something about it is wrong, or its id was used before.
   * `later`: it was not taken, but may be.
   */
  start(ticket: {
    ticketId: string
    configuration: string
    players: readonly MatchPlayer[]
  }): Promise<'taken' | 'refused' | 'later'>
  /** Also when it is over, or was never there. */
  stop(ticketId: string): Promise<void>
  /** At most `flexDescribedMax` ids. Tickets that are not known are left out. */
  describe(ticketIds: readonly string[]): Promise<Map<string, FlexState>>
}

/** FlexMatch gave no answer that can be used: what was asked for may have happened. */
export class FlexMatchError extends Error {
  constructor(operation: string, cause: unknown) {
    super(`${operation}: no clear answer`, { cause })
    this.name = 'FlexMatchError'
  }
}

/** The deployment's choice, by queue. */
export type FlexMatchPart = {
  /** The matchmaking configuration of each queue that FlexMatch matches. */
  queues: ReadonlyMap<string, string>
  /** The ARN of the SNS topic that its events come by. */
  topic: string
  matching: FlexMatch
  /** Gets a document of SNS: a certificate, or the answer to a confirmation. Fails as `fetch` does. */
  get: (url: string) => Promise<string>
}

const id = z.string().min(1).max(128)

const reportTypes = {
  PotentialMatchCreated: 'potential',
  MatchmakingSucceeded: 'matched',
  MatchmakingTimedOut: 'timedOut',
  MatchmakingCancelled: 'cancelled',
  MatchmakingFailed: 'failed',
} as const

const tickets = z
  .array(
    z.object({
      ticketId: id,
      players: z.array(z.object({ playerId: id, team: id.optional() })).max(matchPlayersMax),
    }),
  )
  .min(1)
  .max(matchPlayersMax)

/** What an event says, as far as it matters. `potential` is told of each match, also of those that then fail. */
export const flexReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['potential', 'matched']), matchId: id, tickets }),
  z.object({ kind: z.enum(['timedOut', 'cancelled', 'failed']), tickets }),
])

export type FlexReport = z.infer<typeof flexReport>

const event = z.object({
  source: z.literal('aws.gamelift'),
  'detail-type': z.literal('GameLift Matchmaking Event'),
  resources: z.array(z.string()).min(1),
  detail: z.looseObject({ type: z.string() }),
})

/**
 * The event in a message: of which configuration, and what it says. Undefined: it is another event, or says nothing
 * that matters here.
 */
export function readFlexEvent(
  message: string,
): { configuration: string; report: FlexReport } | undefined {
  let text: unknown
  try {
    text = JSON.parse(message)
  } catch {
    return undefined
  }
  const read = event.safeParse(text)
  if (!read.success) return undefined
  const { resources, detail } = read.data
  if (!Object.hasOwn(reportTypes, detail.type)) return undefined
  const kind = reportTypes[detail.type as keyof typeof reportTypes]
  const report = flexReport.safeParse({ ...detail, kind })
  // arn:aws:gamelift:eu-central-1:123456789012:matchmakingconfiguration/name
  const configuration = resources[0]!.split('matchmakingconfiguration/')[1]
  return report.success && configuration !== undefined
    ? { configuration, report: report.data }
    : undefined
}
