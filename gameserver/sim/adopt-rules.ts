// A world that lives goes on with the code of its game as it is now, in development. Components and archetypes
// are known by identity, and new code has other objects. So the stores are made anew, and the values move by
// name. Nothing is told again, because what changed and when moves with them.
//
// What else the world keeps of the rules has to be replaced here too.
import { worldAbilities } from './ability.ts'
import { createComponents } from './components.ts'
import type { Components, Table } from './components.ts'
import type { ZoneRules } from './rules.ts'
import type { Entity, World } from './world.ts'

type Declared = Pick<ZoneRules, 'archetypes' | 'components' | 'abilities'>

/**
 * Answers false, and changes nothing, when anything of the declarations is another: clients have been told the
 * numbers and fields of the old ones. Throws what `createComponents` throws.
 */
export function adoptRules(world: World, rules: Declared): boolean {
  const { archetypes, components: ofPlayers, abilities: told } = rules
  const { components: before } = world
  const components = createComponents(archetypes, ofPlayers, told)
  if (describe(components) !== describe(before)) return false
  const abilities = worldAbilities(told, components, world.tickHz)
  moveValues(before, components)
  const byName = new Map(archetypes.map((one) => [one.name, one]))
  Object.assign(world, { components, abilities, archetypes: byName })
  world.peers = new Map(archetypes.map((one) => [one, peersOf(world, one.name)]))
  for (const entity of world.slots) {
    if (entity === undefined) continue
    Object.assign(entity, { archetype: byName.get(entity.archetype.name) })
  }
  return true
}

function peersOf({ peers }: World, name: string): Entity[] {
  for (const [{ name: known }, entities] of peers) if (known === name) return entities
  return []
}

/** All that is declared, as a text. */
function describe({ schema, tables, parts }: Components): string {
  const own = [...tables.values()].map(
    ({ component: { name, audience, life, priority, version, fields } }) => {
      const shapes = fields.map(({ name: fieldName, field }) => ({ fieldName, ...field }))
      return { name, audience, life, priority, version, shapes }
    },
  )
  const of = [...parts].map(([{ name }, { all }]) => [name, all.map((one) => one.component.name)])
  return JSON.stringify({ schema, own, of })
}

function moveValues(from: Components, to: Components): void {
  const olds = new Map([...from.tables.values()].map((one) => [one.component.name, one]))
  const moved = new Map<Table, Table>()
  for (const table of to.tables.values()) {
    const old = olds.get(table.component.name)!
    moved.set(old, table)
    table.has = old.has
    table.changedAt = old.changedAt
    table.putOff = old.putOff
    table.columns.forEach((column, i) => {
      column.values = old.columns[i]!.values
      column.changedAt = old.columns[i]!.changedAt
    })
  }
  Object.assign(to.latest, from.latest)
  to.changed.push(...from.changed)
  from.putOff.forEach((due, turn) => {
    for (const { table, slot } of due) {
      to.putOff[turn]!.push({ table: moved.get(table)!, slot })
    }
  })
  to.capacity = from.capacity
}
