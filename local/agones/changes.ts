// Changes that a game server asks its sidecar for. Each is answered at once and happens a moment
// later, several of a kind as one. A refused change is sent again each second, as by the queue of a cluster.
import type { Runtime } from '#shared/runtime.ts'
import type { KeyValue } from './calls.ts'
import type { Counts } from './counts.ts'
import { isLabelKey, isLabelValue } from './game-server.ts'
import type { GameServerObject } from './game-server.ts'
import { SdkRefused } from './refused.ts'
import type { GameServerState } from './wire.ts'

type Kind = 'state' | 'labels' | 'annotations' | 'counts'

export interface Changes {
  /** The game server asks for a state. */
  ask(state: GameServerState, reserveSeconds?: number): void
  /** The sidecar itself wants a state. Unhealthy is final. */
  want(state: GameServerState): void
  /** Throws SdkRefused for an invalid key or value. */
  set(kind: 'labels' | 'annotations', pair: KeyValue): void
  enqueue(kind: Kind): void
}

export type ChangesOptions = {
  gameServer: GameServerObject
  counts: Counts
  /** How long a change waits in the queue, ms. */
  queueMs: number
  runtime: Pick<Runtime, 'sleep'>
  /** Aborted when the sidecar stops: what is queued is lost. */
  stopped: AbortSignal
}

const sdkPrefix = 'agones.dev/sdk-'

export function createChanges(options: ChangesOptions): Changes {
  const { gameServer, counts, queueMs, runtime, stopped } = options
  const labels = new Map<string, string>()
  const annotations = new Map<string, string>()
  const queued = new Set<Kind>()
  let wanted: GameServerState | undefined
  let reserveMs = 0
  let reservation = new AbortController()

  const later = (ms: number, signal: AbortSignal, run: () => void) => {
    const either = AbortSignal.any([stopped, signal])
    runtime.sleep(ms, either).then(run, () => {
      // Aborted: the sidecar stopped, or the reservation was ended.
    })
  }

  function enqueue(kind: Kind): void {
    if (queued.has(kind)) return
    queued.add(kind)
    later(queueMs, stopped, () => {
      queued.delete(kind)
      const done = apply[kind]()
      // A refused change is sent again for ever, a second apart, as the cluster's queue does.
      if (!done && kind !== 'state') later(1000, stopped, () => enqueue(kind))
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
      later(queueMs / 4, stopped, () => {
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

  function set(kind: 'labels' | 'annotations', { key, value }: KeyValue): void {
    checkPair(kind, { key, value })
    const kept = kind === 'labels' ? labels : annotations
    kept.set(key, value)
    enqueue(kind)
  }

  return { ask, want, set, enqueue }
}

function checkPair(kind: 'labels' | 'annotations', { key, value }: KeyValue): void {
  if (!isLabelKey(key)) throw new SdkRefused('invalid argument: the key is no name', 'argument')
  if (kind === 'labels' && !isLabelValue(value)) {
    throw new SdkRefused('invalid argument: the label value is not 63 plain characters', 'argument')
  }
}
