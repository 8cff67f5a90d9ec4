// The server's side of the Agones SDK, wrapped once. The SDK itself stays in charge of the wire
// (agones/sdk.ts). Two files beside it repair its streams:
// - the SDK writes to a broken health stream for ever, and a healthy stream keeps every message
//   (agones/pings.ts);
// - the SDK does not open a broken watch again, and without an error listener the watch ends the process
//   (agones/watch.ts).
// The sidecar answers a change before it happens (it queues them), so `ready()` that has resolved
// means "asked for": `onGameServer` gives the state.
import type { Log } from '#shared/telemetry/log.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { GameServer } from './agones/game-server.ts'
import { createPings } from './agones/pings.ts'
import { closeSdk, openSdk, readGameServer } from './agones/sdk.ts'
import type { Sdk, SdkGameServer } from './agones/sdk.ts'
import { watchForEver } from './agones/watch.ts'

export type AgonesOptions = {
  log: Log
  runtime: Pick<Runtime, 'now' | 'sleep'>
  /**
   * Called with the whole object, at once and whenever it may have changed: a state, not an event. After an
   * outage of the sidecar the same state may come again.
   */
  onGameServer: (gameServer: GameServer) => void
  /** How long to wait for the sidecar at the start, ms. It may start after the game server. */
  connectTimeoutMs?: number
  /** Ends the wait at the start. */
  signal?: AbortSignal
  /** Deadline of one call, ms. A call is repeated until `callsTimeoutMs`. */
  callTimeoutMs?: number
  /** How long a call is repeated while the sidecar is away, ms; then it fails with AgonesError. */
  callsTimeoutMs?: number
}

export interface Agones {
  /** The object as last seen. */
  gameServer(): GameServer
  /** Asks to be Ready. Each of these may be repeated; all fail with AgonesError without an answer. */
  ready(): Promise<void>
  /** Asks to be Allocated, so that no scale-down removes it. */
  allocate(): Promise<void>
  /** Arrives as the label `agones.dev/sdk-<key>`. */
  setLabel(key: string, value: string): Promise<void>
  /** Asks to be shut down: SIGTERM follows. Wait for it before you exit. */
  shutdown(): Promise<void>
  /** One health ping; call it every second from the thread that must be alive. Never fails. */
  health(): void
  /** Cancels all streams and calls, so that the process can end. */
  close(): void
}

/** The sidecar did not answer, or refused. */
export class AgonesError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'AgonesError'
  }
}

/** States before Scheduled, with which address and ports are written. */
const notPlaced = new Set(['PortAllocation', 'Creating', 'Starting'])

/**
 * Connects to the sidecar on the port in AGONES_SDK_GRPC_PORT (9357 without it) and reads the game
 * server. Waits as long as `connectTimeoutMs` for the sidecar, and until address and ports of the game
 * server are known; then, or when `signal` is aborted, fails with AgonesError.
 */
export async function connectAgones(options: AgonesOptions): Promise<Agones> {
  const { log, runtime } = options
  const closed = new AbortController()
  const sdk = openSdk(runtime, options.callTimeoutMs ?? 3000)
  const waiting =
    options.signal === undefined ? closed.signal : AbortSignal.any([closed.signal, options.signal])
  let current: GameServer
  try {
    const calls = createCalls(sdk, options, waiting)
    current = await readPlaced(calls, options, waiting)
  } catch (error) {
    closeSdk(sdk)
    throw error
  }
  const accept = (data: SdkGameServer) => {
    current = readGameServer(data)
    if (!closed.signal.aborted) options.onGameServer(current)
  }
  void watchForEver({ sdk, runtime, log, closed: closed.signal, accept })

  const { call } = createCalls(sdk, options, closed.signal)
  const callsTimeoutMs = options.callsTimeoutMs ?? 15_000
  const send = async (what: string, request: () => Promise<unknown>) => {
    await call(what, callsTimeoutMs, request)
  }
  return {
    gameServer: () => current,
    ready: () => send('ready', () => sdk.ready()),
    allocate: () => send('allocate', () => sdk.allocate()),
    setLabel: (key, value) => send('set label', () => sdk.setLabel(key, value)),
    shutdown: () => send('shutdown', () => sdk.shutdown()),
    health: createPings(sdk, log, closed.signal),
    close: () => {
      if (closed.signal.aborted) return
      closed.abort()
      closeSdk(sdk)
    },
  }
}

type Calls = {
  getGameServer(timeoutMs: number): Promise<GameServer>
  /** Repeats a call until it is answered, `timeoutMs` have passed or the signal is aborted. */
  call<T>(what: string, timeoutMs: number, send: () => Promise<T>): Promise<T>
}

function createCalls(sdk: Sdk, { log, runtime }: AgonesOptions, signal: AbortSignal): Calls {
  const call = async <T>(what: string, timeoutMs: number, send: () => Promise<T>): Promise<T> => {
    const timeoutAt = runtime.now() + timeoutMs
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1000)) {
      try {
        return await unlessAborted(signal, send())
      } catch (error) {
        if (signal.aborted || runtime.now() + waitMs > timeoutAt) {
          const message = `Agones' sidecar on localhost:${sdk.port} did not take "${what}"`
          throw new AgonesError(message, error)
        }
        log.debug('agones call failed, repeating', { what, error })
        // An aborted pause is a short one: the next call fails at once.
        await runtime.sleep(waitMs, signal).catch(() => {})
      }
    }
  }
  return {
    call,
    getGameServer: async (timeoutMs) =>
      readGameServer(await call('get game server', timeoutMs, () => sdk.getGameServer())),
  }
}

/** A process may run before the controller has written down where: it has no address or port yet. */
async function readPlaced(
  calls: Calls,
  { runtime, connectTimeoutMs = 30_000 }: AgonesOptions,
  signal: AbortSignal,
): Promise<GameServer> {
  const timeoutAt = runtime.now() + connectTimeoutMs
  for (;;) {
    const read = await calls.getGameServer(Math.max(0, timeoutAt - runtime.now()))
    if (!notPlaced.has(read.state)) return read
    if (runtime.now() > timeoutAt) {
      throw new AgonesError(`the game server is still ${read.state} after ${connectTimeoutMs} ms`)
    }
    await runtime.sleep(100, signal).catch(() => {})
  }
}

/** The work's outcome; rejects at once when the signal is aborted. The work itself goes on unheard. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {})
  return await new Promise((resolve, reject) => {
    const abort = () => reject(new Error('aborted'))
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
