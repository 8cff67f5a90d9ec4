// The server's side of the Agones SDK, wrapped once (the only file that imports it). The SDK itself
// stays in charge of the wire; what is closed here are the ways in which it goes wrong:
// - its calls have no deadline, and after an outage its channel waits up to two minutes before it
//   tries again: its client is rebuilt with a deadline on every call and a short back-off;
// - a health stream that broke is kept and written to for ever: it is dropped, the next ping opens one;
// - a watch that broke is not opened again, and without an error listener it ends the process;
// - `close()` leaves open watches, which keep the process alive;
// - `http_proxy` is applied to localhost;
// - its generated code asks for the global object by compiling a string, which zone hosts forbid.
// The sidecar answers a change before it happens (it queues them), so `ready()` that has resolved
// means "asked for": what is so is told by `onGameServer`.
import { createRequire } from 'node:module'
import type * as Grpc from '@grpc/grpc-js'
import type { Log } from '#shared/telemetry/log.ts'
import type { Runtime } from '#shared/runtime.ts'

/** The game server object as the fleet sees it. Labels set from here carry `agones.dev/sdk-`. */
export type GameServer = {
  name: string
  /** Agones' words: Starting, Scheduled, RequestReady, Ready, Allocated, Reserved, Shutdown, Unhealthy. */
  state: string
  /** Address and ports under which players reach it; the first port is the zone's. */
  address: string
  ports: { name: string; port: number }[]
  labels: Record<string, string>
  annotations: Record<string, string>
}

export type AgonesOptions = {
  log: Log
  runtime: Pick<Runtime, 'now' | 'sleep'>
  /**
   * The whole object, at once and whenever it may have changed: a state, not an event. After the
   * sidecar was gone the same state may come again.
   */
  onGameServer: (gameServer: GameServer) => void
  /** How long a sidecar is waited for at the start, ms. It may start after the game server. */
  connectTimeoutMs?: number
  /** Deadline of one call, ms. A call is repeated until `callsTimeoutMs`. */
  callTimeoutMs?: number
  /** How long a call is repeated while the sidecar is away, ms; then it fails with AgonesError. */
  callsTimeoutMs?: number
}

export interface Agones {
  /** The object as last seen. */
  gameServer(): GameServer
  /** Asks to be Ready. Each of these may be repeated; all fail with AgonesError when nobody answers. */
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

const require = createRequire(import.meta.url)

/** States before Scheduled, with which address and ports are written. */
const notPlaced = new Set(['PortAllocation', 'Creating', 'Starting'])

/** What is used of the SDK. Its own declaration lacks the streams and does not fit ES modules. */
type Sdk = {
  readonly port: string
  client: Grpc.Client
  readonly alpha: { client: Grpc.Client }
  readonly beta: { client: Grpc.Client }
  healthStream: Grpc.ClientWritableStream<unknown> | undefined
  streams: Grpc.ClientReadableStream<unknown>[]
  close(): void
  ready(): Promise<unknown>
  allocate(): Promise<unknown>
  shutdown(): Promise<unknown>
  setLabel(key: string, value: string): Promise<unknown>
  getGameServer(): Promise<SdkGameServer>
  watchGameServer(onData: (data: SdkGameServer) => void, onError: (error: unknown) => void): void
  health(onError: (error: unknown) => void): void
}

type SdkGameServer = {
  objectMeta?: {
    name: string
    labelsMap: [string, string][]
    annotationsMap: [string, string][]
  }
  status?: { state: string; address: string; portsList: { name: string; port: number }[] }
}

/**
 * Connects to the sidecar on the port in AGONES_SDK_GRPC_PORT (9357 without it) and reads the game
 * server. Waits as long as `connectTimeoutMs` for the sidecar, and until address and ports of the game
 * server are known; then fails with AgonesError.
 */
export async function connectAgones(options: AgonesOptions): Promise<Agones> {
  const { log, runtime } = options
  const closed = new AbortController()
  const sdk = openSdk(runtime, options.callTimeoutMs ?? 3000)
  let current: GameServer

  const call = async <T>(what: string, timeoutMs: number, send: () => Promise<T>): Promise<T> => {
    const giveUpAt = runtime.now() + timeoutMs
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1000)) {
      try {
        return await send()
      } catch (error) {
        if (closed.signal.aborted || runtime.now() + waitMs > giveUpAt) {
          const message = `Agones' sidecar on localhost:${sdk.port} did not take "${what}"`
          throw new AgonesError(message, error)
        }
        log.debug('agones call failed, repeating', { what, error })
        await pause(waitMs)
      }
    }
  }
  // An aborted pause is a short one: whoever waits looks at `closed` afterwards.
  const pause = (ms: number) => runtime.sleep(ms, closed.signal).catch(() => {})

  const accept = (data: SdkGameServer) => {
    current = readGameServer(data)
    if (!closed.signal.aborted) options.onGameServer(current)
  }

  try {
    current = await readPlaced(options.connectTimeoutMs ?? 30_000)
  } catch (error) {
    closeSdk(sdk)
    throw error
  }
  void watchForEver()

  /** A process may run before the controller has written down where: it has no address or port yet. */
  async function readPlaced(timeoutMs: number): Promise<GameServer> {
    const giveUpAt = runtime.now() + timeoutMs
    for (;;) {
      const left = Math.max(0, giveUpAt - runtime.now())
      const read = readGameServer(await call('get game server', left, () => sdk.getGameServer()))
      if (!notPlaced.has(read.state)) return read
      if (runtime.now() > giveUpAt) {
        throw new AgonesError(`the game server is still ${read.state} after ${timeoutMs} ms`)
      }
      await pause(100)
    }
  }

  async function watchForEver(): Promise<void> {
    for (let waitMs = 50; !closed.signal.aborted; waitMs = Math.min(waitMs * 2, 500)) {
      await watchOnce(() => (waitMs = 50))
      if (closed.signal.aborted) return
      log.warn('agones watch ended, opening it again', { waitMs })
      await pause(waitMs)
    }
  }

  /** Resolves when the watch has ended, for whatever reason. */
  function watchOnce(onFirst: () => void): Promise<void> {
    return new Promise((resolve) => {
      const ended = () => {
        sdk.streams = sdk.streams.filter((open) => open !== stream)
        resolve()
      }
      sdk.watchGameServer(
        (data) => {
          onFirst()
          accept(data)
        },
        // The listener is what keeps an error from ending the process.
        (error) => {
          log.debug('agones watch failed', { error })
          ended()
        },
      )
      const stream = sdk.streams.at(-1)!
      stream.on('end', ended)
    })
  }

  let pinging = true
  function health(): void {
    if (closed.signal.aborted) return
    const before = sdk.healthStream
    const lost = (error?: unknown) => {
      if (pinging && !closed.signal.aborted) log.warn('agones health pings are lost', { error })
      pinging = false
    }
    sdk.health(lost)
    const stream = sdk.healthStream
    if (stream === undefined || stream === before) return
    // A stream that ended is never replaced by the SDK; without one the next ping opens another.
    const dropped = (error?: unknown) => {
      if (sdk.healthStream === stream) sdk.healthStream = undefined
      lost(error)
    }
    stream.on('error', dropped)
    stream.on('status', () => dropped())
    stream.on('metadata', () => {})
    pinging = true
  }

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
    health,
    close: () => {
      if (closed.signal.aborted) return
      closed.abort()
      closeSdk(sdk)
    },
  }
}

/** The SDK with a client that has deadlines and comes back soon after an outage. */
function openSdk(runtime: Pick<Runtime, 'now'>, callTimeoutMs: number): Sdk {
  // gRPC reads this when a channel is made. The sidecar is never behind a proxy.
  const noProxy = process.env['no_grpc_proxy'] ?? process.env['no_proxy']
  process.env['no_grpc_proxy'] = noProxy ? `${noProxy},localhost` : 'localhost'

  const { Agones, grpc } = withoutCompiling(() => ({
    Agones: require('@google-cloud/agones-sdk') as new () => Sdk,
    // The SDK brings a gRPC of its own, whose credentials no other one accepts.
    grpc: createRequire(require.resolve('@google-cloud/agones-sdk'))(
      '@grpc/grpc-js',
    ) as typeof Grpc,
  }))
  const sdk = new Agones()

  const deadline: Grpc.Interceptor = (call, next) => {
    const { requestStream, responseStream } = call.method_definition
    const streaming = requestStream || responseStream
    return new grpc.InterceptingCall(
      next(streaming ? call : { ...call, deadline: runtime.now() + callTimeoutMs }),
    )
  }
  const Client = sdk.client.constructor as new (
    address: string,
    credentials: Grpc.ChannelCredentials,
    options: Grpc.ClientOptions,
  ) => Grpc.Client
  sdk.client.close()
  sdk.client = new Client(`localhost:${sdk.port}`, grpc.credentials.createInsecure(), {
    interceptors: [deadline],
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    // With a ping each second, pings are back at most 2 s after the sidecar is.
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.dns_min_time_between_resolutions_ms': 500,
  })
  return sdk
}

/**
 * Zone hosts run with `--disallow-code-generation-from-strings`. While the SDK is loaded, the one
 * string that its protobuf code compiles is answered without compiling; any other still throws.
 */
function withoutCompiling<T>(load: () => T): T {
  const real = globalThis.Function
  globalThis.Function = new Proxy(real, {
    apply: (target, self, args: unknown[]) =>
      args.length === 1 && args[0] === 'return this'
        ? () => globalThis
        : Reflect.apply(target, self, args),
  })
  try {
    return load()
  } finally {
    globalThis.Function = real
  }
}

function closeSdk(sdk: Sdk): void {
  for (const stream of sdk.streams) stream.cancel()
  sdk.healthStream?.cancel()
  sdk.alpha.client.close()
  sdk.beta.client.close()
  sdk.close()
}

function readGameServer(data: SdkGameServer): GameServer {
  return {
    name: data.objectMeta?.name ?? '',
    state: data.status?.state ?? '',
    address: data.status?.address ?? '',
    ports: (data.status?.portsList ?? []).map(({ name, port }) => ({ name, port })),
    labels: Object.fromEntries(data.objectMeta?.labelsMap ?? []),
    annotations: Object.fromEntries(data.objectMeta?.annotationsMap ?? []),
  }
}
