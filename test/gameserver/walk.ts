// Walking at the pace of the server, for tests over real sockets.
import type { ZoneClient } from './zone-client.ts'

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Walks for some ticks at the pace of the server. */
export async function walk(
  client: ZoneClient,
  heading: number,
  ticks: number,
  first = 1,
): Promise<number> {
  let next = first
  for (let i = 0; i < ticks; i += 2) {
    const command = { heading, buttons: 1 }
    // A client that fell behind the server's count goes on after it.
    next = Math.max(next, (client.latest()?.ack ?? 0) + 1)
    client.send({ kind: 'input', first: next, commands: [command, command] })
    next += 2
    await pause(100)
  }
  return next
}
