// Records of cells in as many sections as their 16 bits of length ask for.
import { shownMaxBytes } from '#shared/limits.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import { beginSection, endSection, writeEntity, writeShown } from '#shared/protocol/snapshot.ts'
import type { Entity } from '../sim/world.ts'

export type Sections = { kind: 'block' | 'cell'; cell: number; writer: Writer; begin: number }

const sectionMaxBytes = 65_535
/** The records of one entity take no more: 12 bytes of numbers, two texts of 255, and the shown bytes. */
const recordMaxBytes = 600 + shownMaxBytes

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

/** Removes the bytes written since the writer was at `at`, in the section that began at `begin`. */
export function cutBack(sections: Sections, at: number, begin: number): void {
  sections.writer.at = at
  sections.begin = begin
  if (begin >= 0) endSection(sections.writer, begin)
}

/** All there is to know of an entity. */
export function writeWhole(sections: Sections, entity: Entity): void {
  const writer = beginRecord(sections)
  writeEntity(writer, sections.cell, entity)
  if (entity.shown !== undefined) writeShown(writer, entity.id, entity.shown)
  endRecord(sections)
}
