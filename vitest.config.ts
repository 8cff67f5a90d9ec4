import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** Files that take long begin first, so that none of them is still running alone at the end. */
const long = [/test\/simulation\//, /test\/(cdk|e2e|local)\//, /(lambda|world|saving)\.test\.ts$/]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = long.findIndex((each) => each.test(moduleId))
      return found < 0 ? long.length : found
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

/** They need real parts, or a quiet machine, and have commands of their own. */
const outside = ['test/real/**', 'test/bench/**']

/**
 * These load the game that is chosen. `npm run test:game` runs them alone, with another game than the sample: the
 * core's tests hold with any.
 */
const withGame = {
  together: [
    'test/functions/!(game|lambda|lambda-eks|token).test.ts',
    'test/histories/*.test.ts',
    'test/gameserver/{self-check,thread}.test.ts',
    'test/client/chat.test.ts',
  ],
  apart: [
    'test/e2e/bundles.test.ts',
    'test/gameserver/main.test.ts',
    'test/local/{fleet,listen,reachable}.test.ts',
  ],
}
/** These load none, or name theirs themselves. */
const withoutGame = {
  together: ['test/**/*.test.ts', 'template/**/*.test.ts'],
  apart: [
    'test/{cdk,e2e,local,simulation}/**/*.test.ts',
    'test/functions/{game,lambda,lambda-eks}.test.ts',
    'test/testing/{arena,world}.test.ts',
  ],
}
/** What they get instead of a game. One that loads the chosen game after all fails, and belongs to those above. */
const noGame = { WAYSTONE_GAME: 'test/games/none' }

// What needs nothing installed: everything but the real parts, the browser and the benchmarks.
export default defineConfig(({ mode }) => {
  const another = mode === 'game'
  const env = another ? { WAYSTONE_GAME: 'test/games/emberfall' } : {}
  const games = [...withGame.together, ...withGame.apart]
  // Small files share processes: half of their time is the import of what they have in common. Files that start
  // processes, or change the environment of theirs, have one each.
  const projects = [
    { name: 'game', include: withGame.together, isolate: false, env },
    { name: 'game, apart', include: withGame.apart, isolate: true, env },
    {
      name: 'core',
      include: withoutGame.together,
      exclude: [...outside, ...games, ...withoutGame.apart],
      isolate: false,
      env: noGame,
    },
    {
      name: 'core, apart',
      include: withoutGame.apart,
      exclude: games,
      isolate: true,
      env: noGame,
    },
  ]
  return {
    test: {
      projects: projects
        .filter(({ name }) => !another || name.startsWith('game'))
        .map((test) => ({ extends: true as const, test })),
      testTimeout: 30_000,
      hookTimeout: 60_000,
      // What is awaited comes soon, or never. How soon it is on a busy machine no test says.
      expect: { poll: { timeout: 10_000 } },
      pool: 'forks',
      // Many of these tests wait for real processes rather than for the processor.
      maxWorkers: 3,
      sequence: { sequencer: LongFirst },
    },
  }
})
