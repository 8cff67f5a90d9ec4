import { defineConfig } from 'vitest/config'

// The main job against real parts (Chromium, real processes): slow, one at a time.
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    fileParallelism: false,
    pool: 'forks',
  },
})
