// Agones' sidecar (release 1.60) as a game server meets it in a cluster, not as the SDK's local mode has
// it; over gRPC here and over REST (rest.ts), one behaviour:
// - a change is answered at once and happens a moment later (`queueMs`), several of a kind as one;
// - `ready` asks the controller, which makes it Ready after that;
// - labels and annotations get the prefix `agones.dev/sdk-`; an invalid key or value is refused at
//   once. One that is invalid only with its prefix is answered with success. Then it holds back all later
//   ones of its kind, because they are sent together;
// - a server that does not ping becomes Unhealthy, which is final; a sidecar that restarts counts anew;
// - a watch sends the whole object first, then after each change.
import * as grpc from '@grpc/grpc-js'
import type { Log } from '#shared/telemetry/log.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { SdkCalls } from './calls.ts'
import { createChanges } from './changes.ts'
import type { Changes } from './changes.ts'
import { createCounts } from './counts.ts'
import type { Counts } from './counts.ts'
import type { GameServerObject } from './game-server.ts'
import { SdkRefused } from './refused.ts'
import { startRest } from './rest.ts'
import { betaService, stableService } from './wire.ts'
import type { WireGameServer } from './wire.ts'

export type SidecarOptions = {
  gameServer: GameServerObject
  /** Of gRPC; 0 or absent: a free one. REST takes a free one always. */
  port?: number
  /** How long a change lies in the queue, ms. A cluster takes about 500. */
  queueMs?: number
  runtime: Pick<Runtime, 'now' | 'sleep'>
  log: Log
}

export type Sidecar = {
  /** Of gRPC. */
  port: number
  httpPort: number
  /** Health pings seen since the start. */
  pings(): number
  /** Ends all streams at once, as a crash would; what was queued is lost. */
  stop(): void
}

/** Serves one game server on 127.0.0.1. Fails when the port is taken. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { gameServer, runtime } = options
  const queueMs = options.queueMs ?? 200
  const stopping = new AbortController()
  const stopped = stopping.signal
  const counts = createCounts(() => gameServer.read().status)
  const changes = createChanges({ gameServer, counts, queueMs, runtime, stopped })
  const watches = createWatches(gameServer)
  const pings = { count: 0, last: runtime.now() }
  const ping = () => {
    pings.count += 1
    pings.last = runtime.now()
  }
  const calls = callsOf({ gameServer, counts, changes, watches, ping })

  const server = serveGrpc(calls)
  const port = await bind(server, options.port ?? 0)
  const rest = await startRest(calls)
  watchHealth(options, changes, pings, stopped).catch(() => {
    // Aborted: the sidecar stopped.
  })
  return {
    port,
    httpPort: rest.port,
    pings: () => pings.count,
    stop: () => {
      stopping.abort()
      watches.endAll()
      rest.stop()
      server.forceShutdown()
    },
  }
}

type Watches = { open: SdkCalls['watch']; endAll(): void }

/** Streams that are open. Each gets the whole object first, then after each change. */
function createWatches(gameServer: GameServerObject): Watches {
  const streams = new Set<() => void>()
  return {
    open(listener) {
      listener(gameServer.read())
      const unwatch = gameServer.watch(listener)
      const end = () => {
        unwatch()
        streams.delete(end)
      }
      streams.add(end)
      return end
    },
    endAll() {
      for (const end of streams) end()
    },
  }
}

/** A game server that sends no pings for long enough becomes Unhealthy. */
async function watchHealth(
  { gameServer, runtime, log }: SidecarOptions,
  changes: Changes,
  pings: { last: number },
  stopped: AbortSignal,
): Promise<void> {
  const { disabled, periodSeconds, failureThreshold, initialDelaySeconds } =
    gameServer.read().spec.health
  if (disabled) return
  const periodMs = periodSeconds * 1000
  await runtime.sleep(initialDelaySeconds * 1000, stopped)
  for (let failures = 0; failures < failureThreshold;) {
    await runtime.sleep(periodMs, stopped)
    failures = runtime.now() - pings.last > periodMs ? failures + 1 : 0
  }
  log.warn('game server sends no health pings', { gameServer: gameServer.read().objectMeta.name })
  changes.want('Unhealthy')
}

type CallsOptions = {
  gameServer: GameServerObject
  counts: Counts
  changes: Changes
  watches: Watches
  ping: () => void
}

/** What the SDK may call, whatever carries it. */
function callsOf({ gameServer, counts, changes, watches, ping }: CallsOptions): SdkCalls {
  const counted = (answer: object) => {
    changes.enqueue('counts')
    return answer
  }
  return {
    ready: () => changes.ask('RequestReady'),
    allocate: () => changes.ask('Allocated'),
    shutdown: () => changes.ask('Shutdown'),
    reserve: ({ seconds }) => changes.ask('Reserved', seconds),
    getGameServer: () => gameServer.read(),
    setLabel: (pair) => changes.set('labels', pair),
    setAnnotation: (pair) => changes.set('annotations', pair),
    ping,
    watch: (listener) => watches.open(listener),
    getCounter: ({ name }) => counts.counter(name),
    getList: ({ name }) => counts.list(name),
    updateCounter: ({ counterUpdateRequest: update }) => {
      if (!update) throw new SdkRefused('invalid argument: counterUpdateRequest is missing')
      const { name, count, capacity, countDiff: diff } = update
      counts.updateCounter({ name, count: count?.value, capacity: capacity?.value, diff })
      return counted(counts.counter(name))
    },
    updateList: ({ list, updateMask }) => {
      if (!list || !updateMask) throw new SdkRefused('invalid argument: list or mask is missing')
      counts.updateList(list, updateMask.paths)
      return counted({ name: '', capacity: 0, values: [] })
    },
    addListValue: ({ name, value }) => {
      counts.addListValue(name, value)
      return counted(counts.list(name))
    },
    removeListValue: ({ name, value }) => {
      counts.removeListValue(name, value)
      return counted(counts.list(name))
    },
  }
}

function serveGrpc(calls: SdkCalls): grpc.Server {
  const server = new grpc.Server()
  server.addService(stableService, {
    Ready: answering(calls.ready),
    Allocate: answering(calls.allocate),
    Shutdown: answering(calls.shutdown),
    Reserve: answering(calls.reserve),
    GetGameServer: answering(calls.getGameServer),
    SetLabel: answering(calls.setLabel),
    SetAnnotation: answering(calls.setAnnotation),
    Health: (call: grpc.ServerReadableStream<object, object>, done: grpc.sendUnaryData<object>) => {
      call.on('data', calls.ping)
      call.on('end', () => done(null, {}))
      call.on('error', () => {})
    },
    WatchGameServer: (call: grpc.ServerWritableStream<object, WireGameServer>) => {
      const close = calls.watch((object) => call.write(object))
      call.on('cancelled', close)
      call.on('error', close)
    },
  })
  server.addService(betaService, {
    GetCounter: answering(calls.getCounter),
    UpdateCounter: answering(calls.updateCounter),
    GetList: answering(calls.getList),
    UpdateList: answering(calls.updateList),
    AddListValue: answering(calls.addListValue),
    RemoveListValue: answering(calls.removeListValue),
  })
  return server
}

/** A handler from a plain function; what it returns is the answer, nothing means an empty one. */
function answering<Request>(
  run: (request: Request) => object | void,
): grpc.handleUnaryCall<Request, object> {
  return (call, done) => {
    try {
      done(null, run(call.request) ?? {})
    } catch (error) {
      if (!(error instanceof SdkRefused))
        done({ code: grpc.status.INTERNAL, details: 'internal error' })
      else done({ code: error.code, details: error.message })
    }
  }
}

async function bind(server: grpc.Server, port: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure()
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => {
      if (error) reject(error)
      else resolve(bound)
    })
  })
}
