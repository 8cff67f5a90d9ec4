// A host in a process of its own and a crowd over real sockets on this machine: what the sends add.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Zone } from '#shared/content/content.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import type { HostStats } from '#gameserver/host.ts'
import { createWalker } from './crowd.ts'

export type SocketsResult = {
  p50Ms: number
  p99Ms: number
  skipped: number
  bytesPerPlayerSecond: number
  framesPerPlayerSecond: number
  /** Share of one core that the host's process used. */
  hostCores: number
  hostRssMiB: number
}

/** What the host's process answers to `measure`. */
export type Measured = { stats: HostStats; cpuMicros: number; at: number; rss: number }

export async function measureSockets(
  zone: Zone,
  players: number,
  seconds: number,
): Promise<SocketsResult> {
  const host = fork(new URL('zone-host.ts', import.meta.url), [JSON.stringify(zone), `${players}`])
  const { port, tickets } = await answer<{ port: number; tickets: string[] }>(host)
  const crowd: Awaited<ReturnType<typeof join>>[] = []
  for (const [i, ticket] of tickets.entries()) crowd.push(await join(port, ticket, zone, i + 1))
  const pace = setInterval(
    () => {
      for (const { socket, walker } of crowd) socket.send(walker.input())
    },
    (2 * 1000) / zone.tickHz,
  )
  const measure = async () => {
    host.send('measure')
    return answer<Measured>(host)
  }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  await pause(10_000)
  const before = await measure()
  await pause(seconds * 1000)
  const after = await measure()
  clearInterval(pace)
  for (const { socket } of crowd) socket.terminate()
  const exited = once(host, 'exit')
  host.send('stop')
  await exited
  const elapsed = (after.at - before.at) / 1000
  const { p50Ms, p99Ms, skipped } = after.stats.ticks
  return {
    p50Ms,
    p99Ms,
    skipped: skipped - before.stats.ticks.skipped,
    bytesPerPlayerSecond: (after.stats.bytes.sent - before.stats.bytes.sent) / players / elapsed,
    framesPerPlayerSecond: (after.stats.frames.sent - before.stats.frames.sent) / players / elapsed,
    hostCores: (after.cpuMicros - before.cpuMicros) / 1e6 / elapsed,
    hostRssMiB: after.rss / 1024 / 1024,
  }
}

async function answer<T>(host: ReturnType<typeof fork>): Promise<T> {
  const [message] = (await once(host, 'message')) as [T]
  return message
}

async function join(port: number, ticket: string, zone: Zone, seed: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/zone`, { perMessageDeflate: false })
  await once(socket, 'open')
  const walker = createWalker(seed, zone.tickHz)
  socket.on('message', (frame: Buffer) => {
    // SNAPSHOT alone: the acknowledged number stands behind tick, flags, time scale and what waits.
    if (frame[1] === 0x82) walker.acknowledged(frame.readUInt32LE(10))
  })
  socket.send(encodeClientFrame({ kind: 'join', ticket }))
  await once(socket, 'message')
  return { socket, walker }
}
