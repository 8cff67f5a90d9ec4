// What kind of entity there is: its body, its components. The core has two; a game adds its own.
import type { Component } from '#shared/components/component.ts'
import { Appearance, Name } from '#shared/components/core.ts'
import type { BodyKind } from '#shared/components/schema.ts'

export type Archetype = {
  /** Of a creature or a thing of the content: its id there. */
  readonly name: string
  readonly body: BodyKind
  /** Besides those that all have, and those of characters, which all players have. */
  readonly parts: readonly Component[]
}

/** What every entity has. */
export const commonParts: readonly Component[] = [Appearance, Name]

/** Characters of people. */
export const Players: Archetype = { name: 'player', body: 'player', parts: [] }

/** Creatures of the content for which a game declares nothing. */
export const Creatures: Archetype = { name: 'creature', body: 'walker', parts: [] }
