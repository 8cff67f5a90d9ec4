// A later version of Emberfall: it counts hit points in tenths, and takes over what the first has saved.
import { component, u16 } from 'waystone/api'
import { defineGame } from 'waystone/game'
import { zoneGame } from 'waystone/zone'
import { game as first } from '../emberfall/game.ts'

export const Tenths = component(
  'health',
  { now: u16, most: u16 },
  {
    audience: 'near',
    life: 'character',
    first: { now: 1000, most: 1000 },
    version: 2,
    migrate: ({ now, most }) => ({ now: Number(now) * 10, most: Number(most) * 10 }),
  },
)

export const game = defineGame({
  content: first.content,
  zone: zoneGame({ players: { parts: [Tenths] } }),
  routes: [],
})
