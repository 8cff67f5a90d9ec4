// Agones' sidecar (release 1.60) as a game server meets it in a cluster, not as the SDK's local mode has
// it; over gRPC here and over REST (rest.ts), one behaviour:
// - a change is answered at once and happens a moment later (`queueMs`), several of a kind as one;
// - `ready` asks the controller, which makes it Ready after that;
// - labels and annotations get the prefix `agones.dev/sdk-`; a key or value that is none is refused at
//   once. One that is refused only with its prefix is answered with success, and holds back all later
//   ones of its kind, because they are sent together;
// - who does not ping becomes Unhealthy, which is final; a sidecar that restarts counts anew;
// - a watch sends the whole object first, then after each change.
import * as grpc from '@grpc/grpc-js'
import type { Log } from '#shared/telemetry/log.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { KeyValue, SdkCalls } from './calls.ts'
import { createCounts } from './counts.ts'
import { isLabelKey, isLabelValue } from './game-server.ts'
import type { GameServerObject } from './game-server.ts'
import { SdkRefused } from './refused.ts'
import { startRest } from './rest.ts'
import { betaService, stableService } from './wire.ts'
import type { GameServerState, WireGameServer } from './wire.ts'

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

type Kind = 'state' | 'labels' | 'annotations' | 'counts'
const sdkPrefix = 'agones.dev/sdk-'

/** Serves one game server on 127.0.0.1. Fails when the port is taken. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { gameServer, runtime, log } = options
  const queueMs = options.queueMs ?? 200
  const stopped = new AbortController()
  const labels = new Map<string, string>()
  const annotations = new Map<string, string>()
  const counts = createCounts(() => gameServer.read().status)
  const queued = new Set<Kind>()
  let wanted: GameServerState | undefined
  let reserveMs = 0
  let reservation = new AbortController()
  let pings = 0
  let lastPing = runtime.now()

  const later = (ms: number, signal: AbortSignal, run: () => void) => {
    const either = AbortSignal.any([stopped.signal, signal])
    runtime.sleep(ms, either).then(run, () => {
      // Aborted: the sidecar stopped, or the reservation was given up.
    })
  }

  function enqueue(kind: Kind): void {
    if (queued.has(kind)) return
    queued.add(kind)
    later(queueMs, stopped.signal, () => {
      queued.delete(kind)
      const done = apply[kind]()
      // A refused change is sent again for ever, a second apart, as the cluster's queue does.
      if (!done && kind !== 'state') later(1000, stopped.signal, () => enqueue(kind))
    })
  }

  const apply: Record<Kind, () => boolean> = {
    state: () => applyState(),
    labels: () =>
      gameServer.update(({ objectMeta }) => {
        for (const [key, value] of labels) objectMeta.labels[sdkPrefix + key] = value
      }),
    annotations: () =>
      gameServer.update(({ objectMeta }) => {
        for (const [key, value] of annotations) objectMeta.annotations[sdkPrefix + key] = value
      }),
    counts: () => gameServer.update((draft) => counts.apply(draft)),
  }

  function applyState(): boolean {
    if (wanted === undefined || !gameServer.move(wanted)) return false
    if (wanted === 'Reserved' && reserveMs > 0) {
      later(reserveMs, reservation.signal, () => want('RequestReady'))
    }
    // The controller's part: it fills in address and ports and makes the server Ready.
    if (wanted === 'RequestReady') {
      later(queueMs / 4, stopped.signal, () => {
        if (gameServer.read().status.state === 'RequestReady') gameServer.move('Ready')
      })
    }
    return true
  }

  function want(state: GameServerState): void {
    if (wanted !== 'Unhealthy') wanted = state
    enqueue('state')
  }

  function ask(state: GameServerState, reserveSeconds = 0): void {
    reservation.abort()
    reservation = new AbortController()
    reserveMs = reserveSeconds * 1000
    want(state)
  }

  async function watchHealth(): Promise<void> {
    const { disabled, periodSeconds, failureThreshold, initialDelaySeconds } =
      gameServer.read().spec.health
    if (disabled) return
    const periodMs = periodSeconds * 1000
    await runtime.sleep(initialDelaySeconds * 1000, stopped.signal)
    for (let failures = 0; failures < failureThreshold;) {
      await runtime.sleep(periodMs, stopped.signal)
      failures = runtime.now() - lastPing > periodMs ? failures + 1 : 0
    }
    log.warn('game server sends no health pings', { gameServer: gameServer.read().objectMeta.name })
    want('Unhealthy')
  }

  const set = (kind: 'labels' | 'annotations', { key, value }: KeyValue) => {
    if (!isLabelKey(key)) throw new SdkRefused('invalid argument: the key is no name', 'argument')
    if (kind === 'labels' && !isLabelValue(value)) {
      throw new SdkRefused(
        'invalid argument: the label value is not 63 plain characters',
        'argument',
      )
    }
    const kept = kind === 'labels' ? labels : annotations
    kept.set(key, value)
    enqueue(kind)
  }
  const counted = (answer: object) => {
    enqueue('counts')
    return answer
  }
  const streams = new Set<() => void>()
  const calls: SdkCalls = {
    ready: () => ask('RequestReady'),
    allocate: () => ask('Allocated'),
    shutdown: () => ask('Shutdown'),
    reserve: ({ seconds }) => ask('Reserved', seconds),
    getGameServer: () => gameServer.read(),
    setLabel: (pair) => set('labels', pair),
    setAnnotation: (pair) => set('annotations', pair),
    ping: () => {
      pings += 1
      lastPing = runtime.now()
    },
    watch: (listener) => {
      listener(gameServer.read())
      const unwatch = gameServer.watch(listener)
      const end = () => {
        unwatch()
        streams.delete(end)
      }
      streams.add(end)
      return end
    },
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

  const server = serveGrpc(calls)
  const port = await bind(server, options.port ?? 0)
  const rest = await startRest(calls)
  watchHealth().catch(() => {
    // Aborted: the sidecar stopped.
  })
  return {
    port,
    httpPort: rest.port,
    pings: () => pings,
    stop: () => {
      stopped.abort()
      for (const end of streams) end()
      rest.stop()
      server.forceShutdown()
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
