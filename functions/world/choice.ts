// Which running copy of a zone a player goes to.
import { instanceSilentMs } from '#shared/limits.ts'
import type { InstanceEntry } from '#shared/ownership/places.ts'

/** Shared instances are filled to here, so that friends still find room. Percent. */
const fillPercent = 80
/** Nobody new is sent to an instance that is this full; the rest is for those who come back. Percent. */
const closedPercent = 95

/**
 * Instances to try, in order, with the number of places up to which each may be filled: where the
 * character already has a place; the fullest below 80 %; then the emptiest below 95 %.
 */
export function instancesByChoice(
  entries: InstanceEntry[],
  now: number,
  characterId: string,
): { entry: InstanceEntry; limit: number }[] {
  const alive = entries.filter((entry) => now - entry.seenAt <= instanceSilentMs)
  const fill = (entry: InstanceEntry) => (entry.places.size * 100) / entry.capacity
  const mine = alive.filter((entry) => entry.places.has(characterId))
  const rest = alive.filter((entry) => !entry.places.has(characterId))
  const roomy = rest.filter((entry) => fill(entry) < fillPercent).sort((a, b) => fill(b) - fill(a))
  const tight = rest.filter((entry) => fill(entry) >= fillPercent).sort((a, b) => fill(a) - fill(b))
  return [
    ...mine.map((entry) => ({ entry, limit: entry.capacity })),
    ...[...roomy, ...tight].map((entry) => ({
      entry,
      limit: Math.max(1, Math.floor((entry.capacity * closedPercent) / 100)),
    })),
  ]
}
