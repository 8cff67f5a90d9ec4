// The entities in view: applies snapshots as shared/protocol/snapshot.ts documents, and keeps the course of
// every entity in the subscribed cells.
import type { EntityRecord, EntityType, Snapshot } from '#shared/protocol/snapshot.ts'
import { addPiece, createCourse, drawnAt, exactAt } from './interpolation.ts'
import type { Course, Piece } from './interpolation.ts'

export type Seen = {
  id: number
  type: EntityType
  /** `race/job` of a player, content id of a creature. */
  appearance: string
  name: string
  /** The exact body at the tick asked for. */
  x: number
  y: number
  heading: number
  speed: number
  /** What the game shows of it, in bytes of its own; undefined when it shows nothing. */
  shown: Uint8Array | undefined
}

export type Drawn = Seen

type Entity = {
  id: number
  type: EntityType
  appearance: string
  name: string
  shown: Uint8Array | undefined
  cell: number
  course: Course
}

export type View = {
  /** Applies a snapshot. Records of unknown entities are ignored. */
  apply(snapshot: Snapshot): void
  /** All entities but the player's own, exactly as of a whole tick. */
  at(tick: number): Seen[]
  /** All but the player's own, as they are drawn. Call it once a drawn frame: errors fade by `elapsedMs`. */
  draw(tick: number, elapsedMs: number): Drawn[]
  /** What is known of one entity, oneself included. */
  entity(id: number): Pick<Seen, 'type' | 'appearance' | 'name' | 'shown'> | undefined
  readonly size: number
}

export function createView(own: number, tickHz: number): View {
  let entities = new Map<number, Entity>()
  let drawnTick: number | undefined

  const meet = (record: EntityRecord, cell: number, piece: Piece, known: Entity | undefined) => {
    if (known) addPiece(known.course, piece, drawnTick)
    const course = known?.course ?? createCourse(piece, tickHz)
    const { id, type, appearance, name } = record
    entities.set(id, { id, type, appearance, name, shown: undefined, cell, course })
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
        const { cell } = section
        for (const record of section.records) {
          if (record.record === 'gone') {
            if (record.left) entities.delete(record.id)
            else moved.push({ id: record.id, cell })
            continue
          }
          if (record.record === 'shown') {
            const shown = entities.get(record.id)
            if (shown !== undefined) shown.shown = record.shown
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
      for (const { id, type, appearance, name, shown, course } of entities.values()) {
        if (id === own) continue
        const { x, y, heading, speed } = exactAt(course, tick)
        seen.push({ id, type, appearance, name, shown, x, y, heading, speed })
      }
      return seen
    },
    draw(tick, elapsedMs) {
      drawnTick = tick
      const drawn: Drawn[] = []
      for (const { id, type, appearance, name, shown, course } of entities.values()) {
        if (id === own) continue
        drawn.push({ id, type, appearance, name, shown, ...drawnAt(course, tick, elapsedMs) })
      }
      return drawn
    },
    entity: (id) => entities.get(id),
    get size() {
      return entities.size - (entities.has(own) ? 1 : 0)
    },
  }
}
