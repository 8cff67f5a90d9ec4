// `waystone/test`: for the tests of a game, which `waystone test` runs.
export { afterAll, beforeAll, describe, expect, it } from 'vitest'
export type { Place, TestPlayer } from '#testing/player.ts'
export { testWorld } from '#testing/world.ts'
export type { TestWorld, WorldPlayer } from '#testing/world.ts'
export { testZone } from '#testing/zone.ts'
export type { TestZone } from '#testing/zone.ts'
