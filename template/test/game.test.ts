import { describe, expect, it, testZone } from 'waystone/test'
import { game } from '../game.ts'
import { hail } from '../protocol.ts'

describe('the clearing', () => {
  it('lets moths stand that hear a hail, and tells everybody how many did', async () => {
    const clearing = await testZone(game, 'clearing', { seed: 1 })
    const ada = await clearing.join('Ada')
    const bo = await clearing.join('Bo')
    ada.world.send({ kind: hail.kind })
    await clearing.until(() => bo.messages.length > 0)
    expect(bo.messages).toEqual([{ kind: hail.kind, from: ada.world.self()!.id, moths: 4 }])
    await clearing.run(0.2)
    expect(ada.sees('moth').map(({ speed }) => speed)).toEqual([0, 0, 0, 0])
    expect(clearing.faults).toEqual([])
  })
})
