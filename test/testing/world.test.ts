// The test kit on real processes, by Emberfall: what is kept of a character outlives kill -9, a take-over and other
// versions of the game. One world for all, because its start is what takes long: each test goes on where the one
// before has ended.
import { afterAll, beforeAll, describe, expect, it, testWorld, testZone } from 'waystone/test'
import type { TestWorld, WorldPlayer } from 'waystone/test'
import type { Content } from '#shared/content/content.ts'
import { game } from '../games/emberfall/game.ts'
import { Health, Score } from '../games/emberfall/protocol.ts'
import { Tenths } from '../games/emberfall_later/game.ts'

const seed = 7
const folder = (name: string) => new URL(`../games/${name}/`, import.meta.url)
const places = (seen: { x: number; y: number }[]) => seen.map(({ x, y }) => [x, y]).toSorted()

let world: TestWorld
let ada: WorldPlayer
/** One imp, which stands where the seed puts it. */
function duel(content: Content): Content {
  const imp = content.creatures.get('imp')!
  const still = { ...imp, wander: { ...imp.wander, radius: 0 } }
  const area = { x: 30, y: 20, width: 1, height: 1 }
  const pit = {
    ...content.zones.get('pit')!,
    walls: [],
    creatures: [{ creature: 'imp', count: 1, area }],
  }
  return {
    ...content,
    creatures: new Map([['imp', still]]),
    zones: new Map([['pit', pit]]),
  }
}

/** How much she has left of her hit points. */
let left: number

beforeAll(async () => void (world = await testWorld(folder('emberfall'), { seed })))
afterAll(async () => await world?.close())

/** The total as it is stored, whatever she was told. */
async function stored(): Promise<number | undefined> {
  const { realmId } = world
  const { characterId } = ada
  const { totals } = await ada.api({}).tallies.of({ params: { realmId, characterId } })
  return totals.find(({ tally }) => tally === Score.name)?.total
}

describe('the test kit on real processes', { timeout: 120_000 }, () => {
  it('takes other content, lets players in where they are wanted, and plays', async () => {
    await world.contentChanged(duel)
    ada = await world.join('Ada', { zone: 'pit', x: 30, y: 30 })
    expect(ada.at).toEqual({ x: 30, y: 30 })
    await world.until(() => ada.read(Health)!.now < 100)
    for (let shot = 0; shot < 3 && ada.sees('ember').length === 0; shot++) {
      ada.world.use('fireball', { aim: 'heading', heading: 49_152 })
      await world.run(1)
    }
    ada.walk(ada.sees('ember')[0]!)
    await world.until(() => ada.total(Score) === 5)
    // Away, before the imp is back.
    ada.walk({ x: 30, y: 60 })
    await world.until(() => ada.at.y > 45)
    ada.stand()
    left = ada.read(Health)!.now
    expect(left).toBeLessThan(100)
    // A checkpoint is four seconds old at most.
    await world.run(5)
  })

  it('keeps what a character was, had and has gathered over kill -9', async () => {
    const { at } = ada
    await world.crash()
    expect(ada.at).toEqual(at)
    expect(ada.read(Health)).toEqual({ now: left, most: 100 })
    expect(await stored()).toBe(5)
  })

  it('makes the zone that the seed makes elsewhere', async () => {
    const pit = await testZone(game, 'pit', { seed })
    await pit.contentChanged(duel)
    await pit.crash()
    const twin = await pit.join('Twin', ada.at)
    await pit.run(1)
    expect(twin.sees('imp')).toHaveLength(1)
    expect(places(ada.sees('imp'))).toEqual(places(twin.sees('imp')))
  })

  it('keeps it over a take-over by a new version with a migration', async () => {
    const { at } = ada
    await world.takeOver(folder('emberfall_later'))
    expect(ada.at).toEqual(at)
    expect(ada.read(Tenths)).toEqual({ now: left * 10, most: 1000 })
    expect(await stored()).toBe(5)
  })

  it('keeps it over a version that does not know it, and over kill -9 of that one', async () => {
    await world.takeOver(folder('emberfall_less'))
    expect(ada.read(Tenths)).toBeUndefined()
    await world.run(5)
    await world.crash()
    expect(ada.read(Tenths)).toBeUndefined()
    await world.takeOver(folder('emberfall_later'))
    expect(ada.read(Tenths)).toEqual({ now: left * 10, most: 1000 })
    expect(await stored()).toBe(5)
    expect(world.faults).toEqual([])
  })
})
