// The game as servers see it. Its browser half is page.ts.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { zoneGame } from 'waystone/zone'
import { hailing, Moth } from './hail.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneGame({ archetypes: [Moth], messages: [hailing] }),
  routes: [],
})
