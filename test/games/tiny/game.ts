// The smallest game that uses every way to add something: a zone, a creature, two kinds of messages, a
// system, an effect, a tally and routes. WAYSTONE_GAME names this folder; nothing in the core
// knows of it.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { zoneGame } from 'waystone/zone'
import { flockRoutes } from './flock.ts'
import { gathered } from './gathered.ts'
import { greeter } from './greet.ts'
import { Called, greeting } from './protocol.ts'
import { Sheep, whistling } from './whistle.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneGame({
    archetypes: [Sheep],
    messages: [whistling, greeting],
    systems: [greeter],
  }),
  effects: [gathered],
  tallies: [Called],
  routes: [flockRoutes],
})
