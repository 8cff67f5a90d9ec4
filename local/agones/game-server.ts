// The game server object, as the API server of a cluster keeps it: all parties read, change and watch this one
// object. The sidecar before it may restart. The object stays.
import type { Log } from '#shared/telemetry/log.ts'
import { formatUuid } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { GameServerState, WireGameServer } from './wire.ts'

export type GameServerOptions = {
  name: string
  labels: Record<string, string>
  address: string
  ports: { name: string; port: number }[]
  /** Agones' defaults: every 5 s, 3 failures, first looked at after 5 s. */
  health?: Partial<WireGameServer['spec']['health']>
  counters?: WireGameServer['status']['counters']
  lists?: WireGameServer['status']['lists']
  runtime: Pick<Runtime, 'now' | 'randomBytes'>
  log: Log
}

export interface GameServerObject {
  /** The object now. Do not change it. */
  read(): Readonly<WireGameServer>
  /**
   * Changes it, unless the change is refused as the cluster refuses it: a label or annotation that
   * Kubernetes does not take (then nothing of the change happens). Answers whether it happened.
   */
  update(change: (draft: WireGameServer) => void): boolean
  /** Moves to a state, unless it is Unhealthy or being deleted: both are final. */
  move(state: GameServerState): boolean
  /** Calls the listener after each change, with the whole object. Returns a function that ends the watch. */
  watch(listener: (object: Readonly<WireGameServer>) => void): () => void
}

export function createGameServer(options: GameServerOptions): GameServerObject {
  const { runtime, log } = options
  const listeners = new Set<(object: Readonly<WireGameServer>) => void>()
  let object: WireGameServer = {
    objectMeta: {
      name: options.name,
      namespace: 'default',
      uid: formatUuid(runtime.randomBytes(16)),
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: Math.floor(runtime.now() / 1000),
      deletionTimestamp: 0,
      annotations: {},
      labels: { ...options.labels },
    },
    spec: {
      health: {
        disabled: false,
        periodSeconds: 5,
        failureThreshold: 3,
        initialDelaySeconds: 5,
        ...options.health,
      },
    },
    status: {
      state: 'Scheduled',
      address: options.address,
      addresses: [{ type: 'InternalIP', address: options.address }],
      ports: options.ports,
      counters: options.counters ?? {},
      lists: options.lists ?? {},
    },
  }

  function update(change: (draft: WireGameServer) => void): boolean {
    const draft = structuredClone(object)
    change(draft)
    const refusal = refuse(draft)
    if (refusal !== undefined) {
      log.warn('game server change refused', { gameServer: options.name, refusal })
      return false
    }
    const { objectMeta } = draft
    objectMeta.resourceVersion = String(Number(objectMeta.resourceVersion) + 1)
    objectMeta.generation += 1
    object = draft
    // A listener that moves the state again runs inside this loop. All listeners get the newest object last.
    for (const listener of listeners) listener(object)
    return true
  }

  return {
    read: () => object,
    update,
    move: (state) => {
      const { state: from } = object.status
      const deleted = object.objectMeta.deletionTimestamp > 0 || from === 'Shutdown'
      if (deleted || from === 'Unhealthy') return false
      return update((draft) => {
        draft.status.state = state
        if (state === 'Allocated') {
          const stamp = new Date(runtime.now()).toISOString()
          draft.objectMeta.annotations['agones.dev/last-allocated'] = stamp
        }
      })
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

// Kubernetes' rules for keys and label values ("Labels and Selectors", syntax and character set).
const name = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
const prefix = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
const annotationsMaxBytes = 256 * 1024

function refuse({ objectMeta }: WireGameServer): string | undefined {
  for (const [key, value] of Object.entries(objectMeta.labels)) {
    if (!isLabelKey(key)) return 'a label key is not a qualified name'
    if (!isLabelValue(value)) return 'a label value is not 63 plain characters'
  }
  let bytes = 0
  for (const [key, value] of Object.entries(objectMeta.annotations)) {
    if (!isLabelKey(key)) return 'an annotation key is not a qualified name'
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  return bytes > annotationsMaxBytes ? 'the annotations are larger than 256 KiB' : undefined
}

export function isLabelValue(value: string): boolean {
  return value === '' || name.test(value)
}

export function isLabelKey(key: string): boolean {
  const parts = key.split('/')
  if (parts.length > 2) return false
  const [first, second] = parts
  return second === undefined ? name.test(first!) : prefix.test(first!) && name.test(second)
}
