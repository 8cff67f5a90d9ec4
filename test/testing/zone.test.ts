// The test kit, by the game of the tests: its real zone and the real client library, in time of its own.
import { describe, expect, it } from 'vitest'
import { Creatures, zoneGame } from 'waystone/zone'
import type { GameSystem } from 'waystone/zone'
import { testZone } from 'waystone/test'
import { game } from '../games/tiny/game.ts'
import { Called } from '../games/tiny/protocol.ts'

const whistle = { kind: 'game.whistle', loud: true }

describe('the test kit', () => {
  it('lets players in, walks them, and shows them one another', async () => {
    const meadow = await testZone(game, 'meadow', { seed: 3 })
    const ada = await meadow.join('Ada', { x: 20, y: 20 })
    const bo = await meadow.join('Bo', { x: 22, y: 20 })
    ada.walk({ x: 20, y: 30 })
    await meadow.run(1)
    ada.stand()
    await meadow.run(0.5)
    expect(ada.at.y).toBeGreaterThan(24)
    expect(bo.sees('player')).toMatchObject([{ name: 'Ada', ...ada.at }])
    expect(ada.world.metrics.corrections).toBe(0)
    expect(meadow.faults).toEqual([])
    await bo.leave()
    expect(ada.sees('player')).toEqual([])
  })

  it('runs the same way for the same seed', async () => {
    const run = async (seed: number) => {
      const meadow = await testZone(game, 'meadow', { seed })
      const ada = await meadow.join('Ada')
      await meadow.run(5)
      return ada.sees().map(({ x, y }) => [x, y])
    }
    expect(await run(3)).toEqual(await run(3))
    expect(await run(3)).not.toEqual(await run(4))
  })

  it('brings everybody back after a crash, a few seconds behind, and adds to a tally once', async () => {
    const meadow = await testZone(game, 'meadow')
    const ada = await meadow.join('Ada', { x: 20, y: 20 })
    ada.world.send(whistle)
    await meadow.until(() => ada.total(Called) > 0)
    const called = ada.total(Called)
    ada.walk({ x: 100, y: 20 })
    await meadow.run(2.5)
    ada.stand()
    const before = ada.at
    await meadow.crash()
    expect(ada.at.y).toBe(before.y)
    expect(before.x - ada.at.x).toBeGreaterThan(0)
    // Five metres a second, and a checkpoint every four seconds.
    expect(before.x - ada.at.x).toBeLessThan(20)
    // A host that does not know the account lets it whistle after a while.
    await meadow.run(2)
    ada.world.send(whistle)
    await meadow.until(() => ada.total(Called) !== called)
    const { came } = ada.messages.at(-1) as { came?: number }
    expect(ada.total(Called)).toBe(called + came!)
  })

  it('hands everybody over where they are', async () => {
    const meadow = await testZone(game, 'meadow')
    const ada = await meadow.join('Ada', { x: 20, y: 20 })
    ada.walk({ x: 100, y: 20 })
    await meadow.run(3.3)
    ada.stand()
    await meadow.run(0.5)
    const before = ada.at
    await meadow.takeOver()
    expect(ada.at).toEqual(before)
  })

  it('takes other content, loses connections, and names what fails in the game', async () => {
    const boom: GameSystem = {
      name: 'boom',
      after: 'cells',
      run(zone) {
        if (zone.now === 2) throw new Error('not today')
      },
    }
    const broken = { ...game, zone: zoneGame({ systems: [boom] }) }
    const meadow = await testZone(broken, 'meadow')
    const ada = await meadow.join('Ada', { x: 20, y: 20 })
    ada.drop()
    await meadow.until(() => ada.world.state.phase === 'joined')
    await meadow.run(3)
    expect(meadow.faults).toEqual([{ what: 'system boom', message: 'not today' }])
    expect(ada.sees('creature')).toHaveLength(3)
    await meadow.act((zone) => zone.despawn(zone.all(Creatures)[0]!))
    await meadow.run(0.2)
    expect(ada.sees('creature')).toHaveLength(2)
    await expect(
      meadow.act((zone) => zone.place(zone.all(Creatures)[0]!, { x: -5, y: 0 })),
    ).rejects.toThrow('outside')
    await meadow.contentChanged((content) => {
      const zone = { ...content.zones.get('meadow')!, creatures: [] }
      return { ...content, version: 'next', zones: new Map([['meadow', zone]]) }
    })
    expect(ada.sees()).toEqual([])
    await expect(testZone(game, 'nowhere')).rejects.toThrow('no zone nowhere')
  })
})
