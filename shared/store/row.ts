// Rows are read through a schema: a row in the store may be older than the code, or wrong.
import type * as z from 'zod'
import type { Bindings, Item } from './store.ts'

/** A row that its schema does not take. The message names its key and the fields, never their values. */
export class RowError extends Error {
  constructor({ pk, sk }: Item, problems: readonly z.core.$ZodIssue[]) {
    const fields = problems.map(({ path, message }) => `${path.join('.') || 'the row'}: ${message}`)
    super(`the row ${pk} ${sk} is malformed: ${fields.join('; ')}`)
    this.name = 'RowError'
  }
}

/** The row as its schema has it; undefined when there is none. Throws RowError. */
export function readRow<S extends z.ZodType>(schema: S, item: Item): z.output<S>
export function readRow<S extends z.ZodType>(
  schema: S,
  item: Item | undefined,
): z.output<S> | undefined
export function readRow<S extends z.ZodType>(
  schema: S,
  item: Item | undefined,
): z.output<S> | undefined {
  if (item === undefined) return undefined
  const parsed = schema.safeParse(item)
  if (parsed.success) return parsed.data
  throw new RowError(item, parsed.error.issues)
}

/** The condition that a row has the number that was read, or that there is still none. */
export function asRead(read: { number: number } | undefined): Bindings & { condition: string } {
  return read === undefined
    ? { condition: 'attribute_not_exists(pk)' }
    : {
        condition: '#number = :read',
        names: { '#number': 'number' },
        values: { ':read': read.number },
      }
}
