// The server's side of GameLift: what its server SDK 5 says over a WebSocket, as far as a zone host needs it.
// There is no SDK of it for Node.
//
// A process connects, says that it waits for a game session, and gets one, the only one of its life. Messages are
// JSON with `Action` and `RequestId`; an answer has the id of its request and a `StatusCode`. The process says
// each minute that it is well; one that is silent for three is ended. The service may ask to end
// (`TerminateProcess`), and to connect anew before its token ends (`RefreshConnection`).
//
// A process without a game session is no zone host yet: it has no lease, no card and no address. So connecting
// ends only when there is a session, which brings the boot id (shared/fleet/gamelift-session.ts).
import { WebSocket } from 'ws'
import * as z from 'zod'
import { createBackoff } from '#shared/backoff.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { bootIdOf } from '#shared/fleet/gamelift-session.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { GameServer } from './agones/game-server.ts'

export type GameLiftOptions = {
  /** What GameLift or its agent puts into the environment of a process. */
  env: Record<string, string | undefined>
  /** The port on which the process listens. */
  port: number
  log: Log
  runtime: Pick<Runtime, 'now' | 'sleep' | 'randomBytes'>
  /** GameLift wants the process to end. */
  onTerminate: () => void
  /** Ends the wait for a game session. */
  signal: AbortSignal
  /** How long an answer is waited for, ms. */
  answerTimeoutMs?: number
  /** How often the process says that it is well, ms. */
  heartbeatMs?: number
}

interface GameLift {
  gameServer(): GameServer
  readonly bootId: string | undefined
  /** The game session takes players. Fails with GameLiftError. */
  activate(): Promise<void>
  /** The thread that must be alive is alive. Never fails. */
  health(): void
  /** Says that the process ends, and closes the connection. Never fails. */
  close(): Promise<void>
}

/** GameLift did not answer, or refused. */
export class GameLiftError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'GameLiftError'
  }
}

/** The version of the protocol that we speak. */
const sdk = { SdkVersion: '5.4.0', SdkLanguage: 'JavaScript' }
/** The tick thread says so each second; after so long without, it is not well, ms. */
const aliveMs = 10_000
/** How long the answer to the last word is waited for: the process has little time to end, ms. */
const lastAnswerMs = 1000
/** An old connection still brings answers for so long, ms. */
const refreshedMs = 5000

const answerSchema = z.object({
  Action: z.string().default(''),
  RequestId: z.string().default(''),
  StatusCode: z.number().optional(),
  ErrorMessage: z.string().nullish(),
})
const sessionSchema = z.object({
  GameSessionId: z.string().min(1),
  IpAddress: z.string().nullish(),
  DnsName: z.string().nullish(),
  Port: z.number().default(0),
  GameProperties: z.record(z.string(), z.string()).nullish(),
})
const refreshSchema = z.object({ RefreshConnectionEndpoint: z.url(), AuthToken: z.string() })

type Session = z.infer<typeof sessionSchema>

const envSchema = z.object({
  GAMELIFT_SDK_WEBSOCKET_URL: z.url({ protocol: /^wss?$/ }),
  GAMELIFT_SDK_AUTH_TOKEN: z.string().min(1),
  GAMELIFT_SDK_PROCESS_ID: z.string().min(1),
  GAMELIFT_SDK_HOST_ID: z.string().min(1),
  GAMELIFT_SDK_FLEET_ID: z.string().min(1),
})

/**
 * Connects and waits for a game session, as long as it takes. Fails with GameLiftError when the environment
 * lacks something, GameLift refuses the process, or `signal` is aborted.
 */
export async function connectGameLift(options: GameLiftOptions): Promise<GameLift> {
  const { log, runtime, signal } = options
  const parsed = envSchema.safeParse(options.env)
  if (!parsed.success) {
    const names = parsed.error.issues.map(({ path }) => path.join('.'))
    throw new GameLiftError(`GameLift's environment lacks ${names.join(', ')}`)
  }
  const env = parsed.data
  const started = Promise.withResolvers<Session>()
  let session: Session | undefined
  const connection = createConnection(options, env, {
    CreateGameSession: (message) => {
      const read = sessionSchema.safeParse(message)
      if (!read.success) return log.error('GameLift gave a game session that we cannot read')
      // After a reconnection it may come again. Another one is not for us.
      session ??= read.data
      started.resolve(session)
    },
    TerminateProcess: () => options.onTerminate(),
  })
  const stopped = () => started.reject(new GameLiftError('the process stops'))
  signal.addEventListener('abort', stopped, { once: true })
  started.promise.catch(() => undefined)
  let aliveAt = runtime.now()
  try {
    await connection.open()
    await connection.call('ActivateServerProcess', { ...sdk, Port: options.port, LogPaths: [] })
    void beat(options, connection, () => runtime.now() - aliveAt < aliveMs || session === undefined)
    log.info('the process waits for a game session', { fleet: env.GAMELIFT_SDK_FLEET_ID })
    if (signal.aborted) stopped()
    session = await started.promise
  } catch (error) {
    await end(connection)
    throw error instanceof GameLiftError ? error : new GameLiftError('GameLift failed', error)
  }
  aliveAt = runtime.now()
  const { GameSessionId } = session
  const gameServer = gameServerOf(session, options.port)
  return {
    gameServer: () => gameServer,
    bootId: bootIdOf(session.GameProperties ?? {}),
    activate: async () => await connection.call('ActivateGameSession', { GameSessionId }),
    health: () => (aliveAt = runtime.now()),
    close: async () => await end(connection),
  }
}

async function end(connection: Connection): Promise<void> {
  // GameLift then knows that it has ended well. Without it the process counts as crashed.
  if (connection.isOpen()) {
    await connection.call('TerminateServerProcess', {}, lastAnswerMs).catch(() => undefined)
  }
  connection.close()
}

/** A minute with a tenth of chance: the processes of a machine start together. */
async function beat(
  { heartbeatMs = 60_000, runtime, log }: GameLiftOptions,
  connection: Connection,
  isWell: () => boolean,
): Promise<void> {
  while (!connection.closed.aborted) {
    const HealthStatus = isWell()
    if (!HealthStatus) log.error('the tick thread is silent, GameLift is told')
    await connection
      .call('HeartbeatServerProcess', { HealthStatus })
      .catch((error: unknown) => log.warn('GameLift did not take a heartbeat', { error }))
    const pauseMs = heartbeatMs * (0.9 + (runtime.randomBytes(1)[0]! / 255) * 0.1)
    await runtime.sleep(pauseMs, connection.closed).catch(() => undefined)
  }
}

function gameServerOf(session: Session, port: number): GameServer {
  const { zone } = session.GameProperties ?? {}
  return {
    name: session.GameSessionId.split('/').at(-1)!,
    state: 'Allocated',
    // On fleets with certificates it is reached by its name alone.
    address: session.DnsName || session.IpAddress || '',
    ports: [{ name: 'zone', port: session.Port || port }],
    labels: zone === undefined ? {} : { [zoneLabel]: zone },
    annotations: {},
  }
}

type Message = Record<string, unknown>
type Handlers = Record<string, (message: Message) => void>
type Connection = ReturnType<typeof createConnection>

/** One connection at a time, opened anew when it ends. */
function createConnection(
  { log, runtime, answerTimeoutMs = 20_000, signal }: GameLiftOptions,
  env: z.infer<typeof envSchema>,
  handlers: Handlers,
) {
  const closing = new AbortController()
  const waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  let at = { url: env.GAMELIFT_SDK_WEBSOCKET_URL, token: env.GAMELIFT_SDK_AUTH_TOKEN }
  let socket: WebSocket | undefined

  const receive = (data: string) => {
    const message = parseJson(data)
    const answer = answerSchema.safeParse(message)
    if (!answer.success) return log.warn('GameLift sent what is no message')
    const { Action, RequestId, StatusCode, ErrorMessage } = answer.data
    if (Action === 'RefreshConnection') return refresh(message)
    const handle = handlers[Action]
    if (handle !== undefined) return handle(message as Message)
    const call = waiting.get(RequestId)
    waiting.delete(RequestId)
    if (StatusCode === undefined || StatusCode === 200) return call?.resolve()
    call?.reject(
      new GameLiftError(`GameLift refused ${Action}: ${StatusCode} ${ErrorMessage ?? ''}`),
    )
  }

  /** The old connection still receives until the new one is there. */
  const refresh = (message: unknown) => {
    const read = refreshSchema.safeParse(message)
    if (!read.success) return log.warn('GameLift asked for a new connection that we cannot read')
    const { RefreshConnectionEndpoint: url, AuthToken: token } = read.data
    at = { url, token }
    const old = socket
    connect()
      .then(() => runtime.sleep(refreshedMs, closing.signal).catch(() => undefined))
      .then(() => old?.close(1000))
      .catch((error: unknown) => log.warn('GameLift cannot be reached anew', { error }))
  }

  async function connect(): Promise<void> {
    const url = new URL(at.url)
    const query = {
      pID: env.GAMELIFT_SDK_PROCESS_ID,
      sdkVersion: sdk.SdkVersion,
      sdkLanguage: sdk.SdkLanguage,
      ComputeId: env.GAMELIFT_SDK_HOST_ID,
      FleetId: env.GAMELIFT_SDK_FLEET_ID,
      IdempotencyToken: newId(runtime),
      Authorization: at.token,
    }
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
    const next = new WebSocket(url, { handshakeTimeout: answerTimeoutMs, maxPayload: 1024 * 1024 })
    next.on('message', (data) => receive((data as Buffer).toString('utf8')))
    await new Promise<void>((resolve, reject) => {
      next.once('open', resolve)
      next.on('error', reject)
    })
    socket = next
    next.once('close', () => {
      if (socket === next && !closing.signal.aborted) void reopen()
    })
  }

  async function reopen(): Promise<void> {
    log.warn('the connection to GameLift has ended, opening it again')
    const backoff = createBackoff(runtime, { baseMs: 500, maxMs: 30_000 })
    while (!closing.signal.aborted) {
      const failed = await connect().catch((error: unknown) => error)
      if (failed === undefined) return
      log.warn('GameLift cannot be reached', { error: failed })
      await runtime.sleep(backoff.next(), closing.signal).catch(() => undefined)
    }
  }

  return {
    closed: closing.signal,
    isOpen: () => socket?.readyState === WebSocket.OPEN,
    async open(): Promise<void> {
      await connect().catch((cause: unknown) => {
        throw new GameLiftError('GameLift cannot be reached', cause)
      })
      if (signal.aborted) throw new GameLiftError('the process stops')
    },
    /** Fails with GameLiftError. */
    async call(action: string, content: Message, timeoutMs = answerTimeoutMs): Promise<void> {
      const id = newId(runtime)
      const answer = Promise.withResolvers<void>()
      const answered = new AbortController()
      waiting.set(id, answer)
      socket?.send(JSON.stringify({ Action: action, RequestId: id, ...content }), (error) => {
        if (error) answer.reject(new GameLiftError(`${action} could not be sent`, error))
      })
      runtime.sleep(timeoutMs, answered.signal).then(
        () => answer.reject(new GameLiftError(`GameLift did not answer ${action}`)),
        () => undefined,
      )
      await answer.promise.finally(() => {
        answered.abort()
        waiting.delete(id)
      })
    },
    close(): void {
      closing.abort()
      socket?.close(1000)
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
