import { defineConfig, mergeConfig } from 'vitest/config'
import config from './vitest.config.ts'

// The core's tests with another game than the sample: they must hold with any.
export default mergeConfig(
  config,
  defineConfig({
    test: {
      env: { WAYSTONE_GAME: 'test/games/emberfall' },
      // These know of no game, or make one of their own.
      exclude: ['test/simulation/**', 'test/e2e/dev.test.ts', 'test/local/new-game.test.ts'],
    },
  }),
)
