// FlexMatch by the client of GameLift. It repeats nothing by itself: an answer that was lost is found out by asking how
// the ticket stands, since the same id may be refused the second time.
import {
  DescribeMatchmakingCommand,
  GameLiftClient,
  GameLiftServiceException,
  StartMatchmakingCommand,
  StopMatchmakingCommand,
} from '@aws-sdk/client-gamelift'
import type { Player } from '@aws-sdk/client-gamelift'
import type { MatchPlayer } from '../matching/match-ticket.ts'
import { FlexMatchError } from './flexmatch.ts'
import type { FlexMatch, FlexState } from './flexmatch.ts'

export type GameLiftOptions = {
  region: string
  /** Default: that of AWS. */
  endpoint?: string | undefined
  /** Default: what the SDK finds. */
  credentials?: { accessKeyId: string; secretAccessKey: string }
  /** Default 3000. */
  timeoutMs?: number
}

const states: Record<string, FlexState> = {
  QUEUED: 'searching',
  SEARCHING: 'searching',
  REQUIRES_ACCEPTANCE: 'searching',
  // In standalone mode nothing is placed; the documentation does not say that it is never named.
  PLACING: 'searching',
  COMPLETED: 'matched',
  CANCELLED: 'cancelled',
  TIMED_OUT: 'timedOut',
  FAILED: 'failed',
}

export function createGameLiftFlexMatch(options: GameLiftOptions): FlexMatch {
  const { region, endpoint, credentials, timeoutMs = 3000 } = options
  const client = new GameLiftClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  })
  client.middlewareStack.remove('loggerMiddleware')
  return {
    async start({ ticketId: TicketId, configuration, players }) {
      const Players = players.map(toPlayer)
      const command = { TicketId, ConfigurationName: configuration, Players }
      try {
        await client.send(new StartMatchmakingCommand(command))
        return 'taken'
      } catch (error) {
        if (nameOf(error) === 'InvalidRequestException') return 'refused'
        // Throttled, no such configuration, no permission: nothing has happened.
        if (isClientFault(error)) return 'later'
        throw new FlexMatchError('StartMatchmaking', error)
      }
    },
    async stop(TicketId) {
      try {
        await client.send(new StopMatchmakingCommand({ TicketId }))
      } catch (error) {
        // It is over, or was never there.
        if (['NotFoundException', 'InvalidRequestException'].includes(nameOf(error))) return
        throw new FlexMatchError('StopMatchmaking', error)
      }
    },
    async describe(ticketIds) {
      try {
        const command = new DescribeMatchmakingCommand({ TicketIds: [...ticketIds] })
        const { TicketList = [] } = await client.send(command)
        const known = TicketList.map(({ TicketId, Status = '' }) => {
          // A state that is added later is no reason to begin anew.
          return [TicketId ?? '', states[Status] ?? 'searching'] as const
        })
        return new Map(known)
      } catch (error) {
        throw new FlexMatchError('DescribeMatchmaking', error)
      }
    },
  }
}

function toPlayer({ playerId: PlayerId, attributes, latencies }: MatchPlayer): Player {
  return {
    PlayerId,
    PlayerAttributes: attributes,
    ...(latencies === undefined ? {} : { LatencyInMs: latencies }),
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

function isClientFault(error: unknown): boolean {
  return error instanceof GameLiftServiceException && error.$fault === 'client'
}
