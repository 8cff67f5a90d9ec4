// The sample game as the roots see it. A studio points `#game` in package.json at its own.
import { fileURLToPath } from 'node:url'
import { zoneRules } from '#gameserver/sim/rules.ts'
import { defineGame } from '#shared/game/game.ts'
import { cairnRoutes } from './cairns.ts'
import { emote } from './emote.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneRules({ messages: [emote] }),
  routes: [cairnRoutes],
})
