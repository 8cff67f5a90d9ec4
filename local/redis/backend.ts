// What stands behind the HTTP front: the engine in this process, or a Redis somewhere else.
import type { Words } from './request.ts'

/** As JSON has it; numbers beyond 2^53 are rounded. */
export type Reply = string | number | null | Reply[]
export type Result = { result: Reply } | { error: string }

export type Backend = {
  /** Rejects with Unreachable when it is not there at once. The search for it goes on all the same. */
  ready: Promise<void>
  /** Each command has its own outcome; one that fails stops no other. Throws Unreachable. */
  run(commands: Words[]): Promise<Result[]>
  /** As MULTI and EXEC: a command that cannot be queued discards all, which is one error for all. */
  runTogether(commands: Words[]): Promise<Result[] | { error: string }>
  /** All channels or none. Resolves when they are subscribed. Throws Unreachable or RedisError. */
  subscribe(channels: Words, on: Listener): Promise<() => void>
  close(): void
}

export type Listener = {
  message(channel: string, text: string): void
  /** Nothing more will come. Not called after leaving. */
  end(): void
}

/** Redis does not answer. What was sent may have been done. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super('Redis cannot be reached', cause === undefined ? {} : { cause })
    this.name = 'Unreachable'
  }
}

export const discarded = {
  error: 'EXECABORT Transaction discarded because of previous errors.',
}
