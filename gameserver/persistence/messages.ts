// What crosses between tick thread and worker: plain messages, one request and one answer
// (4 to 7 microseconds on the tick thread; docs/performance.md).
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { InstanceState } from '#shared/ownership/places.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import type { DynamoOptions } from '#shared/store/dynamo.ts'
import type { HostIdentity } from './identity.ts'
import type { Clocks, LeaseProof } from './lease-keeper.ts'
import type { Leaving } from './persistence.ts'
import type { PublicKeyRow } from './public-keys.ts'

export type WorkerSetup = {
  store: DynamoOptions
  /** Where hints come from; without it the inbox is read with each renewal alone. */
  cache: { url: string; token: string } | undefined
  host: HostIdentity
}

export type WorkerCall =
  | { method: 'open' }
  | { method: 'claim'; ticket: Ticket }
  | { method: 'leave'; leaving: Leaving }
  | { method: 'checkpoint'; instance: string; entries: CheckpointEntry[] }
  | { method: 'letGo'; characterId: string; epoch: number }
  | { method: 'prove' }
  | { method: 'setState'; state: InstanceState }
  | { method: 'release' }

export type WorkerRequest = WorkerCall & { id: number }

export type WorkerMessage =
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'failure'; id: number; message: string }
  | { kind: 'proof'; proof: LeaseProof }
  | { kind: 'command'; command: Command }
  | { kind: 'keys'; keys: PublicKeyRow[] }

/** Both threads must read the same clocks: performance.now() counts from each thread's own start. */
export const processClocks: Clocks = {
  now: () => Date.now(),
  monotonic: () => Number(process.hrtime.bigint() / 1000n) / 1000,
}
