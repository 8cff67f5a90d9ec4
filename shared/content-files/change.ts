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

/** Puts the next content at once into the object that all parts of the process hold, and into its maps. */
export function replaceContent(held: LoadedContent, next: LoadedContent): void {
  for (const field of Object.keys(next.content) as (keyof Content)[]) {
    const [own, value] = [held.content[field], next.content[field]]
    if (own instanceof Map && value instanceof Map) refill(own, value)
    else Object.assign(held.content, { [field]: value })
  }
  held.files.splice(0, held.files.length, ...next.files)
}

function refill(held: Map<string, unknown>, next: ReadonlyMap<string, unknown>): void {
  held.clear()
  for (const [id, value] of next) held.set(id, value)
}
