// What a game adds to a zone: its order, its names, and faults that cost nothing else.
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { Players } from '#gameserver/sim/archetype.ts'
import { onMessage } from '#gameserver/sim/message.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { GameSystem } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { message } from '#shared/protocol/message.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

const newWorld = () => createWorld(testZone(), new Map([[deer.id, deer]]), 1)

function knock(kind: string, handle: () => void = () => {}) {
  const declared = message(kind, { toServer: z.strictObject({}), toClient: z.object({}) })
  return onMessage(declared, handle)
}

describe('rules of a zone', () => {
  it('run a system right after the one it names, and those after the same in their order', () => {
    const world = newWorld()
    const ran: string[] = []
    const watch = (name: string, after: GameSystem['after']): GameSystem => ({
      name,
      after,
      run: (zone) => void ran.push(`${name} ${zone.all(Players).length}`),
    })
    const systems = [watch('b', 'gates'), watch('a', 'input'), watch('c', 'gates')]
    step(world, [enterInput(1, 60, 60)], zoneGame({ systems }))
    expect(ran).toEqual(['a 1', 'b 1', 'c 1'])
  })

  it('let systems of a game meet nobody who is unseen, in lists and events, and lose nothing they say', () => {
    const world = newWorld()
    const met: string[] = []
    const hi = message('game.hi', { toClient: z.object({}) })
    const run: GameSystem['run'] = (zone, happened) => {
      for (const { name } of zone.all(Players)) met.push(`there ${name}`)
      for (const { event, player } of happened) {
        if (event !== 'entered') continue
        met.push(`entered ${player.name}`)
        zone.send(player, hi, {})
      }
    }
    const rules = zoneGame({ messages: [hi], systems: [{ name: 'greeter', after: 'input', run }] })
    const seen = { ...enterInput(1, 60, 60), name: 'Ann' }
    const unseen = { ...enterInput(2, 62, 60), name: 'Watch', unseen: true }
    const events = step(world, [unseen, seen], rules)
    expect(met).toEqual(['there Ann', 'entered Ann'])
    expect(events.map((event) => event.event)).toEqual(['entered', 'entered', 'message'])
    const left = events.flatMap((event) => (event.event === 'entered' ? [event.entity] : []))
    step(
      world,
      left.map(({ id }) => ({ input: 'leave', id })),
      rules,
    )
    expect([world.players, world.unseen]).toEqual([[], []])
  })

  it('are the same steps as without a game while the game does nothing', () => {
    const [plain, other] = [newWorld(), newWorld()]
    const rules = zoneGame({ messages: [knock('game.knock')] })
    for (let i = 0; i < 100; i++) {
      step(plain, [])
      step(other, [], rules)
    }
    const places = (world: typeof plain) => world.creatures.map(({ x, y }) => [x, y])
    expect(places(other)).toEqual(places(plain))
  })

  it('refuse kinds outside of game. and whatever is registered twice', () => {
    const twice = [knock('game.knock'), knock('game.knock')]
    expect(() => zoneGame({ messages: [knock('chat.nearby')] })).toThrow('must begin with "game."')
    expect(() => zoneGame({ messages: [knock('game.Knock')] })).toThrow('lower case')
    expect(() => zoneGame({ messages: twice })).toThrow('game.knock is registered twice')
    const system: GameSystem = { name: 'rain', after: 'cells', run: () => {} }
    expect(() => zoneGame({ systems: [system, system] })).toThrow('rain is registered twice')
  })

  it('go on when something of the game throws, and report it', () => {
    const fault = () => {
      throw new Error('planned')
    }
    const rules = zoneGame({
      messages: [knock('game.knock', fault)],
      systems: [{ name: 'rain', after: 'input', run: fault }],
    })
    const world = newWorld()
    const [entered] = step(world, [enterInput(1, 60, 60)], rules)
    if (entered?.event !== 'entered') throw new Error('nobody entered')
    const { id } = entered.entity
    const heading = 0
    const walk = [{ heading, buttons: 1 }]
    const from = entered.entity.x
    const events = step(
      world,
      [
        { input: 'message', id, kind: 'game.knock', body: {} },
        { input: 'commands', id, first: 1, commands: walk },
      ],
      rules,
    )
    expect(events).toMatchObject([
      { event: 'failed', what: 'system rain' },
      { event: 'failed', what: 'message game.knock' },
    ])
    expect(entered.entity.x).toBeGreaterThan(from)
  })
})
