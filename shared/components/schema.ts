// What a zone says of its components, archetypes and abilities: enough to read every record of a snapshot and
// to send every command. A host sends it before WELCOME to a client that does not know it (docs/protocol.md,
// "Schema"), and the API serves it. Numbers on the wire are places in these lists.
import * as z from 'zod'
import { aimKinds } from '../rules/own-state.ts'
import type { Component } from './component.ts'

const field = z.object({
  name: z.string(),
  type: z.enum(['integer', 'flag', 'choice', 'text', 'entity']),
  wire: z.enum(['u8', 'i8', 'u16', 'i16', 'u24', 'u32', 'i32', 'text8']),
  min: z.int(),
  max: z.int(),
  /** Of a choice, by number. */
  choices: z.array(z.string()).optional(),
  /** As it is on the wire. */
  first: z.union([z.int(), z.string()]),
})

const component = z.object({
  name: z.string(),
  audience: z.enum(['near', 'owner', 'party']),
  fields: z.array(field),
})

const archetype = z.object({
  name: z.string(),
  body: z.enum(['player', 'walker', 'projectile', 'sensor']),
  /** Numbers of the components that all near are told of, in the order in which ENTITY has them. */
  parts: z.array(z.int()),
})

/** Speeds as the protocol has them, lengths in units. */
const move = z.discriminatedUnion('move', [
  z.object({ move: z.literal('dash'), speed: z.int(), ms: z.int() }),
  /** `scale`: of 256. */
  z.object({ move: z.literal('scale'), scale: z.int(), ms: z.int() }),
  z.object({ move: z.literal('mount'), speed: z.int(), radius: z.int() }),
])

const ability = z.object({
  name: z.string(),
  aim: z.enum(aimKinds),
  range: z.int().optional(),
  cooldownMs: z.int(),
  castMs: z.int(),
  /** Absent also when the player is not told of the component. */
  cost: z.object({ component: z.string(), field: z.string(), amount: z.int() }).optional(),
  move: move.optional(),
})

export const schemaSchema = z
  .object({
    components: z.array(component),
    archetypes: z.array(archetype),
    abilities: z.array(ability),
  })
  .meta({
    id: 'ZoneSchema',
    description: 'Components, archetypes and abilities by their numbers on the wire',
  })

export type Schema = z.infer<typeof schemaSchema>
export type SchemaComponent = Schema['components'][number]
export type SchemaField = SchemaComponent['fields'][number]
export type SchemaAbility = Schema['abilities'][number]
export type BodyKind = Schema['archetypes'][number]['body']

/** The components that somebody is told of, in the order of their numbers. */
export function toldOf(components: readonly Component[]): readonly Component[] {
  return components.filter(({ audience }) => audience !== 'server')
}

/** The schema of a zone. Components for the server alone are not in it. */
export function schemaOf(
  components: readonly Component[],
  archetypes: readonly Schema['archetypes'][number][],
  abilities: readonly SchemaAbility[] = [],
): Schema {
  return {
    components: toldOf(components).map(({ name, audience, fields }) => ({
      name,
      audience: audience as SchemaComponent['audience'],
      fields: fields.map(({ name: fieldName, field: of, first }) => ({
        name: fieldName,
        type: of.type,
        wire: of.wire,
        min: of.min,
        max: of.max,
        ...(of.type === 'choice' ? { choices: [...of.choices] } : {}),
        first,
      })),
    })),
    archetypes: [...archetypes],
    abilities: [...abilities],
  }
}

/** The JSON of a schema and its name: the same name for the same schema. FNV-1a, twice with 32 bits. */
export function namedSchema(schema: Schema): { name: string; json: string } {
  const json = JSON.stringify(schema)
  let [low, high] = [0x811c_9dc5, 0xcbf2_9ce4]
  for (let i = 0; i < json.length; i++) {
    low = Math.imul(low ^ json.charCodeAt(i), 0x0100_0193)
    high = Math.imul(high ^ json.charCodeAt(i), 0x0100_01b3)
  }
  const hex = (half: number) => (half >>> 0).toString(16).padStart(8, '0')
  return { name: hex(high) + hex(low), json }
}
