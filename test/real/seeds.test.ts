// More seeds of the simulation of ownership than `npm test` has time for (test/simulation/ownership.test.ts).
import { it } from 'vitest'
import { holdSeeds } from '../simulation/seeds.ts'

it('seeds 151 to 300: one owner, nothing lost beyond the bound, everybody back', async () => {
  await holdSeeds(151, 300)
})
