// Each of the spells, in a zone with nothing else in it.
import { defineGame } from 'waystone/game'
import { toUnits } from 'waystone/page'
import { expect, it, testZone } from 'waystone/test'
import { Players, zoneGame } from 'waystone/zone'
import { game } from './game.ts'
import { Health, Mana } from './protocol.ts'
import { blink, chill, dash, mend } from './spells.ts'

const spells = defineGame({
  content: game.content,
  zone: zoneGame({ players: { parts: [Health, Mana] }, abilities: [dash, mend, chill, blink] }),
  routes: [],
})

const east = { aim: 'heading', heading: 0 } as const
const none = { aim: 'none' } as const
const at = (x: number, y: number) => ({ aim: 'place', x: toUnits(x), y: toUnits(y) }) as const

async function enter() {
  const pit = await testZone(spells, 'pit', { seed: 7 })
  const ada = await pit.join('Ada', { x: 30, y: 45 })
  await pit.run(0.5)
  return { pit, ada }
}

it('a dash moves three metres at once, as the client has foreseen', async () => {
  const { pit, ada } = await enter()
  ada.world.use('dash', east)
  await pit.run(0.4)
  expect(ada.at.x).toBeCloseTo(33, 1)
  expect(ada.world.metrics.corrections).toBe(0)
})

it('a cast takes its time, and nothing else can be used meanwhile', async () => {
  const { pit, ada } = await enter()
  await pit.act((zone) => zone.set(zone.all(Players)[0]!, Health, { now: 50 }))
  ada.world.use('mend', none)
  await pit.run(0.5)
  expect(ada.world.casting()).toMatchObject({ ability: 'mend' })
  expect(ada.world.use('dash', east)).toEqual({ refused: 'casting' })
  expect(ada.read(Health)!.now).toBe(50)
  await pit.run(1)
  expect(ada.read(Health)!.now).toBe(80)
})

it('who is chilled walks at half the speed, as the client has foreseen', async () => {
  const { pit, ada } = await enter()
  const bo = await pit.join('Bo', { x: 32, y: 45 })
  await pit.run(0.5)
  ada.world.use('chill', { aim: 'entity', id: bo.world.self()!.id })
  await pit.run(0.6)
  bo.walk({ x: 50, y: 45 })
  await pit.run(0.2)
  const from = bo.at.x
  await pit.run(1)
  // Five metres a second are the speed of walking.
  expect(bo.at.x - from).toBeGreaterThan(2)
  expect(bo.at.x - from).toBeLessThan(3)
  expect(bo.world.metrics.corrections).toBe(0)
})

it('a blink into a wall goes nowhere and is no fault', async () => {
  const { pit, ada } = await enter()
  ada.world.use('blink', at(30, 41))
  await pit.run(0.4)
  expect(ada.at).toEqual({ x: 30, y: 41 })
  await pit.run(5)
  ada.world.use('blink', at(25, 35))
  await pit.run(0.4)
  expect(ada.at).toEqual({ x: 30, y: 41 })
  expect(pit.faults).toEqual([])
})
