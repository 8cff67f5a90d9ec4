// The parts of a character that are saved: the components that live as long as it does. Each has its version.
// Parts and fields that this version of the game does not know are carried on as they are.
import type { Component, PartValue, SavedParts } from '#shared/components/component.ts'
import { getPart, partsOf, setPart } from './components.ts'
import type { Entity, World } from './world.ts'

function ofCharacter(world: World, entity: Entity): readonly Component[] {
  return partsOf(world.components, entity.archetype)
    .all.map(({ component }) => component)
    .filter(({ life }) => life === 'character')
}

/** The saved parts of a player, with what was saved `before` and is not known here. Undefined for none. */
export function savedParts(
  world: World,
  entity: Entity,
  before: SavedParts | undefined,
): SavedParts | undefined {
  const slot = entity.id & 0xffff
  const parts: Record<string, SavedParts[string]> = { ...before }
  for (const component of ofCharacter(world, entity)) {
    const { name, version } = component
    const known = before?.[name]
    // A part of a later version keeps its number, and the fields that only that one knows.
    const carried = known !== undefined && known.v > version ? known : { v: version }
    const values = getPart(world.components, slot, component) as Record<string, PartValue>
    parts[name] = { ...carried, ...values }
  }
  return Object.keys(parts).length === 0 ? undefined : parts
}

/**
 * Gives a player the parts that were saved. A field whose value is not possible any more keeps its first
 * value; so does a part whose migration throws. `refused` is told of both.
 */
export function restoreParts(
  world: World,
  entity: Entity,
  saved: SavedParts,
  refused: (error: unknown) => void,
): void {
  for (const component of ofCharacter(world, entity)) {
    const part = saved[component.name]
    if (part === undefined) continue
    try {
      restorePart(world, entity, component, part, refused)
    } catch (error) {
      refused(error)
    }
  }
}

function restorePart(
  world: World,
  entity: Entity,
  component: Component,
  { v, ...fields }: SavedParts[string],
  refused: (error: unknown) => void,
): void {
  let values: Readonly<Record<string, unknown>> = fields
  for (let version = v; version < component.version; version++) {
    values = component.migrate(values, version)
  }
  for (const { name } of component.fields) {
    if (!Object.hasOwn(values, name)) continue
    try {
      const { components, tick } = world
      setPart(components, entity.id & 0xffff, component, { [name]: values[name] }, tick)
    } catch (error) {
      refused(error)
    }
  }
}
