import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** Files that take long begin first, so that none of them is still running alone at the end. */
const long = [/test\/simulation\//, /test\/(cdk|e2e|local)\//, /lambda\.test\.ts$/]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = long.findIndex((each) => each.test(moduleId))
      return found < 0 ? long.length : found
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

// What needs nothing installed: everything but the real parts, the browser and the benchmarks.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'template/**/*.test.ts'],
    exclude: ['test/real/**', 'test/bench/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is awaited comes soon, or never. How soon it is on a busy machine no test says.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Many of these tests wait for real processes rather than for the processor.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
  },
})
