// Agones' sidecar as a game server meets it in a cluster, not as the SDK's local mode has it:
// - a change is answered at once and happens a moment later (`queueMs`), several of a kind as one;
// - `ready` asks the controller, which makes it Ready after that;
// - labels and annotations get the prefix `agones.dev/sdk-`; one that Kubernetes refuses is answered
//   with success, and holds back all later ones of its kind, because they are sent together;
// - who does not ping becomes Unhealthy, which is final; a sidecar that restarts counts anew;
// - a watch sends the whole object first, then after each change.
import * as grpc from '@grpc/grpc-js'
import type { Log } from '#shared/telemetry/log.ts'
import type { Runtime } from '#shared/runtime.ts'
import { CountsRefused, createCounts } from './counts.ts'
import type { GameServerObject } from './game-server.ts'
import { betaService, stableService } from './wire.ts'
import type { GameServerState, WireGameServer } from './wire.ts'

export type SidecarOptions = {
  gameServer: GameServerObject
  /** 0 or absent: a free one. */
  port?: number
  /** How long a change lies in the queue, ms. A cluster takes about 500. */
  queueMs?: number
  runtime: Pick<Runtime, 'now' | 'sleep'>
  log: Log
}

export type Sidecar = {
  port: number
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

  const server = new grpc.Server()
  const streams = new Set<() => void>()
  server.addService(stableService, {
    Ready: answering<object>(() => ask('RequestReady')),
    Allocate: answering<object>(() => ask('Allocated')),
    Shutdown: answering<object>(() => ask('Shutdown')),
    Reserve: answering<{ seconds: number }>(({ seconds }) => ask('Reserved', seconds)),
    GetGameServer: answering<object>(() => gameServer.read()),
    SetLabel: answering<KeyValue>(({ key, value }) => {
      labels.set(key, value)
      enqueue('labels')
    }),
    SetAnnotation: answering<KeyValue>(({ key, value }) => {
      annotations.set(key, value)
      enqueue('annotations')
    }),
    Health: (call: grpc.ServerReadableStream<object, object>, done: grpc.sendUnaryData<object>) => {
      call.on('data', () => {
        pings += 1
        lastPing = runtime.now()
      })
      call.on('end', () => done(null, {}))
      call.on('error', () => {})
    },
    WatchGameServer: (call: grpc.ServerWritableStream<object, WireGameServer>) => {
      call.write(gameServer.read())
      const end = gameServer.watch((object) => call.write(object))
      streams.add(end)
      const close = () => {
        end()
        streams.delete(end)
      }
      call.on('cancelled', close)
      call.on('error', close)
    },
  })
  const counted = <Request>(run: (request: Request) => object | void) =>
    answering<Request>((request) => {
      const answer = run(request)
      if (answer === undefined) enqueue('counts')
      return answer
    })
  server.addService(betaService, {
    GetCounter: counted<Named>(({ name }) => counts.counter(name)),
    GetList: counted<Named>(({ name }) => counts.list(name)),
    UpdateCounter: counted<UpdateCounter>(({ counterUpdateRequest: update }) => {
      if (!update) throw new CountsRefused('counterUpdateRequest is missing')
      const { name, count, capacity, countDiff: diff } = update
      counts.updateCounter({ name, count: count?.value, capacity: capacity?.value, diff })
    }),
    UpdateList: counted<UpdateList>(({ list, updateMask }) => {
      if (!list) throw new CountsRefused('list is missing')
      counts.updateList(list.name, list.capacity, updateMask?.paths ?? [])
    }),
    AddListValue: counted<ListValue>(({ name, value }) => counts.addListValue(name, value)),
    RemoveListValue: counted<ListValue>(({ name, value }) => counts.removeListValue(name, value)),
  })

  const port = await bind(server, options.port ?? 0)
  watchHealth().catch(() => {
    // Aborted: the sidecar stopped.
  })
  return {
    port,
    pings: () => pings,
    stop: () => {
      stopped.abort()
      for (const end of streams) end()
      server.forceShutdown()
    },
  }
}

type Named = { name: string }
type KeyValue = { key: string; value: string }
type ListValue = { name: string; value: string }
type UpdateCounter = {
  counterUpdateRequest: {
    name: string
    count: { value: number } | null
    capacity: { value: number } | null
    countDiff: number
  } | null
}
type UpdateList = {
  list: { name: string; capacity: number } | null
  updateMask: { paths: string[] } | null
}

/** A handler from a plain function; what it returns is the answer, nothing means an empty one. */
function answering<Request>(
  run: (request: Request) => object | void,
): grpc.handleUnaryCall<Request, object> {
  return (call, done) => {
    try {
      done(null, run(call.request) ?? {})
    } catch (error) {
      // Agones answers every refusal with UNKNOWN: codes say nothing.
      const details = error instanceof CountsRefused ? error.message : 'internal error'
      done({ code: grpc.status.UNKNOWN, details })
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
