// The sample game's arena and its dungeon's chest, as players meet them, and the results that they leave.
import '../sample-game.ts'
import { describe, expect, it } from 'vitest'
import { game } from '#game'
import { testZone } from '#testing/zone.ts'
import type { TestZone } from '#testing/zone.ts'
import type { TestPlayer } from '#testing/player.ts'

const teams = { red: ['Ada', 'Ben', 'Cyd'], blue: ['Dov', 'Eli', 'Fay'] }
const match = { queue: 'arena', teams }
const middle = { x: 24, y: 18 }

type Told = { place: number; teams: number; rating?: string; before?: number; after?: number }

/** Joins them, and hears of results. */
async function join(zone: TestZone, names: readonly string[]) {
  const told = new Map<string, Told[]>()
  const players: TestPlayer[] = []
  for (const name of names) {
    const player = await zone.join(name)
    const results: Told[] = []
    told.set(name, results)
    player.world.on('result', (result) => void results.push(result))
    players.push(player)
  }
  return { players, told }
}

async function fought() {
  const zone = await testZone(game, 'arena', { match })
  const all = [...teams.red, ...teams.blue]
  const { players, told } = await join(zone, all)
  return { zone, players, told, all }
}

const matchesOf = async (zone: TestZone) =>
  (zone.rows as unknown as { rows(table: 'core'): Record<string, unknown>[] })
    .rows('core')
    .filter(({ pk }) => String(pk).includes('#RATINGS-OF#'))
    .map((row) => row['matches'])

describe('the arena', () => {
  it('puts the teams of its match on two sides, and is won by who holds the ring alone', async () => {
    const { zone, players, told, all } = await fought()
    for (const [i, { at }] of players.entries()) {
      if (i < 3) expect(at.x).toBeLessThan(12)
      else expect(at.x).toBeGreaterThan(36)
    }
    const ada = players[0]!
    const dov = players[3]!
    // Both in it: nobody holds it.
    for (const one of [ada, dov]) {
      one.walk(middle)
      await zone.until(() => Math.abs(one.at.x - middle.x) < 1)
      one.stand()
    }
    await zone.run(25)
    expect(told.get('Ada')).toEqual([])
    dov.walk({ x: 40, y: 18 })
    await zone.until(() => told.get('Ada')!.length > 0, 40)
    await zone.run(1)
    for (const name of all) {
      const place = teams.red.includes(name) ? 1 : 2
      expect(told.get(name), name).toMatchObject([
        { place, teams: 2, rating: 'arena', before: 1500 },
      ])
      expect(told.get(name)![0]!.after! > 1500).toBe(place === 1)
    }
    expect(await matchesOf(zone)).toEqual([1, 1, 1, 1, 1, 1])
    expect(zone.faults).toEqual([])
  })

  it('counts the result once when its host dies right after it, and tells it who comes back', async () => {
    const { zone, players, told } = await fought()
    players[4]!.walk(middle)
    await zone.until(() => Math.abs(players[4]!.at.x - middle.x) < 1)
    players[4]!.stand()
    await zone.until(() => told.get('Eli')!.length > 0, 40)
    await zone.crash()
    await zone.run(5)
    expect(await matchesOf(zone)).toEqual([1, 1, 1, 1, 1, 1])
    expect(told.get('Eli')!.length).toBeGreaterThan(0)
    expect(new Set(told.get('Eli')!.map(({ after }) => after)).size).toBe(1)
    expect(zone.faults).toEqual([])
  })

  it('is lost by a team that has gone, which is rated all the same', async () => {
    const { zone, players, told } = await fought()
    await zone.run(1)
    for (const one of players.slice(3)) await one.leave()
    await zone.until(() => told.get('Ada')!.length > 0, 30)
    expect(told.get('Ada')).toMatchObject([{ place: 1 }])
    await zone.run(1)
    expect(await matchesOf(zone)).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('waits for those who come a minute after it has opened', async () => {
    const zone = await testZone(game, 'arena', { match })
    await zone.run(59)
    const { players, told } = await join(zone, [...teams.red, ...teams.blue])
    await zone.run(10)
    expect(told.get('Ada')).toEqual([])
    players[0]!.walk(middle)
    await zone.until(() => Math.abs(players[0]!.at.x - middle.x) < 1)
    players[0]!.stand()
    await zone.until(() => told.get('Ada')!.length > 0, 30)
    await zone.run(1)
    expect(told.get('Dov')).toMatchObject([{ place: 2 }])
  })

  it('is drawn where nobody has held the ring, and who comes late hears how it was', async () => {
    const zone = await testZone(game, 'arena', { match })
    const { told } = await join(zone, [...teams.red, 'Dov', 'Eli'])
    await zone.until(() => told.get('Ada')!.length > 0, 240)
    expect(told.get('Ada')).toMatchObject([{ place: 1, before: 1500, after: 1500 }])
    const late = await join(zone, ['Fay'])
    await zone.run(1)
    expect(late.told.get('Fay')).toMatchObject([{ place: 1 }])
  })

  it('lets a party practise without a result', async () => {
    const zone = await testZone(game, 'arena')
    const { players, told } = await join(zone, ['Ada', 'Ben'])
    expect(players[0]!.at.x).toBeLessThan(12)
    expect(players[1]!.at.x).toBeGreaterThan(36)
    players[0]!.walk(middle)
    await zone.until(() => Math.abs(players[0]!.at.x - middle.x) < 1)
    players[0]!.stand()
    await zone.run(60)
    expect(told.get('Ada')).toEqual([])
    expect(zone.faults).toEqual([])
  })
})

describe('the chest of a dungeon', () => {
  const Delved = { name: 'delved' }

  it('counts once for each who is there when one reaches it, also over a crash', async () => {
    const zone = await testZone(game, 'crypt', {
      match: { queue: 'crypt', teams: { party: ['Ada', 'Ben'] } },
    })
    const { players, told } = await join(zone, ['Ada', 'Ben'])
    const [ada, ben] = players as [TestPlayer, TestPlayer]
    expect(ada.sees('chest')).toHaveLength(1)
    ada.walk({ x: 24, y: 8 })
    await zone.until(() => ada.total(Delved) === 1, 30)
    ada.walk({ x: 24, y: 39 })
    await zone.run(4)
    ada.walk({ x: 24, y: 8 })
    await zone.run(5)
    await zone.crash()
    await zone.run(3)
    expect([ada, ben].map((one) => one.total(Delved))).toEqual([1, 1])
    expect(told.get('Ben')).toMatchObject([{ place: 1, teams: 1 }])
    expect(zone.faults).toEqual([])
  })
})
