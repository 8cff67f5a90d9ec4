// What components cost: `npm run bench:components`. 300 creatures and 100 players in one zone: without
// components, with six on each creature of which none changes, and with three of them changing, once a second
// and in each step, of low priority too. Then the step alone, with 10,000 standing creatures and nobody who looks.
import { createWorld } from '#gameserver/sim/create-world.ts'
import { createCellRecords } from '#gameserver/net/cell-records.ts'
import { archetype } from '#gameserver/sim/archetype.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { ZoneRules } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import type { Priority } from '#shared/components/component.ts'
import { component } from '#shared/components/component.ts'
import { u16 } from '#shared/components/fields.ts'
import type { Content, Creature, Zone } from '#shared/content/content.ts'
import { measureWorld } from './zone-world.ts'

const players = 100
const creatures = 300
const seconds = 20

const partsOf = (priority: Priority) =>
  Array.from({ length: 6 }, (_, i) =>
    component(
      `part${i}`,
      { a: u16, b: u16 },
      { audience: 'near', life: 'entity', priority, first: { a: 0, b: 0 } },
    ),
  )
const usual = partsOf('normal')

/** Creatures with six components. `everySteps`: how often three of them change; 0 for never. */
function rulesWith(everySteps: number, parts = usual): ZoneRules {
  const changing = parts.slice(0, 3)
  const Beast = archetype('beast', {
    body: 'walker',
    parts,
    ...(everySteps === 0
      ? {}
      : {
          each(zone, beast) {
            const now = Math.round(zone.now * 20)
            if ((now + beast.id) % everySteps !== 0) return
            for (const part of changing) zone.set(beast, part, { a: now & 0xffff })
          },
        }),
  })
  return zoneGame({ archetypes: [Beast] })
}

const beast: Creature = {
  id: 'beast',
  name: 'Beast',
  color: '#884422',
  radius: 0.5,
  speed: 2,
  wander: { radius: 10, pauseSeconds: { min: 1, max: 4 } },
}

function field(count: number): { zone: Zone; content: Content } {
  const area = { x: 10, y: 10, width: 180, height: 180 }
  const zone: Zone = {
    id: 'field',
    name: 'Field',
    kind: 'field',
    width: 200,
    height: 200,
    capacity: players,
    tickHz: 20,
    viewRadius: 40,
    ground: '#444444',
    spawn: { x: 100, y: 100 },
    walls: [],
    gates: [],
    creatures: [{ creature: 'beast', count, area }],
  }
  const content: Content = {
    races: new Map(),
    words: new Map(),
    leaderboards: new Map(),
    queues: new Map(),
    jobs: new Map(),
    creatures: new Map([[beast.id, beast]]),
    zones: new Map([[zone.id, zone]]),
    startZone: zone.id,
    version: 'bench',
    events: new Map(),
    ofGame: new Map(),
  }
  return { zone, content }
}

const rounds = [
  ['without components', zoneGame()],
  ['six, none changes', rulesWith(0)],
  ['three change once a second', rulesWith(20)],
  ['three change in each step', rulesWith(1)],
  ['the same, of low priority', rulesWith(1, partsOf('low'))],
] as const
for (const [name, rules] of rounds) {
  const { zone, content } = field(creatures)
  const { p50Ms, p99Ms, bytesPerPlayerSecond } = await measureWorld(
    content,
    zone,
    players,
    seconds,
    rules,
  )
  console.log(
    `${name.padEnd(28)} tick p50 ${p50Ms.toFixed(3)} p99 ${p99Ms.toFixed(3)} ms, ` +
      `${(bytesPerPlayerSecond / 1000).toFixed(2)} KB/s a player`,
  )
}

// In turn, and the quickest round of each: what else the machine does only adds.
const many = 10_000
const steps = 500
const alone = [
  ['no component', 0],
  ['six components, none changes', 6],
] as const
const worlds = alone.map(([name, count]) => {
  const Beast = archetype('beast', { body: 'walker', parts: usual.slice(0, count) })
  const rules = zoneGame({ archetypes: [Beast] })
  const { zone, content } = field(many)
  const world = createWorld(zone, content.creatures, 1, rules)
  for (const creature of world.creatures) creature.wander = undefined
  const records = createCellRecords(world)
  const run = () => {
    const began = performance.now()
    for (let n = 0; n < steps; n++) {
      step(world, [], rules)
      records.publish()
    }
    return ((performance.now() - began) * 1e6) / steps / many
  }
  run()
  return { name, run, quickest: Infinity }
})
// Worlds lie in memory as they were made until they are collected once; that would be measured instead.
globalThis.gc?.()
for (let round = 0; round < 8; round++) {
  for (const each of worlds) each.quickest = Math.min(each.quickest, each.run())
}
for (const { name, quickest } of worlds) {
  console.log(`${name.padEnd(28)} ${quickest.toFixed(1)} ns an entity and step, ${many} of them`)
}
