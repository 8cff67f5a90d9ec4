// The store as each process reaches it: one memory store, and between it and a process the faults of the
// plan, latency both ways, and the thread that takes the answer if it runs.
import { createMemoryStore } from '#shared/store/memory.ts'
import type { MemoryStore } from '#shared/store/memory.ts'
import type { Fault, StoreRequest } from '#shared/store/faults.ts'
import type { Store } from '#shared/store/store.ts'
import type { FaultPlan, NetworkState, Reach } from './plan.ts'
import type { Thread } from './process.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** The time-out of the AWS client (shared/store/dynamo.ts), ms. */
const answerTimeoutMs = 2000

export type Caller = {
  slot: number | undefined
  thread: Thread
  onRequest?: (r: StoreRequest) => void
}

export type Network = {
  memory: MemoryStore
  /** A client of the store. `onAnswer` is called with each request that was answered well. */
  client(caller: Caller, onAnswer?: (request: StoreRequest) => void): Store
  /** Faults that the store has played. */
  played(): number
  requests(): number
  /** Since when the store has no fault for a host, or for functions, virtual ms. */
  clearSince(slot: number | undefined): number | undefined
  /** Whether a slot had no fault since then but a store that no process could reach. */
  sharedFate(slot: number, since: number): boolean
  /** For how long in that time a slot had a fault. */
  disturbedMs(slot: number, from: number, to: number): number
}

export function createNetwork(
  scheduler: Scheduler,
  seed: number,
  faults: readonly FaultPlan[],
  onApplied: (request: StoreRequest) => void,
): Network {
  // The streams keep this name: another one would give each seed another run.
  const networkFaults = faults.flatMap((fault, i) =>
    fault.kind === 'network'
      ? [{ ...fault, random: createRandom(seed, `weather ${i} ${fault.at}`) }]
      : [],
  )
  const latency = createRandom(seed, 'latency')
  let caller: Caller | undefined
  let played = 0
  let requests = 0

  const meets = (reach: Reach, slot: number | undefined) =>
    reach.who === 'all' || (reach.who === 'slot' ? reach.slot === slot : slot === undefined)

  function draw(request: StoreRequest): Fault {
    const now = scheduler.now()
    const clear: Fault = { kind: 'delay', ms: latency.int(1, 7) }
    const from = caller
    if (from === undefined) return clear
    requests++
    from.onRequest?.(request)
    for (const planned of networkFaults) {
      if (now < planned.at || now >= planned.at + planned.ms) continue
      if (!meets(planned.reach, from.slot)) continue
      const fault = play(planned.state, planned.random, request)
      if (fault === undefined) continue
      played++
      return fault
    }
    return clear
  }

  const memory = createMemoryStore({
    runtime: {
      now: scheduler.now,
      sleep: async (ms) => await new Promise((resolve) => scheduler.after(ms, resolve)),
    },
    answerTimeoutMs,
    faults: draw,
    onApplied,
  })

  function client(own: Caller, onAnswer?: (request: StoreRequest) => void): Store {
    const send = async <T>(operation: () => Promise<T>): Promise<T> =>
      await new Promise<T>((resolve, reject) => {
        let sent: StoreRequest | undefined
        const answer = (deliver: () => void) =>
          scheduler.after(latency.int(1, 7), () => own.thread.enter(deliver))
        caller = { ...own, onRequest: (request) => ((sent = request), own.onRequest?.(request)) }
        // The store asks for faults before it first waits, so `caller` is the sender of the request.
        const outcome = operation()
        caller = undefined
        outcome.then(
          (value) =>
            answer(() => {
              if (sent !== undefined) onAnswer?.(sent)
              resolve(value)
            }),
          (error: unknown) => answer(() => reject(error)),
        )
      })
    return {
      get: async (request) => await send(async () => await memory.get(request)),
      query: async (request) => await send(async () => await memory.query(request)),
      put: async (request) => await send(async () => await memory.put(request)),
      update: async (request) => await send(async () => await memory.update(request)),
      delete: async (request) => await send(async () => await memory.delete(request)),
      transact: async (writes) => await send(async () => await memory.transact(writes)),
    }
  }

  return {
    memory,
    client,
    played: () => played,
    requests: () => requests,
    clearSince(slot) {
      const now = scheduler.now()
      let since = 0
      for (const { at, ms, reach } of networkFaults) {
        if (!meets(reach, slot) || at > now) continue
        if (at + ms > now) return undefined
        since = Math.max(since, at + ms)
      }
      return since
    },
    sharedFate(slot, since) {
      const met = networkFaults.filter(
        (one) => one.at + one.ms > since && one.at <= scheduler.now(),
      )
      return met.every(
        ({ state, reach }) =>
          !meets(reach, slot) ||
          (reach.who === 'all' && (state === 'refused' || state === 'silent')),
      )
    },
    disturbedMs(slot, from, to) {
      let sum = 0
      for (const { at, ms, reach } of networkFaults) {
        if (meets(reach, slot)) sum += Math.max(0, Math.min(to, at + ms) - Math.max(from, at))
      }
      return sum
    },
  }
}

function play(state: NetworkState, random: Random, request: StoreRequest): Fault | undefined {
  const write = request.operation !== 'get' && request.operation !== 'query'
  const roll = random.next()
  switch (state) {
    case 'conflicts':
      if (roll < 0.25 && write) return { kind: 'conflict' }
      return roll < 0.4 ? { kind: 'throttle' } : undefined
    case 'lossy':
      if (roll < 0.15) return { kind: 'loseRequest' }
      return roll < 0.4 ? { kind: 'loseAnswer' } : undefined
    case 'late':
      return roll < 0.3 ? { kind: 'applyLate', ms: random.int(1000, 20_000) } : undefined
    case 'slow':
      return roll < 0.6 ? { kind: 'delay', ms: random.int(100, answerTimeoutMs - 50) } : undefined
    case 'stuck':
      return request.operation === 'transact' && roll < 0.95 ? { kind: 'conflict' } : undefined
    case 'refused':
      return { kind: 'outage' }
    case 'silent':
      return { kind: 'loseRequest' }
  }
}
