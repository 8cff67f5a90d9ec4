// Parties, as a zone knows them: players who are told of one another's components with the audience `party`,
// wherever in the zone they are. Whoever has no party is told of his own alone.
import { partyMax } from '#shared/limits.ts'
import type { Entity, World } from './world.ts'

/** Puts a player into the party of this number, instead of the one before; 0 for none. */
export function setParty(world: World, entity: Entity, number: number): 'set' | 'full' {
  if (entity.archetype.body !== 'player') throw new RangeError(`entity ${entity.id} is no player`)
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${number} is no party`)
  const next = number === 0 ? undefined : world.parties.get(number)
  if (next?.members.includes(entity) === true) return 'set'
  if (next !== undefined && next.members.length >= partyMax) return 'full'
  leaveParty(world, entity)
  if (number === 0) return 'set'
  const party = next ?? { members: [], changedAt: world.tick }
  world.parties.set(number, party)
  party.members.push(entity)
  party.changedAt = world.tick
  entity.party = party
  entity.partyAt = world.tick
  return 'set'
}

/** Takes a player out of his party, if he is in one. */
export function leaveParty(world: World, entity: Entity): void {
  const { party } = entity
  if (party === undefined) return
  party.members.splice(party.members.indexOf(entity), 1)
  party.changedAt = world.tick
  entity.party = undefined
  entity.partyAt = world.tick
  if (party.members.length > 0) return
  for (const [number, each] of world.parties) if (each === party) world.parties.delete(number)
}
