// More abilities, one of each kind: a dash, a cast that takes time, one aimed at somebody, one at a place.
import { ability, Players } from 'waystone/zone'
import { Health, Mana } from './protocol.ts'

/** The client steps with it at once: whoever dashes feels no delay. */
export const dash = ability('dash', {
  aim: 'heading',
  cooldownSeconds: 3,
  move: { dash: { speed: 15, seconds: 0.2 } },
})

/** Nothing else can be used while it is cast; `zone.interrupt` ends it without effect. */
export const mend = ability('mend', {
  aim: 'none',
  castSeconds: 1,
  cooldownSeconds: 4,
  cost: { from: Mana, field: 'now', amount: 30 },
  cast(zone, by) {
    const { now, most } = zone.get(by, Health)
    zone.set(by, Health, { now: Math.min(most, now + 30) })
  },
})

/** Imps are aimed at as well as players: what it works on, the game says. */
export const chill = ability('chill', {
  aim: 'entity',
  range: 12,
  cooldownSeconds: 4,
  cast(zone, _, { target }) {
    if (target.is === Players) zone.slow(target, 0.5, 3)
  },
})

/** `place` refuses a wall: ask first, or the console shows a fault for each try. */
export const blink = ability('blink', {
  aim: 'place',
  range: 8,
  cooldownSeconds: 5,
  cast(zone, by, at) {
    if (zone.canStand(by, at)) zone.place(by, at)
  },
})
