// The time at the server. The clock of a player's device may be wrong by any amount, and the server judges
// the time in the ids of operations. So ids are made by the server's clock. The header Date of each answer
// has that time.
import type { Runtime } from '#shared/runtime.ts'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type ServerTime = {
  /** Unix ms by the server's clock to about a second; by the device's until the first answer. */
  now(): number
  /** Sends a request and learns from its answer. Not for answers of a cache: their Date is old. */
  fetch: Fetch
}

export function createServerTime(runtime: Pick<Runtime, 'now'>, fetch: Fetch): ServerTime {
  let aheadMs = 0
  return {
    now: () => Math.max(0, Math.round(runtime.now() + aheadMs)),
    async fetch(url, init) {
      const sentAt = runtime.now()
      const response = await fetch(url, init)
      const serverTime = Date.parse(response.headers.get('date') ?? '')
      // The header has whole seconds, rounded down. It was written half a round trip ago.
      if (!Number.isNaN(serverTime)) aheadMs = serverTime + 500 - (sentAt + runtime.now()) / 2
      return response
    },
  }
}
