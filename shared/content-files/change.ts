// From one content to the next while the world goes on (development).
import type { Content, Zone } from '../content/content.ts'
import type { LoadedContent } from './load.ts'

/** A running zone depends on these fields: its world, its row in the store, its clients. */
const fixed = ['width', 'height', 'tickHz', 'capacity'] as const satisfies (keyof Zone)[]

/** The reasons why a running process cannot take the next content; empty when it can. */
export function needsRestart(before: Content, next: Content): string[] {
  const reasons: string[] = []
  for (const id of before.zones.keys()) {
    if (!next.zones.has(id)) reasons.push(`zones/${id}.json: a zone was taken away`)
  }
  for (const zone of next.zones.values()) {
    const was = before.zones.get(zone.id)
    if (was === undefined) reasons.push(`zones/${zone.id}.json: a zone is new`)
    else {
      for (const field of fixed) {
        if (was[field] === zone[field]) continue
        reasons.push(`zones/${zone.id}.json: ${field} is ${zone[field]}, was ${was[field]}`)
      }
    }
  }
  if (before.startZone !== next.startZone) reasons.push('game.json: startZone is another')
  return reasons
}

/** Puts the next content at once into the object that all parts of the process hold. */
export function replaceContent(held: LoadedContent, next: LoadedContent): void {
  refill(held.content.zones, next.content.zones)
  refill(held.content.creatures, next.content.creatures)
  refill(held.content.events, next.content.events)
  refill(held.content.races, next.content.races)
  refill(held.content.jobs, next.content.jobs)
  refill(held.content.leaderboards, next.content.leaderboards)
  refill(held.content.ofGame, next.content.ofGame)
  held.content.startZone = next.content.startZone
  held.content.version = next.content.version
  held.files.splice(0, held.files.length, ...next.files)
}

function refill<T>(held: Map<string, T>, next: ReadonlyMap<string, T>): void {
  held.clear()
  for (const [id, value] of next) held.set(id, value)
}
