// One instance and a crowd, without sockets: what a tick costs by itself. Ticks follow each other as fast
// as they can; the clock that the instance is given goes on by one tick each.
import { GCProfiler } from 'node:v8'
import { createDurations } from '#gameserver/instance/durations.ts'
import { createAllowances } from '#gameserver/instance/allowances.ts'
import { createVoices } from '#gameserver/instance/voices.ts'
import { admit } from '#gameserver/instance/entry.ts'
import { createInstance } from '#gameserver/instance/instance.ts'
import { tickInstance } from '#gameserver/instance/tick.ts'
import { coreRules } from '#gameserver/sim/rules.ts'
import { openConnection } from '#gameserver/net/client-connection.ts'
import type { Door } from '#gameserver/net/client-connection.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { createFakePersistence } from '../gameserver/fake-persistence.ts'
import { createWalker } from './crowd.ts'

export type WorldResult = {
  p50Ms: number
  p99Ms: number
  meanMs: number
  bytesPerPlayerSecond: number
  framesPerPlayerSecond: number
  heapBytesPerTick: number
}

export async function measureWorld(
  content: Content,
  zone: Zone,
  players: number,
  seconds: number,
  rules = coreRules,
): Promise<WorldResult> {
  let now = 0
  let bytes = 0
  let frames = 0
  let stays = 0
  const instance = createInstance({
    id: 'bench-1',
    zone,
    content,
    rules,
    persistence: createFakePersistence(),
    runtime: { now: () => now, randomBytes: (n) => new Uint8Array(n), sleep: async () => {} },
    monotonic: () => now,
    log: silentLog,
    seed: 1,
    nextStay: () => ++stays,
    allowances: createAllowances(),
    voices: createVoices(),
  })
  const door: Door = {
    join: (client, name) =>
      admit(
        instance,
        {
          characterId: name,
          accountId: 'bench',
          name,
          race: 'human',
          job: 'mage',
          epoch: 1,
          saveNumber: 0,
          saved: { zone: 'elsewhere', x: 0, y: 0, heading: 0 },
        },
        client,
      ),
    resume: () => undefined,
  }
  const connection = {
    send(frame: Uint8Array) {
      bytes += frame.length
      frames++
    },
    close: (reason: string) => {
      throw new Error(`the host closed a walker: ${reason}`)
    },
    backlogBytes: 0,
    open: true,
  }
  const crowd = Array.from({ length: players }, (_, i) => {
    const { listener } = openConnection(
      connection,
      door,
      () => now,
      () => {},
    )
    const name = `Walker${i}`
    listener.frame(new Uint8Array([0x20, 0x01, name.length, 0, ...Buffer.from(name), 0]))
    return { listener, walker: createWalker(i + 1, zone.tickHz) }
  })

  // WELCOME: from here on they may send.
  tickInstance(instance, now)

  const tickMs = 1000 / zone.tickHz
  let ticked = 0
  const run = (count: number, measured: (ms: number) => void) => {
    for (let n = 0; n < count; n++, ticked++) {
      for (let i = 0; i < crowd.length; i++) {
        const { listener, walker } = crowd[i]!
        if ((ticked + i) % 2 === 0) listener.frame(walker.input())
      }
      now += tickMs
      const began = performance.now()
      tickInstance(instance, now)
      measured(performance.now() - began)
    }
  }
  // They spread from the spawn, and the engine compiles, before anything is counted.
  run(30 * zone.tickHz, () => {})

  bytes = 0
  frames = 0
  const ticks = seconds * zone.tickHz
  const durations = createDurations()
  let totalMs = 0
  const heapBefore = process.memoryUsage().heapUsed
  const collections = new GCProfiler()
  collections.start()
  run(ticks, (ms) => {
    durations.add(ms)
    totalMs += ms
  })
  const { statistics } = collections.stop()
  // The heap has allocated what it grew by, and what was collected meanwhile.
  const collected = statistics.reduce(
    (sum, { beforeGC, afterGC }) =>
      sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    0,
  )
  const allocated = process.memoryUsage().heapUsed - heapBefore + collected
  const { p50Ms, p99Ms } = durations.summary()
  return {
    p50Ms,
    p99Ms,
    meanMs: totalMs / ticks,
    bytesPerPlayerSecond: bytes / players / seconds,
    framesPerPlayerSecond: frames / players / seconds,
    heapBytesPerTick: allocated / ticks,
  }
}
