// Parts of entities in records: the values of their components, whole or what changed.
//
//   parts   u8 count, count x (u8 component, field mask, the fields that the mask names, in their order)
//   all     the fields of the components that the archetype has, in the order of the schema
//
// The mask has one byte for a component of up to 8 fields, else two; bit 0 is the first field. A reader needs
// the schema: it says how wide each field is, and which components an archetype has.
import type { Reader, Writer } from '../protocol/bytes.ts'
import type { Wire } from './fields.ts'
import type { Schema, SchemaComponent, SchemaField } from './schema.ts'

/** Stored values of fields that were told of one component; by field. */
export type PartRecord = { component: number; values: Record<string, number | string> }

export function writeMask(w: Writer, fields: number, mask: number): void {
  if (fields <= 8) w.u8(mask)
  else w.u16(mask)
}

/** `value` is as `field.store` returned it, so it fits. */
export function writeField(w: Writer, wire: Wire, value: number | string): void {
  switch (wire) {
    case 'u8':
    case 'i8':
      w.u8(value as number)
      break
    case 'u16':
    case 'i16':
      w.u16(value as number)
      break
    case 'u24':
      w.u24(value as number)
      break
    case 'u32':
    case 'i32':
      w.u32(value as number)
      break
    case 'text8':
      w.text8(value as string)
      break
  }
}

/** Undefined for what the schema does not allow. */
export function readParts(r: Reader, schema: Schema): PartRecord[] | undefined {
  const parts: PartRecord[] = []
  const count = r.u8()
  for (let i = 0; i < count; i++) {
    const number = r.u8()
    const component = schema.components[number]
    if (component === undefined || r.failed) return undefined
    const values = readFields(r, component)
    if (values === undefined) return undefined
    parts.push({ component: number, values })
  }
  return parts
}

/** The components of an archetype with all their fields. Undefined for what the schema does not allow. */
export function readAll(r: Reader, schema: Schema, archetype: number): PartRecord[] | undefined {
  const numbers = schema.archetypes[archetype]?.parts
  if (numbers === undefined) return undefined
  const parts: PartRecord[] = []
  for (const number of numbers) {
    const component = schema.components[number]
    if (component === undefined) return undefined
    const values = readMasked(r, component, -1)
    if (values === undefined) return undefined
    parts.push({ component: number, values })
  }
  return parts
}

function readFields(r: Reader, component: SchemaComponent): PartRecord['values'] | undefined {
  const mask = component.fields.length <= 8 ? r.u8() : r.u16()
  if (mask >>> component.fields.length !== 0) return undefined
  return readMasked(r, component, mask)
}

function readMasked(
  r: Reader,
  { fields }: SchemaComponent,
  mask: number,
): PartRecord['values'] | undefined {
  const values: PartRecord['values'] = {}
  for (const [index, field] of fields.entries()) {
    if ((mask & (1 << index)) === 0) continue
    const value = readField(r, field)
    if (!fits(field, value)) return undefined
    values[field.name] = value
  }
  return values
}

/** A text that is too long makes the reader fail. */
function readField(r: Reader, { wire, max }: SchemaField): number | string {
  switch (wire) {
    case 'u8':
      return r.u8()
    case 'i8':
      return (r.u8() << 24) >> 24
    case 'u16':
      return r.u16()
    case 'i16':
      return (r.u16() << 16) >> 16
    case 'u24':
      return r.u24()
    case 'u32':
      return r.u32()
    case 'i32':
      return r.i32()
    case 'text8':
      return r.text8(max)
  }
}

function fits({ min, max }: SchemaField, value: number | string): boolean {
  return typeof value === 'string' || (value >= min && value <= max)
}
