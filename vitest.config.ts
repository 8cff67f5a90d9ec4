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

const outside = ['test/real/**', 'test/bench/**']
/** With another game than the sample: the core's tests hold with any. These know of none, or make their own. */
const withGame = {
  env: { WAYSTONE_GAME: 'test/games/emberfall' },
  exclude: [
    ...outside,
    'test/simulation/**',
    'test/e2e/dev.test.ts',
    'test/local/new-game.test.ts',
  ],
}

// What needs nothing installed: everything but the real parts, the browser and the benchmarks.
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts', 'template/**/*.test.ts'],
    exclude: outside,
    ...(mode === 'game' ? withGame : {}),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is awaited comes soon, or never. How soon it is on a busy machine no test says.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Many of these tests wait for real processes rather than for the processor.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
  },
}))
