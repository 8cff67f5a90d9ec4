// `waystone/test`: for the tests of a game, which `waystone test` runs.
export { describe, expect, it } from 'vitest'
export { createWorld } from '#gameserver/sim/create-world.ts'
export { step } from '#gameserver/sim/step.ts'
export type { WorldEvent, WorldInput } from '#gameserver/sim/world.ts'
export { loadContent } from '#shared/content-files/load.ts'
export { testZone } from '#testing/zone.ts'
export type { Place, TestPlayer, TestZone } from '#testing/zone.ts'
