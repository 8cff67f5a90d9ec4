// The game as servers see it. Its browser half is page.ts.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { zoneRules } from 'waystone/zone'
import { hail } from './hail.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneRules({ messages: [hail] }),
  routes: [],
})
