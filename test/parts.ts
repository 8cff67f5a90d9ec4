// Parts of entities for tests that write snapshots themselves, and the schema of a zone without a game.
import { writeField, writeMask } from '#shared/components/codec.ts'
import type { PartRecord } from '#shared/components/codec.ts'
import { Appearance, Name } from '#shared/components/core.ts'
import { schemaOf } from '#shared/components/schema.ts'
import type { Schema } from '#shared/components/schema.ts'
import type { Writer } from '#shared/protocol/bytes.ts'

export const coreSchema: Schema = schemaOf(
  [Appearance, Name],
  [
    { name: 'player', body: 'player' },
    { name: 'creature', body: 'walker' },
  ],
)

export function writeParts(w: Writer, schema: Schema, parts: readonly PartRecord[]): void {
  w.u8(parts.length)
  for (const { component, values } of parts) {
    const { fields } = schema.components[component]!
    const told = fields.filter(({ name }) => name in values)
    w.u8(component)
    const mask = told.reduce((bits, field) => bits | (1 << fields.indexOf(field)), 0)
    writeMask(w, fields.length, mask)
    for (const { name, wire } of told) writeField(w, wire, values[name]!)
  }
}

/** The parts of an entity of the core. */
export function looks(appearance: string, name: string): PartRecord[] {
  return [
    { component: 0, values: { id: appearance } },
    { component: 1, values: { text: name } },
  ]
}
