// The schema of the zone that the client is in (shared/components/schema.ts). It stays over all connections:
// a host sends it only to a client that has another one.
import { schemaSchema } from '#shared/components/schema.ts'
import type { Schema } from '#shared/components/schema.ts'

export type Schemas = {
  /** As the host named it; empty before the first. */
  readonly name: string
  readonly current: Schema
  /** Takes what a host sent. False when it is no schema. */
  take(name: string, json: Uint8Array): boolean
}

export function createSchemas(): Schemas {
  let name = ''
  let current: Schema = { components: [], archetypes: [], abilities: [] }
  return {
    get name() {
      return name
    },
    get current() {
      return current
    },
    take(given, json) {
      try {
        current = schemaSchema.parse(JSON.parse(new TextDecoder().decode(json)))
        name = given
        return true
      } catch {
        return false
      }
    },
  }
}
