// `waystone/test`: for the tests of a game, which `waystone test` runs.
export { describe, expect, it } from 'vitest'
export { testZone } from '#testing/zone.ts'
export type { Place, TestPlayer, TestZone } from '#testing/zone.ts'
