import { defineConfig } from 'vitest/config'

// What needs nothing installed: everything but the real parts, the browser and the benchmarks.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/bench/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Many of these tests wait for real processes rather than for the processor.
    maxWorkers: 3,
  },
})
