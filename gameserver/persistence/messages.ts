// Messages between tick thread and worker: one request and one answer (4 to 7 microseconds on the tick
// thread; docs/performance.md).
//
// A call is a function of the host store that answers a promise: its name and its arguments cross. So a
// new call is written once, in the host store, and both ends have it.
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import type { Leaderboard } from '#shared/content/content.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import type { DynamoOptions } from '#shared/store/dynamo.ts'
import type { SocketsAt } from '#shared/push/sockets.ts'
import type { LogLevel } from '#shared/telemetry/log.ts'
import type { HostStore } from './host-store.ts'
import type { HostIdentity } from './identity.ts'
import type { LeaseProof } from './lease-keeper.ts'
import type { Blocks, Told } from './persistence.ts'
import type { PublicKeyRow } from './public-keys.ts'

export type WorkerSetup = {
  store: DynamoOptions
  /** Where hints come from; without it the inbox is read with each renewal alone. */
  cache: { url: string; token: string } | undefined
  /** Where the sockets of players outside zones are told; undefined: there are none. */
  sockets: SocketsAt | undefined
  host: HostIdentity
  /** The leaderboards of the content. */
  boards: Leaderboard[]
  logLevel: LogLevel
  /** How many times as fast as the machine's all clocks run. */
  speed: number
}

/** The calls of the tick thread. Arguments and answers are plain data. */
export type WorkerCalls = {
  [
    Name in Exclude<keyof HostStore, 'run'> as HostStore[Name] extends (
      ...args: never[]
    ) => Promise<unknown>
      ? Name
      : never
  ]: HostStore[Name]
} & {
  /** Reads the public keys again. They are known before it ends. */
  readKeys(): Promise<void>
  /** Takes over the effects of the game as its code is now. */
  takeGame(): Promise<void>
}

export type WorkerRequest = { id: number; call: keyof WorkerCalls; args: unknown[] }

/** Messages to the worker besides calls. */
export type WorkerSignal = { signal: 'heartbeat' | 'end' }

export type WorkerMessage =
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'failure'; id: number; error: CrossedError }
  | { kind: 'proof'; proof: LeaseProof }
  | { kind: 'command'; command: Command }
  | { kind: 'maintenance'; planned: RealmMaintenance | undefined }
  | { kind: 'told'; told: Told[] }
  | { kind: 'blocks'; blocks: Blocks }
  | { kind: 'keys'; keys: PublicKeyRow[] }

/** An error as it crosses; `kind` is that of a StoreError. */
export type CrossedError = { name: string; message: string; kind?: string; stack?: string }

export function crossError(error: unknown): CrossedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  const kind = 'kind' in error && typeof error.kind === 'string' ? error.kind : undefined
  return { name, message, ...(kind && { kind }), ...(stack !== undefined && { stack }) }
}

/** The other end's error, with its name, kind and stack. */
export function errorOf({ name, message, kind, stack }: CrossedError): Error {
  const error = Object.assign(new Error(message), kind === undefined ? {} : { kind })
  error.name = name
  if (stack !== undefined) error.stack = stack
  return error
}

/** `own`, and every call that it has not, made by `send`. */
export function withCalls<Own extends object>(
  own: Own,
  send: (call: keyof WorkerCalls, args: unknown[]) => Promise<unknown>,
): Own & Omit<WorkerCalls, keyof Own> {
  return new Proxy(own, {
    get(target, name) {
      // No promise: `then` is no call.
      if (name in target || typeof name === 'symbol' || name === 'then') {
        return Reflect.get(target, name) as unknown
      }
      return (...args: unknown[]) => send(name as keyof WorkerCalls, args)
    },
  }) as Own & Omit<WorkerCalls, keyof Own>
}
