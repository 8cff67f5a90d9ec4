import { createWorld, describe, expect, it, loadContent, step } from 'waystone/test'
import { game } from '../game.ts'
import { hail } from '../protocol.ts'

async function openClearing() {
  const { content } = await loadContent(game.content)
  const zone = content.zones.get('clearing')!
  return createWorld(zone, content.creatures, 1, game.zone)
}

describe('the clearing', () => {
  it('lets moths stand that hear a hail, and tells everybody how many did', async () => {
    const world = await openClearing()
    const { spawnX: x, spawnY: y } = world
    const body = { appearance: 'human/wanderer', name: 'Ada', x, y, heading: 0, radius: 480 }
    const who = { characterId: 'ada', accountId: 'ada' }
    const entered = step(world, [{ input: 'enter', ref: 1, who, ...body }], game.zone)
    expect(entered.map(({ event }) => event)).toContain('entered')
    const { id } = world.players[0]!
    const heard = step(world, [{ input: 'message', id, kind: hail.kind, body: {} }], game.zone)
    const shown = { kind: hail.kind, to: 'near', body: { from: id, moths: 4 } }
    expect(heard).toContainEqual(expect.objectContaining(shown))
    expect(world.creatures.every(({ speed }) => speed === 0)).toBe(true)
  })
})
