// What a client knows, by the rules of docs/protocol.md alone. Tests compare it with the world.
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import type { PartRecord } from '#shared/components/codec.ts'
import type { Schema } from '#shared/components/schema.ts'
import type { Snapshot } from '#shared/protocol/snapshot.ts'

export type Believed = {
  id: number
  archetype: number
  x: number
  y: number
  heading: number
  speed: number
  cell: number
  /** By the names of components and fields. */
  parts: Record<string, Record<string, number | string>>
}

export class ViewModel {
  tick = 0
  readonly entities = new Map<number, Believed>()
  /** What one's party alone is told, by id. */
  readonly party = new Map<number, Believed['parts']>()
  /** What one alone is told of oneself. */
  readonly own: Believed['parts'] = {}
  private readonly tickHz: number
  private readonly schema: Schema

  constructor(tickHz: number, schema: Schema) {
    this.tickHz = tickHz
    this.schema = schema
  }

  /** Computes all entities at a later tick. */
  advance(tick: number): void {
    for (; this.tick < tick; this.tick++) {
      for (const entity of this.entities.values()) {
        entity.x += dxOf(entity.heading, entity.speed, this.tickHz)
        entity.y += dyOf(entity.heading, entity.speed, this.tickHz)
      }
    }
  }

  apply(snapshot: Snapshot): void {
    this.advance(snapshot.tick)
    this.tick = snapshot.tick
    if (snapshot.keyframe) this.entities.clear()
    const leftCells: { id: number; cell: number }[] = []
    const dropped: number[] = []
    for (const section of snapshot.sections) {
      if (section.section === 'drop') {
        dropped.push(...section.cells)
        continue
      }
      if (section.section === 'self') continue
      if (section.section === 'own') {
        this.takeParts(this.own, section.parts)
        continue
      }
      if (section.section === 'party') {
        if (section.complete) this.party.clear()
        for (const { id, parts } of section.members) {
          const known = this.party.get(id) ?? {}
          this.takeParts(known, parts)
          this.party.set(id, known)
        }
        continue
      }
      const { cell } = section
      for (const record of section.records) {
        if (record.record === 'gone') {
          if (record.left) this.entities.delete(record.id)
          else leftCells.push({ id: record.id, cell })
        } else if (record.record === 'entity') {
          const { record: _, parts: told, ...entity } = record
          const parts: Believed['parts'] = {}
          this.takeParts(parts, told)
          this.entities.set(record.id, { ...entity, cell, parts })
        } else {
          const known = this.entities.get(record.id)
          if (known === undefined) continue
          if (record.record === 'parts') {
            this.takeParts(known.parts, record.parts)
            continue
          }
          const { x, y, heading, speed } = record
          Object.assign(known, { x, y, heading, speed, cell })
        }
      }
    }
    for (const { id, cell } of leftCells) {
      if (this.entities.get(id)?.cell === cell) this.entities.delete(id)
    }
    for (const [id, { cell }] of this.entities) if (dropped.includes(cell)) this.entities.delete(id)
  }

  private takeParts(parts: Believed['parts'], told: readonly PartRecord[]): void {
    for (const { component, values } of told) {
      const { name } = this.schema.components[component]!
      parts[name] = { ...parts[name], ...values }
    }
  }
}
