// The smallest game that uses every way to add something: a zone, a creature, two kinds of messages, a
// system, an effect, a tally and routes. WAYSTONE_GAME names this folder; nothing in the core
// knows of it.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { zoneRules } from 'waystone/zone'
import { flockRoutes } from './flock.ts'
import { gathered } from './gathered.ts'
import { greet, greeter } from './greet.ts'
import { Called } from './protocol.ts'
import { whistling } from './whistle.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneRules({ messages: [whistling, greet], systems: [greeter] }),
  effects: [gathered],
  tallies: [Called],
  routes: [flockRoutes],
})
