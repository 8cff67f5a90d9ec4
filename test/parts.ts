// Parts of entities for tests that write snapshots themselves, and the schema of a zone without a game.
import { writeField } from '#shared/components/codec.ts'
import type { PartRecord } from '#shared/components/codec.ts'
import { Appearance, Name } from '#shared/components/core.ts'
import { schemaOf } from '#shared/components/schema.ts'
import type { Schema } from '#shared/components/schema.ts'
import type { Writer } from '#shared/protocol/bytes.ts'

export const coreSchema: Schema = schemaOf(
  [Appearance, Name],
  [
    { name: 'player', body: 'player', parts: [0, 1] },
    { name: 'creature', body: 'walker', parts: [0, 1] },
  ],
)

/** The parts of an entity that has just these, with all their fields. */
export function writeAll(w: Writer, schema: Schema, parts: readonly PartRecord[]): void {
  for (const { component, values } of parts) {
    for (const { name, wire } of schema.components[component]!.fields) {
      writeField(w, wire, values[name]!)
    }
  }
}

/** The parts of an entity of the core. */
export function looks(appearance: string, name: string): PartRecord[] {
  return [
    { component: 0, values: { id: appearance } },
    { component: 1, values: { text: name } },
  ]
}
