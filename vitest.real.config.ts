import { defineConfig } from 'vitest/config'

/** They measure no time, so they may run beside each other. Most need no real part, but more time than `npm test` has. */
const together = [
  'test/real/permissions/*.test.ts',
  'test/real/{guides,new-game,redis,seeds,synth}.test.ts',
]

// The main job against real parts (Chromium, real processes): slow, and most of it one at a time.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'together', include: together, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/real/**/*.test.ts'],
          exclude: together,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
  },
})
