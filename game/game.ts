// The sample game. It imports nothing of the core but what any game may: `waystone/…`.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { zoneGame } from 'waystone/zone'
import { arena, Ring } from './arena.ts'
import { cairnRoutes, stonesOf } from './cairns.ts'
import { Chest, chests, putChest } from './chest.ts'
import { emoting } from './emote.ts'
import { eveningBell } from './evening-bell.ts'
import { Delved, Fight, Side } from './protocol.ts'

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  contentKinds: [chests],
  zone: zoneGame({
    archetypes: [Ring, Chest],
    players: { parts: [Side, Fight] },
    messages: [emoting],
    events: [eveningBell],
    systems: [putChest, arena],
  }),
  tallies: [Delved],
  routes: [cairnRoutes],
  personal: stonesOf,
})
