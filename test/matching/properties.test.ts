// `WAYSTONE_QUEUES=2000 vitest run test/matching/properties` has so many of each, and others each time.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { properties } from './properties.ts'

const numRuns = Number(process.env['WAYSTONE_QUEUES'] ?? 200)

describe('over random rule sets and queues', () => {
  test.each(Object.entries(properties))('%s', (_, property) => {
    fc.assert(property, { numRuns, ...(numRuns > 200 ? {} : { seed: 20_261_201 }) })
  })
})
