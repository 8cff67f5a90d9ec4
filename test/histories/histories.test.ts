import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { histories } from './histories.ts'
import { Realm } from './realm.ts'

/** `WAYSTONE_HISTORIES=3000` lives through so many of twenty players at once, and more of one act after the other. */
const count = Number(process.env['WAYSTONE_HISTORIES'] ?? 300)

let realm: Realm
beforeAll(async () => {
  realm = await Realm.open()
})

describe('a random history on a store that conflicts, throttles and loses requests and answers', () => {
  it.each(histories)(
    'of $name leaves what the words of the API say',
    async ({ share, list, run }) => {
      const property = fc.asyncProperty(fc.integer(), list, async (seed, doings) => {
        expect(await run(realm, seed, doings)).toEqual([])
      })
      await fc.assert(property, { numRuns: Math.ceil(count * share), endOnFailure: true })
    },
    120_000,
  )
})
