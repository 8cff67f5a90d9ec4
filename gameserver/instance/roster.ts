// The characters in an instance, found by character, by stay number and by entity.
import type { Entity } from '../sim/world.ts'
import type { Character } from './character.ts'

export type Roster = {
  /** Characters in the instance, those without a socket too. */
  all(): IterableIterator<Character>
  readonly size: number
  find(characterId: string): Character | undefined
  findStay(stay: number): Character | undefined
  findEntity(entityId: number): Character | undefined
  add(character: Character): void
  /** It is in the world now. */
  place(character: Character, entity: Entity): void
  remove(character: Character): void
}

export function createRoster(): Roster {
  const characters = new Map<string, Character>()
  const byStay = new Map<number, Character>()
  const byEntity = new Map<number, Character>()
  return {
    all: () => characters.values(),
    get size() {
      return characters.size
    },
    find: (characterId) => characters.get(characterId),
    findStay: (stay) => byStay.get(stay),
    findEntity: (entityId) => byEntity.get(entityId),
    add(character) {
      characters.set(character.claimed.characterId, character)
      byStay.set(character.stay, character)
    },
    place(character, entity) {
      character.entity = entity
      byEntity.set(entity.id, character)
    },
    remove(character) {
      characters.delete(character.claimed.characterId)
      byStay.delete(character.stay)
      if (character.entity !== undefined) byEntity.delete(character.entity.id)
    },
  }
}
