// The SDK itself, with repairs of its faults. No other file imports it:
// - its calls have no deadline, and after an outage its channel waits up to two minutes before it tries
//   again: its client is rebuilt with a deadline on every call and a short back-off;
// - `close()` leaves open watches, which keep the process alive;
// - `http_proxy` is applied to localhost;
// - its generated code asks for the global object by compiling a string, which zone hosts forbid.
import { createRequire } from 'node:module'
import type * as Grpc from '@grpc/grpc-js'
import type { Runtime } from '#shared/runtime.ts'
import type { GameServer } from './game-server.ts'

/** Whatever becomes of a stream of health pings, it holds memory no longer than this. */
const pingStreamMs = 5 * 60_000

const require = createRequire(import.meta.url)

/** The part of the SDK that we use. Its own declaration lacks the streams and does not fit ES modules. */
export type Sdk = {
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

export type SdkGameServer = {
  objectMeta?: {
    name: string
    labelsMap: [string, string][]
    annotationsMap: [string, string][]
  }
  status?: { state: string; address: string; portsList: { name: string; port: number }[] }
}

/** The SDK with a client that has deadlines and comes back soon after an outage. */
export function openSdk(runtime: Pick<Runtime, 'now'>, callTimeoutMs: number): Sdk {
  // gRPC reads this when a channel is made. The sidecar is never behind a proxy.
  const noProxy = process.env['no_grpc_proxy'] ?? process.env['no_proxy']
  process.env['no_grpc_proxy'] = noProxy ? `${noProxy},localhost` : 'localhost'

  const { Agones, grpc } = withoutCompiling(() => ({
    Agones: require('@google-cloud/agones-sdk') as new () => Sdk,
    // The SDK brings a gRPC of its own, which takes no credentials of another one.
    grpc: createRequire(require.resolve('@google-cloud/agones-sdk'))(
      '@grpc/grpc-js',
    ) as typeof Grpc,
  }))
  const sdk = new Agones()

  const deadline: Grpc.Interceptor = (call, next) => {
    const { requestStream, responseStream } = call.method_definition
    // A watch lasts; the stream of health pings is ended long before its deadline (pings.ts).
    const timeoutMs = responseStream ? undefined : requestStream ? pingStreamMs : callTimeoutMs
    return new grpc.InterceptingCall(
      next(timeoutMs === undefined ? call : { ...call, deadline: runtime.now() + timeoutMs }),
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
 * Zone hosts run with `--disallow-code-generation-from-strings`. While the SDK is loaded, the one string
 * that its protobuf code compiles is answered without compiling. Any other string still throws.
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

export function closeSdk(sdk: Sdk): void {
  for (const stream of sdk.streams) stream.cancel()
  sdk.healthStream?.cancel()
  sdk.alpha.client.close()
  sdk.beta.client.close()
  sdk.close()
}

export function readGameServer(data: SdkGameServer): GameServer {
  return {
    name: data.objectMeta?.name ?? '',
    state: data.status?.state ?? '',
    address: data.status?.address ?? '',
    ports: (data.status?.portsList ?? []).map(({ name, port }) => ({ name, port })),
    labels: Object.fromEntries(data.objectMeta?.labelsMap ?? []),
    annotations: Object.fromEntries(data.objectMeta?.annotationsMap ?? []),
  }
}
