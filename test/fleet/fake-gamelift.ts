// As much of GameLift as creates, describes and ends game sessions, on its wire (AWS JSON 1.1), and the side of
// its server SDK (fake-gamelift-sockets.ts). What is refused is what the service model and the documentation
// of GameLift say; nobody has held it against the service itself.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Runtime } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import type { WireFate } from '../conformance/fleet.ts'

type Session = {
  GameSessionId: string
  FleetId: string
  Status: 'ACTIVATING' | 'ACTIVE' | 'TERMINATING' | 'TERMINATED' | 'ERROR'
  IpAddress: string
  Port: number
  GameProperties: { Key: string; Value: string }[]
  MaximumPlayerSessionCount: number
  CurrentPlayerSessionCount: number
  CreationTime: number
}

/** A server process that waits for a game session, or has one. */
export type ServerProcess = {
  fleetId: string
  address: string
  port: number
  session?: Session
  /** GameLift gives it a session. */
  start(session: Session): void
  /** GameLift wants it to end. */
  terminate(): void
}

type Input = Record<string, unknown>
type Answer = { status: number; body: unknown }

/** A refusal as the service sends it. */
class Refused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export type FakeGameLift = ReturnType<typeof createFakeGameLift>

export function createFakeGameLift({
  runtime = systemRuntime,
  pageSize = 100,
}: { runtime?: Pick<Runtime, 'now' | 'sleep'>; pageSize?: number } = {}) {
  const processes = new Set<ServerProcess>()
  const sessions = new Map<string, Session>()
  const tokens = new Map<string, { input: string; session: Session }>()
  const aliases = new Map<string, string>()
  let weather = (): WireFate => ({ kind: 'good' })

  function fleetOf({ FleetId, AliasId }: Input): string {
    if ((FleetId === undefined) === (AliasId === undefined)) {
      throw new Refused('InvalidRequestException', 'one of FleetId and AliasId')
    }
    const fleet = FleetId ?? aliases.get(AliasId as string)
    if (typeof fleet !== 'string') throw new Refused('NotFoundException', 'no such fleet')
    return fleet
  }

  function createSession(input: Input): Session {
    const { MaximumPlayerSessionCount: most, IdempotencyToken: token } = input
    const properties = (input['GameProperties'] ?? []) as Session['GameProperties']
    if (typeof most !== 'number' || most < 0)
      throw new Refused('InvalidRequestException', 'players')
    if (typeof token !== 'string' || !/^[a-zA-Z0-9-]{1,48}$/.test(token)) {
      throw new Refused('InvalidRequestException', 'token')
    }
    const fits = ({ Key, Value }: Session['GameProperties'][number]) =>
      Key.length <= 32 && Value.length <= 96
    if (properties.length > 16 || !properties.every(fits)) {
      throw new Refused('InvalidRequestException', 'game properties')
    }
    const known = tokens.get(token)
    if (known !== undefined) {
      if (known.input === JSON.stringify(input)) return known.session
      throw new Refused('IdempotentParameterMismatchException', 'another request had this token')
    }
    const fleetId = fleetOf(input)
    const process = [...processes].find(
      (one) => one.fleetId === fleetId && one.session === undefined,
    )
    if (process === undefined)
      throw new Refused('FleetCapacityExceededException', 'no process waits')
    const session: Session = {
      GameSessionId: `arn:aws:gamelift:eu-central-1::gamesession/${fleetId}/${token}`,
      FleetId: fleetId,
      Status: 'ACTIVATING',
      IpAddress: process.address,
      Port: process.port,
      GameProperties: properties,
      MaximumPlayerSessionCount: most,
      CurrentPlayerSessionCount: 0,
      CreationTime: runtime.now() / 1000,
    }
    sessions.set(session.GameSessionId, session)
    tokens.set(token, { input: JSON.stringify(input), session })
    process.session = session
    process.start(session)
    return session
  }

  const operations: Record<string, (input: Input) => unknown> = {
    CreateGameSession: (input) => ({ GameSession: createSession(input) }),
    DescribeGameSessions: (input) => {
      const fleetId = fleetOf(input)
      const { StatusFilter: status } = input
      const size = Math.min(pageSize, Number(input['Limit'] ?? pageSize))
      const all = [...sessions.values()].filter(
        (one) => one.FleetId === fleetId && (status === undefined || one.Status === status),
      )
      const from = Number(input['NextToken'] ?? 0)
      const more = from + size < all.length
      return {
        GameSessions: all.slice(from, from + size),
        ...(more && { NextToken: String(from + size) }),
      }
    },
    TerminateGameSession: ({ GameSessionId: id, TerminationMode: mode }) => {
      const session = sessions.get(String(id))
      if (session === undefined) throw new Refused('NotFoundException', 'no such session')
      if (mode !== 'TRIGGER_ON_PROCESS_TERMINATE' && mode !== 'FORCE_TERMINATE') {
        throw new Refused('InvalidRequestException', 'mode')
      }
      if (session.Status !== 'ACTIVE' && session.Status !== 'ACTIVATING') {
        throw new Refused('InvalidGameSessionStatusException', session.Status)
      }
      session.Status = 'TERMINATING'
      for (const process of processes) if (process.session === session) process.terminate()
      return { GameSession: session }
    },
  }

  const refusals: string[] = []

  function happen(operation: string, input: Input): Answer {
    const refused = refusals.shift()
    if (refused !== undefined) return refusal(refused, 'refused')
    const run = operations[operation]
    if (run === undefined) return refusal('UnknownOperationException', operation)
    try {
      return { status: 200, body: run(input) }
    } catch (error) {
      if (error instanceof Refused) return refusal(error.code, error.message)
      throw error
    }
  }

  return {
    processes,
    sessions,
    aliases,
    /** Codes by which the next requests are refused. */
    refusals,
    /** What befalls requests for a session. */
    befall: (next: () => WireFate) => void (weather = next),
    /** A process has ended: its session has too. */
    ended(process: ServerProcess): void {
      processes.delete(process)
      if (process.session !== undefined) process.session.Status = 'TERMINATED'
    },
    /** `target`: as in the header, `GameLift.<operation>`. Undefined: never answered. */
    async answer(target: string, body: string): Promise<Answer | undefined> {
      const operation = target.replace(/^GameLift\./, '')
      const input = JSON.parse(body) as Input
      const fate = operation === 'CreateGameSession' ? weather() : { kind: 'good' as const }
      if (fate.kind === 'never') return undefined
      if (fate.kind === 'late') await runtime.sleep(fate.ms)
      const answer = happen(operation, input)
      return fate.kind === 'lost' ? undefined : answer
    },
  }
}

function refusal(code: string, message: string): Answer {
  return { status: 400, body: { __type: `com.amazonaws.gamelift#${code}`, Message: message } }
}

/** The service behind a socket. */
export async function startFakeGameLift(gameLift: FakeGameLift) {
  const problems: string[] = []
  const http = createServer((request, response) => {
    const serve = async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { 'x-amz-target': target, 'content-type': type, authorization } = request.headers
      if (type !== 'application/x-amz-json-1.1') problems.push(`content type ${type}`)
      if (!/^AWS4-HMAC-SHA256 .*\/gamelift\/aws4_request/.test(authorization ?? '')) {
        problems.push('not signed for gamelift')
      }
      const answer = await gameLift.answer(String(target), Buffer.concat(chunks).toString('utf8'))
      if (answer === undefined) return
      response.writeHead(answer.status, {
        'content-type': 'application/x-amz-json-1.1',
        'x-amzn-requestid': randomUUID(),
      })
      response.end(JSON.stringify(answer.body))
    }
    serve().catch((error: unknown) => problems.push(String(error)))
  })
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    problems,
    stop: () => {
      http.close()
      http.closeAllConnections()
    },
  }
}
