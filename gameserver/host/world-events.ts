// Tells the zones of this host which events of the content are on, and players that one begins soon. Each second the
// clock is held against the content. A world keeps what it was told, so it is asked of the world and kept nowhere else:
// a step that failed, or a host that stood still, is told again.
import type { WorldEvent } from '#shared/content/content.ts'
import { occurrenceAfter, occurrenceNow } from '#shared/content/schedule.ts'
import type { Runtime } from '#shared/runtime.ts'
import { broadcast } from '../instance/delivery.ts'
import type { Instance } from '../instance/instance.ts'
import type { Running } from './running.ts'

/** Returns a function to be called about each second. */
export function createWorldEvents(deps: {
  running: readonly Pick<Running, 'instance'>[]
  runtime: Pick<Runtime, 'now'>
}): () => void {
  const { running, runtime } = deps
  /** The beginnings that were announced, by event. */
  const announced = new Map<string, number>()
  let lookedAt = runtime.now()

  /** True once for each occurrence, when its time to be announced comes while this host runs. */
  const isDue = (event: WorldEvent, now: number): boolean => {
    const next = occurrenceAfter(event, now)
    if (next === undefined || event.announceMinutes === 0) return false
    const from = next.startsAt - event.announceMinutes * 60_000
    if (now < from || announced.get(event.id) === next.startsAt) return false
    announced.set(event.id, next.startsAt)
    return lookedAt < from
  }

  return () => {
    const now = runtime.now()
    const first = running[0]?.instance
    if (first === undefined) return
    for (const event of first.content.events.values()) {
      if (!isDue(event, now)) continue
      const { announceMinutes: minutes, name } = event
      const text = `In ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}: ${name}. ${event.text}`
      for (const { instance } of running) broadcast(instance, { kind: 'announce', text })
    }
    lookedAt = now
    for (const { instance } of running) tellWorld(instance, now)
  }
}

function tellWorld(instance: Instance, now: number): void {
  if (instance.frozen || instance.broken) return
  const { content, world, zone } = instance
  const on = [...content.events.values()].flatMap((event) => {
    if (event.zone !== undefined && event.zone !== zone.id) return []
    const occurrence = occurrenceNow(event, now)
    if (occurrence === undefined) return []
    return [{ event: event.id, startsAt: occurrence.startsAt, endsAt: occurrence.endsAt }]
  })
  const known = on.every(({ event, startsAt }) => world.happening.get(event)?.startsAt === startsAt)
  if (known && on.length === world.happening.size) return
  instance.inputs.push({ input: 'worldEvents', at: now, on })
}
