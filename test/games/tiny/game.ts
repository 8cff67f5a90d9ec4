// The smallest game that uses every way to add something: a zone, a creature, two kinds of messages, a
// system, an effect and routes. It lies outside game/ and is reached by `#game` alone, under the condition
// `testgame` (package.json); nothing in the core knows of it.
import { fileURLToPath } from 'node:url'
import { zoneRules } from '#gameserver/sim/rules.ts'
import { defineGame } from '#shared/game/game.ts'
import { flockRoutes } from './flock.ts'
import { greet, greeter } from './greet.ts'
import { tally } from './tally.ts'
import { whistling } from './whistle.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneRules({ messages: [whistling, greet], systems: [greeter] }),
  effects: [tally],
  routes: [flockRoutes],
})
