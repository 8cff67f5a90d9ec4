// GameLift FlexMatch in standalone mode as its clients see it: the wire of the operations on tickets, and the events.
// Which tickets are a match is found by our own matcher. It is as strict as the documentation, and where this says
// nothing, as we fear: an id is taken once, for good.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'
import { add, cancel, createMatcher, pass } from '#shared/matching/match.ts'
import { matchTicketSchema } from '#shared/matching/match-ticket.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'

export type FlexConfiguration = { name: string; ruleSet: unknown; timeoutSeconds: number }

/**
 * What happens to a request. `loseRequest`: it never arrives. `loseAnswer`: it is done, the answer never arrives.
 * `late`: no answer, and it is done with the next pass. `throttle`, `error`: it is refused.
 */
export type WireFault = 'loseRequest' | 'loseAnswer' | 'late' | 'throttle' | 'error'

export type FlexEmulator = {
  endpoint: string
  arn: string
  /** The events that have not been delivered, as JSON. */
  events: string[]
  /** The operations that were asked for, by name and ticket. */
  asked: { operation: string; tickets: string[] }[]
  /** Asked for each request. */
  fault: (operation: string) => WireFault | undefined
  /** Ends what has waited too long, and makes matches. */
  pass(): void
  statusOf(ticketId: string): string | undefined
  /** Ends a ticket by FlexMatch's own doing. */
  end(ticketId: string, type: 'MatchmakingFailed' | 'MatchmakingCancelled'): void
  /** Forgets a ticket, as after a while. */
  forget(ticketId: string): void
  stop(): Promise<void>
}

const startSchema = z.object({
  TicketId: z.string().regex(/^[a-zA-Z0-9-.]{1,128}$/),
  ConfigurationName: z.string(),
  Players: z
    .array(
      z.strictObject({
        PlayerId: z.string().min(1),
        PlayerAttributes: z.record(z.string(), z.unknown()),
        LatencyInMs: z.record(z.string(), z.number()).optional(),
      }),
    )
    .min(1)
    .max(10),
})
const oneSchema = z.strictObject({ TicketId: z.string() })
const manySchema = z.strictObject({ TicketIds: z.array(z.string()).min(1).max(10) })

type Held = z.infer<typeof startSchema> & { Status: string; StartTime: number; teams?: Teams }
type Teams = Map<string, string>

const active = ['QUEUED', 'SEARCHING']

class Refusal extends Error {}

export async function startFlexEmulator(
  { name, ruleSet, timeoutSeconds }: FlexConfiguration,
  now: () => number,
): Promise<FlexEmulator> {
  const matcher = createMatcher(readRuleSet(ruleSet))
  const held = new Map<string, Held>()
  const used = new Set<string>()
  const late: (() => void)[] = []
  const arn = `arn:aws:gamelift:eu-central-1:123456789012:matchmakingconfiguration/${name}`
  let matches = 0
  let ids = 0

  const emulator: FlexEmulator = {
    endpoint: '',
    arn,
    events: [],
    asked: [],
    fault: () => undefined,
    pass() {
      for (const act of late.splice(0)) {
        try {
          act()
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
        }
      }
      for (const ticket of held.values()) {
        if (!active.includes(ticket.Status)) continue
        ticket.Status = 'SEARCHING'
        if (now() - ticket.StartTime < timeoutSeconds * 1000) continue
        cancel(matcher, ticket.TicketId)
        close(ticket, 'TIMED_OUT', { type: 'MatchmakingTimedOut', reason: 'TimedOut' })
      }
      for (const { tickets, teams } of pass(matcher, now()).matches) {
        const matchId = `00000000-0000-4000-8000-${String(++matches).padStart(12, '0')}`
        const teamOf = new Map(
          teams.flatMap((team) => team.playerIds.map((id) => [id, team.name] as const)),
        )
        const all = tickets.map(({ ticketId }) => held.get(ticketId)!)
        for (const ticket of all) Object.assign(ticket, { Status: 'COMPLETED', teams: teamOf })
        const gameSessionInfo = { players: all.flatMap((one) => playersOf(one)) }
        const detail = { tickets: all.map(ticketOf), matchId, gameSessionInfo }
        tell({ type: 'PotentialMatchCreated', acceptanceRequired: false, ...detail })
        tell({ type: 'MatchmakingSucceeded', ...detail })
      }
    },
    statusOf: (ticketId) => held.get(ticketId)?.Status,
    end(ticketId, type) {
      cancel(matcher, ticketId)
      const status = type === 'MatchmakingFailed' ? 'FAILED' : 'CANCELLED'
      close(held.get(ticketId)!, status, { type, reason: 'UNEXPECTED_ERROR' })
    },
    forget(ticketId) {
      cancel(matcher, ticketId)
      held.delete(ticketId)
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  const playersOf = ({ Players, teams }: Held) =>
    Players.map(({ PlayerId: playerId }) => {
      const team = teams?.get(playerId)
      return { playerId, ...(team === undefined ? {} : { team }) }
    })
  const ticketOf = (one: Held) => ({
    ticketId: one.TicketId,
    startTime: new Date(one.StartTime).toISOString(),
    players: playersOf(one),
  })

  function tell(detail: object): void {
    emulator.events.push(
      JSON.stringify({
        version: '0',
        id: `event-${++ids}`,
        'detail-type': 'GameLift Matchmaking Event',
        source: 'aws.gamelift',
        account: '123456789012',
        time: new Date(now()).toISOString(),
        region: 'eu-central-1',
        resources: [arn],
        detail,
      }),
    )
  }

  function close(ticket: Held, status: string, detail: object): void {
    ticket.Status = status
    const gameSessionInfo = { players: playersOf(ticket) }
    tell({ ...detail, tickets: [ticketOf(ticket)], ruleEvaluationMetrics: [], gameSessionInfo })
  }

  const operations: Record<string, { ids: (input: unknown) => string[]; act: Act }> = {
    StartMatchmaking: {
      ids: (input) => [startSchema.parse(input).TicketId],
      act(input) {
        const given = startSchema.parse(input)
        if (given.ConfigurationName !== name) refuse('NotFoundException')
        if (used.has(given.TicketId)) refuse('InvalidRequestException')
        const players = given.Players.map((one) => ({
          playerId: one.PlayerId,
          attributes: one.PlayerAttributes,
          ...(one.LatencyInMs && { latencies: one.LatencyInMs }),
        }))
        const ticket = matchTicketSchema.parse({
          ticketId: given.TicketId,
          createdAt: now(),
          players,
        })
        // A player is in one active ticket: the newer one counts.
        for (const { playerId } of players) {
          const before = matcher.waiting.get(playerId)
          if (before !== undefined) emulator.end(before, 'MatchmakingCancelled')
        }
        if (add(matcher, ticket) !== undefined) refuse('InvalidRequestException')
        used.add(given.TicketId)
        const one: Held = { ...given, Status: 'QUEUED', StartTime: now() }
        held.set(given.TicketId, one)
        return { MatchmakingTicket: view(one) }
      },
    },
    StopMatchmaking: {
      ids: (input) => [oneSchema.parse(input).TicketId],
      act(input) {
        const ticket = held.get(oneSchema.parse(input).TicketId)
        if (ticket === undefined) return refuse('NotFoundException')
        if (!active.includes(ticket.Status)) refuse('InvalidRequestException')
        emulator.end(ticket.TicketId, 'MatchmakingCancelled')
        return {}
      },
    },
    DescribeMatchmaking: {
      ids: (input) => manySchema.parse(input).TicketIds,
      act: (input) => ({
        TicketList: manySchema
          .parse(input)
          .TicketIds.flatMap((id) => held.get(id) ?? [])
          .map(view),
      }),
    },
  }
  const view = ({ TicketId, Status, StartTime, Players }: Held) => ({
    TicketId,
    ConfigurationName: name,
    Status,
    StartTime: StartTime / 1000,
    Players: Players.map(({ PlayerId }) => ({ PlayerId })),
  })

  function refuse(type: string): never {
    throw new Refusal(type)
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const target = String(request.headers['x-amz-target'])
      const operation = target.slice('GameLift.'.length)
      const { ids: idsOf, act } = operations[operation]!
      const input: unknown = JSON.parse(Buffer.concat(chunks).toString())
      emulator.asked.push({ operation, tickets: idsOf(input) })
      const answer = (status: number, body: object) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        response.end(JSON.stringify(body))
      }
      const fault = emulator.fault(operation)
      if (fault === 'throttle') return answer(400, { __type: 'ThrottlingException' })
      if (fault === 'error') return answer(500, { __type: 'InternalServiceException' })
      if (fault === 'loseRequest') return request.socket.destroy()
      if (fault === 'late') {
        late.push(() => void act(input))
        return request.socket.destroy()
      }
      try {
        const body = act(input)
        if (fault === 'loseAnswer') return request.socket.destroy()
        answer(200, body)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        answer(400, { __type: `com.amazonaws.gamelift#${error.message}`, message: 'refused' })
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  emulator.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return emulator
}

type Act = (input: unknown) => object
