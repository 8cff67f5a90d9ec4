// The entities in view: applies snapshots as shared/protocol/snapshot.ts documents, and keeps the course of
// every entity in the subscribed cells.
import type { Component } from '#shared/components/component.ts'
import type { PartRecord } from '#shared/components/codec.ts'
import { Appearance, Name } from '#shared/components/core.ts'
import type { Field, Shape, ValueOf } from '#shared/components/fields.ts'
import type { BodyKind, Schema } from '#shared/components/schema.ts'
import type { EntityRecord, Snapshot } from '#shared/protocol/snapshot.ts'
import { addPiece, createCourse, drawnAt, exactAt } from './interpolation.ts'
import type { Course, Piece } from './interpolation.ts'

/** The stored values of its components, by their names. Components that one is not told of are not there. */
export type SeenParts = Readonly<Record<string, Readonly<Record<string, number | string>>>>

/** What is known of an entity besides its course. */
export type Known = {
  id: number
  /** By the name that the zone's schema gives it: `player`, `creature`, or one of the game. */
  archetype: string
  body: BodyKind
  /** `race/job` of a player, content id of a creature. */
  appearance: string
  name: string
  parts: SeenParts
}

export type Seen = Known & {
  /** The exact body at the tick asked for. */
  x: number
  y: number
  heading: number
  speed: number
}

export type Drawn = Seen

type Entity = {
  id: number
  archetype: number
  parts: Record<string, Record<string, number | string>>
  cell: number
  course: Course
}

/**
 * The values of a component that an entity has. Undefined when it does not have it, or one is not told of it,
 * or the zone runs another version of the game that lacks a field of it.
 */
export function read<S extends Shape>(
  { parts }: { readonly parts: SeenParts },
  component: Component<S>,
): ValueOf<S> | undefined {
  const stored = parts[component.name]
  if (stored === undefined) return undefined
  const values: Record<string, unknown> = {}
  for (const { name, field } of component.fields as readonly { name: string; field: Field }[]) {
    const value = stored[name]
    if (value === undefined) return undefined
    values[name] = field.load(value)
  }
  return values as ValueOf<S>
}

export type View = {
  /** Applies a snapshot. Records of unknown entities are ignored. */
  apply(snapshot: Snapshot): void
  /** All entities but the player's own, exactly as of a whole tick. */
  at(tick: number): Seen[]
  /** All but the player's own, as they are drawn. Call it once a drawn frame: errors fade by `elapsedMs`. */
  draw(tick: number, elapsedMs: number): Drawn[]
  /** What is known of one entity; of oneself with the components that nobody else is told of. */
  entity(id: number): Known | undefined
  /** Of one's party, oneself included, wherever in the zone they are: what only they are told. */
  party(): { id: number; parts: SeenParts }[]
  readonly size: number
}

export function createView(own: number, tickHz: number, schema: Schema): View {
  let entities = new Map<number, Entity>()
  let drawnTick: number | undefined

  /** What one alone is told of oneself. It comes before, and stays without, the entity in a cell. */
  const ownParts: Entity['parts'] = {}
  /** What one's party is told, by id: of those out of sight too. */
  const partyParts = new Map<number, Entity['parts']>()

  const meet = (record: EntityRecord, cell: number, piece: Piece, known: Entity | undefined) => {
    if (known) addPiece(known.course, piece, drawnTick)
    const course = known?.course ?? createCourse(piece, tickHz)
    const parts: Entity['parts'] = {}
    takeParts(parts, record.parts, schema)
    const { id, archetype } = record
    entities.set(id, { id, archetype, parts, cell, course })
  }

  const partsOf = ({ id, parts }: Entity): SeenParts => {
    const shared = partyParts.get(id)
    // A copy for each entity at each drawn frame would be garbage.
    if (shared === undefined && id !== own) return parts
    return { ...parts, ...shared, ...(id === own ? ownParts : undefined) }
  }

  const knownOf = (entity: Entity): Known => {
    const { id, archetype, parts } = entity
    const { name, body } = schema.archetypes[archetype]!
    const looks = parts[Appearance.name]?.['id']
    const label = parts[Name.name]?.['text']
    return {
      id,
      archetype: name,
      body,
      appearance: typeof looks === 'string' ? looks : '',
      name: typeof label === 'string' ? label : '',
      parts: partsOf(entity),
    }
  }

  return {
    apply(snapshot) {
      // A keyframe names all entities again. The courses of those that it names go on, so none jumps.
      const before = entities
      if (snapshot.keyframe) {
        const self = entities.get(own)
        entities = new Map(self ? [[own, self]] : [])
      }
      const moved: { id: number; cell: number }[] = []
      const dropped = new Set<number>()
      for (const section of snapshot.sections) {
        if (section.section === 'drop') {
          for (const cell of section.cells) dropped.add(cell)
          continue
        }
        if (section.section === 'self') continue
        if (section.section === 'own') {
          takeParts(ownParts, section.parts, schema)
          continue
        }
        if (section.section === 'party') {
          if (section.complete) partyParts.clear()
          for (const { id, parts } of section.members) {
            const known = partyParts.get(id) ?? {}
            takeParts(known, parts, schema)
            partyParts.set(id, known)
          }
          continue
        }
        const { cell } = section
        for (const record of section.records) {
          if (record.record === 'gone') {
            if (record.left) entities.delete(record.id)
            else moved.push({ id: record.id, cell })
            continue
          }
          if (record.record === 'parts') {
            const told = entities.get(record.id)
            if (told === undefined) continue
            // Whoever was given the parts before keeps them as they were.
            told.parts = { ...told.parts }
            takeParts(told.parts, record.parts, schema)
            continue
          }
          const { x, y, heading, speed } = record
          const piece = { tick: snapshot.tick, x, y, heading, speed }
          if (record.record === 'entity') {
            meet(record, cell, piece, before.get(record.id))
            continue
          }
          const entity = entities.get(record.id)
          if (entity === undefined) continue
          entity.cell = cell
          addPiece(entity.course, piece, drawnTick)
        }
      }
      // Only now the cell of each entity is known: an entity that crossed may stand in a later section.
      for (const { id, cell } of moved) if (entities.get(id)?.cell === cell) entities.delete(id)
      if (dropped.size > 0) {
        for (const entity of entities.values()) {
          if (dropped.has(entity.cell)) entities.delete(entity.id)
        }
      }
    },
    at(tick) {
      const seen: Seen[] = []
      for (const entity of entities.values()) {
        if (entity.id === own) continue
        const { x, y, heading, speed } = exactAt(entity.course, tick)
        seen.push({ ...knownOf(entity), x, y, heading, speed })
      }
      return seen
    },
    draw(tick, elapsedMs) {
      drawnTick = tick
      const drawn: Drawn[] = []
      for (const entity of entities.values()) {
        if (entity.id === own) continue
        drawn.push({ ...knownOf(entity), ...drawnAt(entity.course, tick, elapsedMs) })
      }
      return drawn
    },
    entity(id) {
      const entity = entities.get(id)
      return entity && knownOf(entity)
    },
    party: () => Array.from(partyParts, ([id, parts]) => ({ id, parts })),
    get size() {
      return entities.size - (entities.has(own) ? 1 : 0)
    },
  }
}

function takeParts(parts: Entity['parts'], told: readonly PartRecord[], schema: Schema): void {
  for (const { component, values } of told) {
    const { name } = schema.components[component]!
    // Anew each time: whoever holds the one before sees that it changed.
    parts[name] = { ...parts[name], ...values }
  }
}
