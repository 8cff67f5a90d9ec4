// The components of all entities of a world: a table for each component, a column for each field, indexed by
// slot. Systems read and write it without allocation; what changed, and when, is known field by field, so
// that viewers are told of nothing else. Entities for which nothing changed cost nothing.
//
// A change of low priority counts from a later tick on: each slot has its turn once in `lowPriorityTicks`.
import { storable } from '#shared/components/component.ts'
import type { Audience, Component } from '#shared/components/component.ts'
import { bytesOf } from '#shared/components/fields.ts'
import type { Field, Shape, ValueOf, Wire } from '#shared/components/fields.ts'
import { schemaOf, toldOf } from '#shared/components/schema.ts'
import type { Schema, SchemaAbility } from '#shared/components/schema.ts'
import { lowPriorityTicks, ownPartsMaxBytes, partsMaxBytes } from '#shared/limits.ts'
import { commonParts } from './archetype.ts'
import type { Archetype } from './zone.ts'

/** A number on the wire is one byte. */
const numbersMax = 255

export type Column = {
  readonly name: string
  readonly field: Field
  readonly first: number | string
  /** By slot. */
  values: { [slot: number]: number | string }
  /** The tick of the latest change, by slot. */
  changedAt: Int32Array
}

export type Table = {
  readonly component: Component
  /** Its number on the wire; -1 when nobody is told. */
  readonly wire: number
  readonly columns: readonly Column[]
  readonly byName: ReadonlyMap<string, Column>
  /** Whether the entity in a slot has the component. */
  has: Uint8Array
  /** The tick of the latest change in any field, by slot. */
  changedAt: Int32Array
  /** Fields whose change is put off, as a mask, by slot. */
  putOff: Uint16Array
}

/** The tables of an archetype, by who is told, and its number on the wire. */
export type Parts = { readonly number: number; readonly all: readonly Table[] } & Readonly<
  Record<Audience, readonly Table[]>
>

/** The tick of the latest change that an audience is told of, by slot. */
type Latest = Record<'near' | 'owner' | 'party', Int32Array>

export type Components = {
  readonly schema: Schema
  readonly tables: ReadonlyMap<Component, Table>
  readonly archetypes: readonly Archetype[]
  readonly parts: ReadonlyMap<Archetype, Parts>
  readonly latest: Latest
  /** Slots in which something changed in the latest step that those near are told of. */
  readonly changed: number[]
  /** Changes that are put off, by the turn of their slot. */
  readonly putOff: readonly { readonly table: Table; readonly slot: number }[][]
  capacity: number
}

/**
 * Throws a RangeError when two components or two archetypes have the same name, when there are more than
 * their numbers hold, and when the components of an archetype may take more bytes than a record has.
 */
export function createComponents(
  archetypes: readonly Archetype[],
  ofPlayers: readonly Component[],
  abilities: readonly { readonly told: SchemaAbility }[],
): Components {
  const all = new Set([...commonParts, ...archetypes.flatMap(({ parts }) => parts), ...ofPlayers])
  const components = [...all]
  unique('component', components)
  unique('archetype', archetypes)
  const told = toldOf(components)
  const tables = new Map(components.map((one) => [one, tableOf(one, told.indexOf(one))]))
  const partsOf = ({ name, body, parts }: Archetype, number: number): Parts => {
    const ofCharacters = components.filter(({ life }) => life === 'character')
    const more = body === 'player' ? [...ofPlayers, ...ofCharacters] : []
    const own = [...new Set([...commonParts, ...parts, ...more])].map((one) => tables.get(one)!)
    const to = (audience: Audience) =>
      own.filter(({ component }) => component.audience === audience)
    const [near, owner, party] = [to('near'), to('owner'), to('party')]
    checkBytes(name, near, partsMaxBytes)
    checkBytes(name, owner, ownPartsMaxBytes)
    checkBytes(name, party, ownPartsMaxBytes)
    return { number, all: own, near, owner, party, server: to('server') }
  }
  const parts = new Map(archetypes.map((one, number) => [one, partsOf(one, number)]))
  return {
    schema: schemaOf(
      components,
      [...parts].map(([{ name, body }, { near }]) => {
        return { name, body, parts: near.map(({ wire }) => wire) }
      }),
      abilities.map(({ told: one }) => one),
    ),
    tables,
    archetypes,
    parts,
    latest: { near: new Int32Array(0), owner: new Int32Array(0), party: new Int32Array(0) },
    changed: [],
    putOff: Array.from({ length: lowPriorityTicks }, () => []),
    capacity: 0,
  }
}

function unique(what: string, named: readonly { readonly name: string }[]): void {
  if (named.length > numbersMax) throw new RangeError(`more than ${numbersMax} of ${what}`)
  const names = new Set<string>()
  for (const { name } of named) {
    if (names.has(name)) throw new RangeError(`the ${what} ${name} is registered twice`)
    names.add(name)
  }
}

/** All components with all fields at their longest. */
function checkBytes(archetype: string, tables: readonly Table[], most: number): void {
  let bytes = 1
  for (const { columns } of tables) {
    bytes += 1 + (columns.length <= 8 ? 1 : 2)
    for (const { field } of columns) bytes += bytesOf(field)
  }
  if (bytes <= most) return
  throw new RangeError(`components of ${archetype} may take ${bytes} bytes, at most ${most} fit`)
}

function tableOf(component: Component, wire: number): Table {
  const columns = component.fields.map(({ name, field, first }): Column => {
    return { name, field, first, values: valuesOf(field.wire, 0), changedAt: new Int32Array(0) }
  })
  return {
    component,
    wire,
    columns,
    byName: new Map(columns.map((column) => [column.name, column])),
    has: new Uint8Array(0),
    changedAt: new Int32Array(0),
    putOff: new Uint16Array(0),
  }
}

function valuesOf(wire: Wire, length: number) {
  switch (wire) {
    case 'u8':
      return new Uint8Array(length)
    case 'i8':
      return new Int8Array(length)
    case 'u16':
      return new Uint16Array(length)
    case 'i16':
      return new Int16Array(length)
    case 'u24':
    case 'u32':
      return new Uint32Array(length)
    case 'i32':
      return new Int32Array(length)
    case 'text8':
      return Array.from({ length }, () => '')
  }
}

/** Makes room for a slot, and gives the entity in it the parts of its archetype with their first values. */
export function addParts(
  components: Components,
  slot: number,
  archetype: Archetype,
  tick: number,
): void {
  if (slot >= components.capacity) grow(components, slot)
  const { latest, changed } = components
  const own = partsOf(components, archetype)
  for (const table of components.tables.values()) table.has[slot] = 0
  for (const table of own.all) {
    table.has[slot] = 1
    table.changedAt[slot] = tick
    table.putOff[slot] = 0
    for (const column of table.columns) {
      column.values[slot] = column.first
      column.changedAt[slot] = tick
    }
  }
  latest.near[slot] = tick
  latest.owner[slot] = tick
  latest.party[slot] = tick
  changed.push(slot)
}

export function partsOf(components: Components, archetype: Archetype): Parts {
  const parts = components.parts.get(archetype)
  if (parts === undefined) throw new RangeError(`the archetype ${archetype.name} is not registered`)
  return parts
}

function grow(components: Components, slot: number): void {
  const capacity = Math.max(256, 2 ** Math.ceil(Math.log2(slot + 1)))
  const larger = (array: Int32Array) => {
    const made = new Int32Array(capacity)
    made.set(array)
    return made
  }
  for (const table of components.tables.values()) {
    const has = new Uint8Array(capacity)
    has.set(table.has)
    table.has = has
    table.changedAt = larger(table.changedAt)
    const putOff = new Uint16Array(capacity)
    putOff.set(table.putOff)
    table.putOff = putOff
    for (const column of table.columns) {
      const values = valuesOf(column.field.wire, capacity)
      for (let i = 0; i < components.capacity; i++) values[i] = column.values[i]!
      column.values = values
      column.changedAt = larger(column.changedAt)
    }
  }
  const { latest } = components
  for (const audience of ['near', 'owner', 'party'] as const)
    latest[audience] = larger(latest[audience])
  components.capacity = capacity
}

/** One value, without an object made. Throws a RangeError when the entity in the slot does not have it. */
export function getField<S extends Shape, F extends keyof S & string>(
  components: Components,
  slot: number,
  component: Component<S>,
  field: F,
): ValueOf<S>[F] {
  const column = tableWith(components, slot, component).byName.get(field)
  if (column === undefined) throw new RangeError(`${component.name} has no field ${field}`)
  return column.field.load(column.values[slot]!) as ValueOf<S>[F]
}

/** The values of an entity's component. Throws a RangeError when the entity in the slot does not have it. */
export function getPart<S extends Shape>(
  components: Components,
  slot: number,
  component: Component<S>,
): ValueOf<S> {
  const table = tableWith(components, slot, component)
  const values: Record<string, unknown> = {}
  for (const { name, field, values: stored } of table.columns)
    values[name] = field.load(stored[slot]!)
  return values as ValueOf<S>
}

/**
 * Sets fields of an entity's component: all that are named, or none. Throws a RangeError that names component
 * and field for a value that the field cannot hold, and when the entity does not have the component.
 */
export function setPart<S extends Shape>(
  components: Components,
  slot: number,
  component: Component<S>,
  to: Partial<ValueOf<S>>,
  tick: number,
): void {
  const table = tableWith(components, slot, component)
  const { name } = component
  const changes: [Column, number | string][] = []
  for (const [fieldName, value] of Object.entries(to)) {
    const column = table.byName.get(fieldName)
    if (column === undefined) throw new RangeError(`${name} has no field ${fieldName}`)
    changes.push([column, storable(name, fieldName, column.field, value)])
  }
  for (const [column, stored] of changes) {
    if (column.values[slot] === stored) continue
    column.values[slot] = stored
    if (component.priority === 'low') {
      putOff(components, table, slot, column)
      continue
    }
    column.changedAt[slot] = tick
    noteChange(components, table, slot, tick)
  }
}

function putOff(components: Components, table: Table, slot: number, column: Column): void {
  if (table.putOff[slot] === 0) components.putOff[slot % lowPriorityTicks]!.push({ table, slot })
  table.putOff[slot]! |= 1 << table.columns.indexOf(column)
}

/** What was put off counts as changed in this tick, for the slots whose turn it is. */
export function takeTurns(components: Components, tick: number): void {
  const due = components.putOff[tick % lowPriorityTicks]!
  for (const { table, slot } of due) {
    const fields = table.putOff[slot]!
    // The entity has gone, and another one is in its slot.
    if (fields === 0) continue
    table.putOff[slot] = 0
    table.columns.forEach(({ changedAt }, i) => {
      if ((fields & (1 << i)) !== 0) changedAt[slot] = tick
    })
    noteChange(components, table, slot, tick)
  }
  due.length = 0
}

function noteChange(
  { latest, changed }: Components,
  table: Table,
  slot: number,
  tick: number,
): void {
  table.changedAt[slot] = tick
  const { audience } = table.component
  if (audience === 'server') return
  if (audience === 'near' && latest.near[slot] !== tick) changed.push(slot)
  latest[audience][slot] = tick
}

function tableWith(components: Components, slot: number, component: Component): Table {
  const table = tableOfComponent(components, component)
  if (table.has[slot] === 1) return table
  throw new RangeError(`this entity has no component ${component.name}`)
}

function tableOfComponent(components: Components, component: Component): Table {
  const table = components.tables.get(component)
  if (table === undefined) throw new RangeError(`the component ${component.name} is not registered`)
  return table
}
