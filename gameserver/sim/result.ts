// The result of the match that is played in a zone: an effect of each member who is there (shared/results/effect.ts).
// Whoever comes in later asks for it too, and so hears how it ended.
import { resultKind } from '#shared/rules/played-match.ts'
import { requestEffect } from './effects.ts'
import type { Entity, World } from './world.ts'

/** See Zone.result. Throws a RangeError for places that are not those of the teams. */
export function sayResult(world: World, byTeam: Readonly<Record<string, number>>): boolean {
  const { match } = world
  if (match === undefined || world.places !== undefined) return false
  const names = match.teams.map(({ name }) => name)
  const strange = Object.keys(byTeam).find((name) => !names.includes(name))
  if (strange !== undefined) throw new RangeError(`result: there is no team ${strange}`)
  const places = names.map((name) => {
    const place = byTeam[name]
    if (Number.isInteger(place) && place! >= 1 && place! <= names.length) return place!
    throw new RangeError(`result: the place of ${name} is ${place}, it is 1 to ${names.length}`)
  })
  const members = world.players.filter((player) => isMember(world, player))
  if (members.length === 0) return false
  world.places = places
  for (const member of members) askResult(world, member)
  return true
}

/** Somebody has come in: if the match is over, he is told how. */
export function askResult(world: World, player: Entity): void {
  const { places, instance } = world
  if (places === undefined || !isMember(world, player)) return
  requestEffect(world, player, { id: instance, kind: resultKind, body: { places } })
}

function isMember({ match }: World, { who }: Entity): boolean {
  return match?.teams.some(({ members }) => who && members.includes(who.characterId)) ?? false
}
