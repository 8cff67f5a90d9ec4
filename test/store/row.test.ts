import { expect, it } from 'vitest'
import * as z from 'zod'
import { readRow, RowError } from '#shared/store/row.ts'

const schema = z.object({ name: z.string(), at: z.object({ zone: z.string(), x: z.int() }) })

it('a row is read as its schema has it', () => {
  const item = { pk: 'P', sk: 'S', name: 'Mira', at: { zone: 'hub', x: 7 }, more: true }
  expect(readRow(schema, item)).toEqual({ name: 'Mira', at: { zone: 'hub', x: 7 } })
  expect(readRow(schema, undefined)).toBeUndefined()
})

it('a row that is malformed is named by its key and its fields, without what they hold', () => {
  const item = { pk: 'P#1', sk: 'S#2', name: 'secret', at: { zone: 'hub', x: 'wrong' } }
  const read = () => readRow(schema, item)
  expect(read).toThrow(RowError)
  expect(read).toThrow(/^the row P#1 S#2 is malformed: at\.x: /)
  expect(read).not.toThrow(/secret|wrong/)
  expect(() => readRow(schema, { pk: 'P', sk: 'S' })).toThrow(/name: .*; at: /)
})
