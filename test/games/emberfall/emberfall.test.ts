// The game's own tests, as its authors write them: with the test kit alone.
import { describe, expect, it, testZone } from 'waystone/test'
import type { TestZone } from 'waystone/test'
import { Players } from 'waystone/zone'
import { game } from './game.ts'
import { Health, Mana, Score } from './protocol.ts'

const north = { aim: 'heading', heading: 49_152 } as const

/** A pit with one imp, ten metres north of where the player stands. */
async function duel(): Promise<TestZone> {
  const pit = await testZone(game, 'pit', { seed: 7 })
  await pit.contentChanged((content) => {
    const zone = content.zones.get('pit')!
    const area = { x: 30, y: 20, width: 0.1, height: 0.1 }
    const alone = { ...zone, walls: [], creatures: [{ creature: 'imp', count: 1, area }] }
    return { ...content, version: 'duel', zones: new Map([['pit', alone]]) }
  })
  return pit
}

describe('emberfall', () => {
  it('lets imps chase and hurt whoever is near, and puts the fallen back to the spawn', async () => {
    const pit = await duel()
    const ada = await pit.join('Ada', { x: 30, y: 30 })
    await pit.until(() => ada.read(Health)!.now < 100)
    expect(ada.sees('imp')).toHaveLength(1)
    await pit.until(() => ada.at.y === 50)
    expect(ada.read(Health)).toEqual({ now: 100, most: 100 })
    expect(pit.faults).toEqual([])
  })

  it('lets a fireball burn an imp to an ember, which counts once, whatever dies', async () => {
    const pit = await duel()
    const ada = await pit.join('Ada', { x: 30, y: 30 })
    await pit.run(0.2)
    for (let shot = 0; shot < 3 && ada.sees('ember').length === 0; shot++) {
      ada.world.use('fireball', north)
      await pit.run(1)
    }
    const [ember] = ada.sees('ember')
    expect(ember).toBeDefined()
    expect(ada.sees('imp')).toEqual([])
    ada.walk(ember!)
    await pit.until(() => ada.total(Score) === 5)
    ada.stand()
    await pit.crash()
    await pit.run(3)
    expect(ada.total(Score)).toBe(5)
  })

  it('takes mana for a fireball, and refuses a second one at once and one without mana', async () => {
    const pit = await testZone(game, 'pit')
    const ada = await pit.join('Ada')
    await pit.run(1)
    const ended: (string | undefined)[] = []
    ada.world.on('used', ({ refused }) => ended.push(refused))
    ada.world.use('fireball', north)
    await pit.run(0.1)
    expect(ada.world.use('fireball', north)).toEqual({ refused: 'cooldown' })
    expect(ada.read(Mana)!.now).toBe(80)
    await pit.run(1)
    expect(ended).toEqual([undefined])
    await pit.act((zone) => zone.set(zone.all(Players)[0]!, Mana, { now: 10 }))
    await pit.run(0.2)
    expect(ada.world.use('fireball', north)).toEqual({ refused: 'cost' })
    expect(ada.world.metrics.corrections).toBe(0)
  })

  it('brings an imp back ten seconds after it fell', async () => {
    const pit = await duel()
    const ada = await pit.join('Ada', { x: 30, y: 36 })
    await pit.run(0.2)
    for (let shot = 0; shot < 4 && ada.sees('ember').length === 0; shot++) {
      ada.world.use('fireball', north)
      await pit.run(0.9)
    }
    expect(ada.sees('imp')).toEqual([])
    await pit.run(10)
    expect(ada.sees('imp')).toHaveLength(1)
  })

  it('keeps wounds over a crash and a take-over', async () => {
    const pit = await testZone(game, 'pit')
    const ada = await pit.join('Ada')
    await pit.act((zone) => zone.set(zone.all(Players)[0]!, Health, { now: 40 }))
    await pit.run(5)
    await pit.crash()
    expect(ada.read(Health)).toEqual({ now: 40, most: 100 })
    await pit.takeOver()
    expect(ada.read(Health)).toEqual({ now: 40, most: 100 })
    expect(pit.faults).toEqual([])
  })
})
