// Emberfall: imps chase whoever comes near; a fireball turns one into an ember, which counts when it is picked up.
import { fileURLToPath } from 'node:url'
import { defineGame } from 'waystone/game'
import { ability, archetype, Players, timer, Walls, zoneGame } from 'waystone/zone'
import type { At, Entity, Zone } from 'waystone/zone'
import { Health, Mana, Score } from './protocol.ts'

/** Takes hit points; true when none is left. */
function hurt(zone: Zone, who: Entity, by: number): boolean {
  const now = Math.max(0, zone.read(who, Health, 'now') - by)
  zone.set(who, Health, { now })
  return now === 0
}

const respawn = timer('respawn', (zone, at: At) => void zone.spawn(Imp, at))

const Imp = archetype('imp', {
  body: 'walker',
  parts: [Health],
  spawned: (zone, imp) => zone.set(imp, Health, { now: 30, most: 30 }),
  each(zone, imp) {
    const prey = zone.nearest(imp, 12, Players)
    if (prey === undefined) return
    if (Math.hypot(prey.x - imp.x, prey.y - imp.y) > 1.3) zone.walkTowards(imp, prey, 3.5)
    else if (zone.every(imp, 1) && hurt(zone, prey, 8)) {
      zone.set(prey, Health, { now: 100 })
      zone.place(prey, zone.spawnPoint)
    }
  },
})

const Ember = archetype('ember', {
  body: 'sensor',
  radius: 0.9,
  touched(zone, ember, player) {
    zone.despawn(ember)
    zone.effect(player, Score.add(5), `ember ${ember.id}`, 'stay')
  },
})

const Fireball = archetype('fireball', {
  body: 'projectile',
  radius: 0.3,
  collides: [Imp, Walls],
  hit(zone, _, other) {
    if (other.is !== Imp || !hurt(zone, other, 15)) return
    zone.despawn(other)
    zone.spawn(Ember, other)
    zone.after(10, respawn, { x: other.x, y: other.y })
  },
})

export const fireball = ability('fireball', {
  aim: 'heading',
  cooldownSeconds: 0.8,
  cost: { from: Mana, field: 'now', amount: 20 },
  cast: (zone, by, { heading }) =>
    void zone.launch(Fireball, by, { heading, speed: 25, range: 20 }),
})

export const game = defineGame({
  content: fileURLToPath(new URL('content/', import.meta.url)),
  zone: zoneGame({
    archetypes: [Imp, Ember, Fireball],
    players: {
      parts: [Health, Mana],
      each(zone, player) {
        const { now, most } = zone.get(player, Mana)
        if (now < most && zone.every(player, 0.5))
          zone.set(player, Mana, { now: Math.min(most, now + 5) })
      },
    },
    abilities: [fireball],
    timers: [respawn],
  }),
  tallies: [Score],
  routes: [],
})
