// Records of cells in as many sections as their 16 bits of length ask for.
import { partsMaxBytes } from '#shared/limits.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import { beginEntity, beginSection, endSection } from '#shared/protocol/snapshot.ts'
import { partsOf } from '../sim/components.ts'
import type { Entity, World } from '../sim/world.ts'
import { writeAll } from './parts.ts'

export type Sections = { kind: 'block' | 'cell'; cell: number; writer: Writer; begin: number }

const sectionMaxBytes = 65_535
/** The records of one entity take no more: its motion record is below 20 bytes. */
const recordMaxBytes = 20 + partsMaxBytes

export function createSections(kind: Sections['kind'], cell: number, bytes = 256): Sections {
  return { kind, cell, writer: new Writer(bytes), begin: -1 }
}

/** Starts the section of another cell. */
export function startCell(sections: Sections, cell: number): void {
  sections.cell = cell
  sections.begin = -1
}

/** Where the next record is to be written. Call `endRecord` after it. */
export function beginRecord(sections: Sections): Writer {
  const { writer } = sections
  if (sections.begin < 0 || writer.at - sections.begin > sectionMaxBytes - recordMaxBytes) {
    sections.begin = beginSection(writer, sections.kind, sections.cell)
  }
  return writer
}

export function endRecord(sections: Sections): void {
  endSection(sections.writer, sections.begin)
}

/** All there is to know of an entity. */
export function writeWhole(sections: Sections, world: World, entity: Entity): void {
  const writer = beginRecord(sections)
  const { near, number } = partsOf(world.components, entity.archetype)
  const { id, x, y, heading, speed } = entity
  beginEntity(writer, sections.cell, { id, archetype: number, x, y, heading, speed })
  writeAll(writer, near, id & 0xffff)
  endRecord(sections)
}
