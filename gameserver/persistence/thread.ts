// The tick thread's end of the worker. Bounded: beyond `workerCallsMax` calls in flight new ones fail
// at once. When the worker dies every waiting call fails, and later ones do too: the host then stops.
import { Worker } from 'node:worker_threads'
import { workerCallsMax } from '#shared/limits.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import { leaseView } from './lease-keeper.ts'
import type { Clocks, LeaseProof } from './lease-keeper.ts'
import { errorOf, withCalls } from './messages.ts'
import type { WorkerCalls, WorkerMessage, WorkerRequest, WorkerSetup } from './messages.ts'
import type { Blocks, Persistence, Told } from './persistence.ts'
import type { PublicKeyRow } from './public-keys.ts'

/** Time for the thread to end by itself, ms. */
const endMs = 500

export type PersistenceThread = Persistence &
  WorkerCalls & {
    /** Ends the thread. */
    close(): Promise<void>
    /** Resolves when the worker has ended unasked, with the reason. */
    died: Promise<Error>
  }

export function startPersistenceThread(
  setup: WorkerSetup,
  onKeys: (keys: PublicKeyRow[]) => Promise<void>,
  /** Those of the worker. */
  clocks: Clocks,
): PersistenceThread {
  // Packed, it lies beside this file as JavaScript (local/bundle.ts).
  const name = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(name, import.meta.url), { workerData: setup })
  const { send, settle, fail, ended } = createCalls((message) => worker.postMessage(message))
  const calls = withCalls({}, send)
  let closing = false
  let keysTaken: Promise<void> | undefined
  let apply: ((command: Command) => void) | undefined
  let plan: Parameters<Persistence['onMaintenance']>[0] | undefined
  let planned: RealmMaintenance | undefined
  let tell: ((told: Told[]) => void) | undefined
  let learn: ((blocks: Blocks) => void) | undefined
  let proof: LeaseProof = {
    wall: Number.NEGATIVE_INFINITY,
    monotonic: Number.NEGATIVE_INFINITY,
    lost: false,
    lapses: 0,
  }

  worker.on('message', (message: WorkerMessage) => {
    switch (message.kind) {
      case 'proof':
        proof = message.proof
        return
      case 'command':
        apply?.(message.command)
        return
      case 'told':
        tell?.(message.told)
        return
      case 'blocks':
        learn?.(message.blocks)
        return
      case 'maintenance':
        planned = message.planned
        plan?.(planned)
        return
      case 'keys':
        keysTaken = onKeys(message.keys)
        return
      case 'answer':
      case 'failure':
        settle(message)
    }
  })
  const died = new Promise<Error>((resolve) => {
    const end = (error: Error) => {
      fail(error)
      if (!closing) resolve(error)
    }
    worker.on('error', (error: Error) => end(error))
    worker.on('exit', (code) => end(new Error(`the persistence worker ended (${code})`)))
  })

  let heartbeatAt = Number.NEGATIVE_INFINITY
  const own = {
    // The worker is too far behind, or has ended.
    claim: (ticket) => calls.claim(ticket).catch(() => ({ outcome: 'unavailable' }) as const),
    checkpoint: (instance, entries) =>
      calls.checkpoint(instance, entries).catch(() => 'unavailable' as const),
    prove: () => calls.prove().catch(() => 'unavailable' as const),
    readKeys: async () => {
      await calls.readKeys()
      await keysTaken
    },
    onCommand(handler) {
      apply = handler
    },
    onMaintenance(handler) {
      plan = handler
      // The worker may have read it before there was a host.
      if (planned !== undefined) handler(planned)
    },
    onTold(handler) {
      tell = handler
    },
    onBlocks(handler) {
      learn = handler
    },
    lease: () => leaseView(proof, clocks),
    heartbeat() {
      // A few a second are enough for a lease renewed each second.
      const now = clocks.monotonic()
      if (now - heartbeatAt < 200 || ended() !== undefined) return
      heartbeatAt = now
      worker.postMessage({ signal: 'heartbeat' })
    },
    async close() {
      closing = true
      worker.postMessage({ signal: 'end' })
      // A write that is repeated until its outcome is clear would keep the thread alive.
      const cut = setTimeout(() => void worker.terminate(), endMs)
      await new Promise<void>((resolve) => {
        if (ended() !== undefined) return resolve()
        worker.once('exit', () => resolve())
      })
      clearTimeout(cut)
    },
    died,
  } satisfies Partial<PersistenceThread>
  return withCalls(own, send)
}

/** The calls under way: each waits for the answer with its number. */
function createCalls(post: (request: WorkerRequest) => void) {
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >()
  let nextId = 1
  let ended: Error | undefined

  async function send(call: keyof WorkerCalls, args: unknown[]): Promise<unknown> {
    if (ended !== undefined) throw ended
    if (waiting.size >= workerCallsMax) throw new Error('the persistence worker is too far behind')
    const id = nextId++
    return await new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      post({ id, call, args })
    })
  }

  return {
    send,
    settle(message: Extract<WorkerMessage, { id: number }>) {
      const call = waiting.get(message.id)
      waiting.delete(message.id)
      if (message.kind === 'answer') call?.resolve(message.value)
      else call?.reject(errorOf(message.error))
    },
    /** Fails all calls that wait, and all later ones. */
    fail(error: Error) {
      ended ??= error
      for (const call of waiting.values()) call.reject(error)
      waiting.clear()
    },
    ended: () => ended,
  }
}
