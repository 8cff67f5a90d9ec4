// Health pings. They go out on one client-streaming call, which the sidecar answers only when it is ended:
// - gRPC keeps every message of a call that has no answer, for a retry, and each of these 5-byte messages
//   pins the 64 KB slab of the buffer pool that it was cut from: 230 MB an hour under players. So a stream
//   is ended after `pingsPerStream`, and the next ping opens another;
// - a stream that broke is never replaced by the SDK: it is dropped, and the next ping opens another.
//
// No ping is lost in between: a stream delivers what was written to it before its end.
import type * as Grpc from '@grpc/grpc-js'
import type { Log } from '#shared/telemetry/log.ts'
import type { Sdk } from './sdk.ts'

/** At one a second, half a minute: 2 MB are pinned at most. */
const pingsPerStream = 30

/** Returns a function that sends one ping. It never fails. */
export function createPings(sdk: Sdk, log: Log, closed: AbortSignal): () => void {
  let pinging = true
  let pings = 0

  const lost = (error?: unknown) => {
    if (pinging && !closed.aborted) log.warn('agones health pings are lost', { error })
    pinging = false
  }

  const opened = (stream: Grpc.ClientWritableStream<unknown>) => {
    pings = 0
    pinging = true
    const dropped = (error?: unknown) => {
      if (sdk.healthStream !== stream) return
      sdk.healthStream = undefined
      lost(error)
    }
    stream.on('error', dropped)
    stream.on('status', () => dropped())
    stream.on('metadata', () => {})
  }

  return () => {
    if (closed.aborted) return
    const before = sdk.healthStream
    sdk.health(lost)
    const stream = sdk.healthStream
    if (stream === undefined) return
    if (stream !== before) opened(stream)
    pings++
    if (pings < pingsPerStream) return
    sdk.healthStream = undefined
    // Should the sidecar never answer it, its deadline ends it (sdk.ts).
    stream.end()
  }
}
