// Parts of entities as records hold them (shared/components/codec.ts), from the tables of the world.
import type { Writer } from '#shared/protocol/bytes.ts'
import { writeField, writeMask } from '#shared/components/codec.ts'
import type { Table } from '../sim/components.ts'

/** All fields, of components that the reader knows by the archetype. */
export function writeAll(w: Writer, tables: readonly Table[], slot: number): void {
  for (const { columns } of tables) {
    for (const { field, values } of columns) writeField(w, field.wire, values[slot]!)
  }
}

/** All components, with all fields. */
export function writeAllParts(w: Writer, tables: readonly Table[], slot: number): void {
  w.u8(tables.length)
  for (const { wire, columns } of tables) {
    w.u8(wire)
    writeMask(w, columns.length, 2 ** columns.length - 1)
    for (const { field, values } of columns) writeField(w, field.wire, values[slot]!)
  }
}

/** The fields that changed after a tick. */
export function writePartsSince(
  w: Writer,
  tables: readonly Table[],
  slot: number,
  since: number,
): void {
  let count = 0
  for (const { changedAt } of tables) if (changedAt[slot]! > since) count++
  w.u8(count)
  for (const { wire, columns, changedAt } of tables) {
    if (changedAt[slot]! <= since) continue
    let mask = 0
    for (let i = 0; i < columns.length; i++) {
      if (columns[i]!.changedAt[slot]! > since) mask |= 1 << i
    }
    w.u8(wire)
    writeMask(w, columns.length, mask)
    for (let i = 0; i < columns.length; i++) {
      if ((mask & (1 << i)) === 0) continue
      const { field, values } = columns[i]!
      writeField(w, field.wire, values[slot]!)
    }
  }
}
