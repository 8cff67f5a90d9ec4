// The sample game. It imports nothing of the core but what any game may: `waystone/…`.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { zoneGame } from 'waystone/zone'
import { cairnRoutes, stonesOf } from './cairns.ts'
import { emoting } from './emote.ts'
import { eveningBell } from './evening-bell.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneGame({ messages: [emoting], events: [eveningBell] }),
  routes: [cairnRoutes],
  personal: stonesOf,
})
