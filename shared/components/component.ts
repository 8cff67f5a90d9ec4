// A component: what entities have besides a body. It is declared once. The store in the world, the records on
// the wire, the saved part of a character, the client's typed view and the schema for strangers follow.
import type { Field, Shape, ValueOf } from './fields.ts'

/**
 * Who is told: everybody who sees the entity, the player himself, the members of his party, nobody. A
 * component that only some may see is in no byte that others are sent.
 */
export type Audience = 'near' | 'owner' | 'party' | 'server'

/**
 * How long it lives: with the entity, or with the character. Each player has all components of characters,
 * and they are saved with him.
 */
export type Life = 'entity' | 'character'

/**
 * How soon a change is told: with the next frame, or, when `low`, at most every tenth step of the zone
 * (`lowPriorityTicks`), by its newest value. For what changes all the time and may be a moment old.
 */
export type Priority = 'normal' | 'low'

type Saved = Readonly<Record<string, unknown>>

export type ComponentOptions<S extends Shape> = {
  audience: Audience
  life: Life
  /** The values with which each entity begins. */
  first: ValueOf<S>
  /** `normal` when it is not named. */
  priority?: Priority
  /** Of the saved part, from 1. A new version says how an older one becomes it. */
  version?: number
  /**
   * Makes the saved part of the next version from one of version `from`. Without it the fields that are
   * there still are taken over, and new ones begin with their first values.
   */
  migrate?: (older: Saved, from: number) => Saved
}

export type Component<S extends Shape = Shape> = Readonly<Required<ComponentOptions<S>>> & {
  readonly name: string
  readonly shape: S
  /** The fields in the order of the wire. */
  readonly fields: readonly {
    readonly name: string
    readonly field: Field
    readonly first: number | string
  }[]
}

/** A field mask takes one byte for up to 8 fields, two for up to 16. */
const fieldsMax = 16

const componentName = /^[a-z][a-zA-Z0-9]{0,39}$/

/** Throws a RangeError for a name or a first value that is not possible. */
export function component<S extends Shape>(
  name: string,
  shape: S,
  options: ComponentOptions<S>,
): Component<S> {
  const { version = 1, migrate = (older) => older, priority = 'normal', first } = options
  if (!componentName.test(name)) throw new RangeError(`${name} is no name of a component`)
  const entries = Object.entries<Field>(shape)
  if (entries.length === 0 || entries.length > fieldsMax) {
    throw new RangeError(`component ${name} has ${entries.length} fields, 1 to ${fieldsMax} fit`)
  }
  if (!Number.isInteger(version) || version < 1) {
    throw new RangeError(`component ${name} has the version ${version}`)
  }
  const fields = entries.map(([fieldName, field]) => {
    const value = (first as Record<string, unknown>)[fieldName]
    return { name: fieldName, field, first: storable(name, fieldName, field, value) }
  })
  return { ...options, name, shape, version, migrate, priority, fields }
}

/** As `field.store`. The RangeError names component and field. */
export function storable(
  component: string,
  fieldName: string,
  field: Field,
  value: unknown,
): number | string {
  try {
    return field.store(value)
  } catch (error) {
    throw new RangeError(`${component}.${fieldName}: ${(error as RangeError).message}`)
  }
}

/** A value as games see it. */
export type PartValue = number | string | boolean

/** What is saved of a character's components: by name, the version and the fields. */
export type SavedParts = Readonly<
  Record<string, { readonly v: number; readonly [field: string]: PartValue }>
>
