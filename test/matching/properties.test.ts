// `WAYSTONE_QUEUES=2000 vitest run test/matching/properties` has so many of each, and others each time.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mutants } from './mutants.ts'
import { properties } from './properties.ts'

const numRuns = Number(process.env['WAYSTONE_QUEUES'] ?? 200)

describe('over random rule sets and queues', () => {
  test.each(Object.entries(properties))('%s', (_, property) => {
    fc.assert(property, { numRuns, ...(numRuns > 200 ? {} : { seed: 20_261_201 }) })
  })
})

// They are hunted by hand, so that they still apply is checked here.
test.each(mutants)('the mutant $name applies once', ({ file, find, also }) => {
  const top = path.join(import.meta.dirname, '..', '..')
  for (const patch of also === undefined ? [{ file, find }] : [{ file, find }, also])
    expect(readFileSync(path.join(top, patch.file), 'utf8').split(patch.find)).toHaveLength(2)
})
