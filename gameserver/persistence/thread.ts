// The tick thread's end of the worker. Bounded: beyond `workerCallsMax` calls in flight new ones fail
// at once. When the worker dies every waiting call fails, and later ones do too: the host then stops.
import { Worker } from 'node:worker_threads'
import { workerCallsMax } from '#shared/limits.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { InstanceState } from '#shared/ownership/places.ts'
import { leaseView } from './lease-keeper.ts'
import type { LeaseProof } from './lease-keeper.ts'
import { processClocks } from './messages.ts'
import type { WorkerCall, WorkerMessage, WorkerSetup } from './messages.ts'
import type { ClaimOutcome, Persistence } from './persistence.ts'
import type { PublicKeyRow } from './public-keys.ts'

export type PersistenceThread = Persistence & {
  /** Writes lease and instance rows and loads the public keys. */
  open(): Promise<void>
  setState(state: InstanceState): Promise<void>
  release(): Promise<void>
  /** Ends the thread. */
  close(): Promise<void>
  /** Resolves when the worker has ended by itself, with the reason. */
  died: Promise<Error>
}

export function startPersistenceThread(
  setup: WorkerSetup,
  onKeys: (keys: PublicKeyRow[]) => void,
): PersistenceThread {
  // Packed, it lies beside this file as JavaScript (local/bundle.ts).
  const name = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(name, import.meta.url), { workerData: setup })
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >()
  let nextId = 1
  let ended: Error | undefined
  let closing = false
  let apply: ((command: Command) => void) | undefined
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
      case 'keys':
        onKeys(message.keys)
        return
      case 'answer':
        waiting.get(message.id)?.resolve(message.value)
        break
      case 'failure':
        waiting.get(message.id)?.reject(new Error(message.message))
        break
    }
    waiting.delete(message.id)
  })
  const died = new Promise<Error>((resolve) => {
    const end = (error: Error) => {
      ended ??= error
      for (const call of waiting.values()) call.reject(error)
      waiting.clear()
      if (!closing) resolve(error)
    }
    worker.on('error', (error: Error) => end(error))
    worker.on('exit', (code) => end(new Error(`the persistence worker ended (${code})`)))
  })

  async function call<T>(request: WorkerCall): Promise<T> {
    if (ended !== undefined) throw ended
    if (waiting.size >= workerCallsMax) throw new Error('the persistence worker is too far behind')
    const id = nextId++
    return await new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      worker.postMessage({ ...request, id })
    })
  }

  let beatenAt = Number.NEGATIVE_INFINITY
  return {
    open: async () => await call({ method: 'open' }),
    setState: async (state) => await call({ method: 'setState', state }),
    release: async () => await call({ method: 'release' }),
    claim: async (ticket) =>
      await call<ClaimOutcome>({ method: 'claim', ticket }).catch(() => ({
        outcome: 'unavailable' as const,
      })),
    leave: async (leaving) => await call({ method: 'leave', leaving }),
    checkpoint: async (instance, entries) =>
      await call<'saved' | 'unavailable'>({ method: 'checkpoint', instance, entries }).catch(
        () => 'unavailable' as const,
      ),
    letGo: async (characterId, epoch) => await call({ method: 'letGo', characterId, epoch }),
    onCommand(handler) {
      apply = handler
    },
    prove: async () =>
      await call<'held' | 'lost' | 'unavailable'>({ method: 'prove' }).catch(
        () => 'unavailable' as const,
      ),
    lease: () => leaseView(proof, processClocks),
    beat() {
      // A few a second are enough for a lease renewed each second.
      const now = processClocks.monotonic()
      if (now - beatenAt < 200 || ended !== undefined) return
      beatenAt = now
      worker.postMessage({ method: 'beat' })
    },
    async close() {
      closing = true
      worker.postMessage({ method: 'end' })
      await new Promise<void>((resolve) => {
        if (ended !== undefined) return resolve()
        worker.once('exit', () => resolve())
      })
    },
    died,
  }
}
