// The entry for the peer bench: its world follows the bench's rules, and its adapter works with the real
// process.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { getPart } from '#gameserver/sim/components.ts'
import { step } from '#gameserver/sim/step.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { decodeClientFrame } from '#shared/protocol/client-frames.ts'
import { playerRadius, unitsPerMetre } from '#shared/rules/units.ts'
import { createWalker } from '../bench/crowd.ts'
import { input, probe, server } from '../bench/peer/adapter.ts'
import { arenaRules, arenaZone, boxes, marginMetres, Shown } from '../bench/peer/arena.ts'

describe('the world of the bench', () => {
  const rules = arenaRules(boxes['town']!, () => ({ hp: 70, level: 12 }))
  const place = (metres: number) => (metres + marginMetres) * unitsPerMetre

  /** A player at a place of the bench, in metres, who asks for one heading after the other, a tick each. */
  function walk(x: number, y: number, headings: number[]) {
    const world = createWorld(arenaZone(10), new Map(), 1, rules)
    const who = { characterId: 'c', accountId: 'a' }
    const body = { x: place(x), y: place(y), heading: 0, radius: playerRadius, who }
    step(world, [{ input: 'enter', ref: 1, appearance: 'human/mage', name: 'A', ...body }], rules)
    const player = world.players[0]!
    for (const [i, heading] of headings.entries()) {
      const commands = [{ heading, buttons: 1 }]
      step(world, [{ input: 'commands', id: player.id, first: i + 1, commands }], rules)
    }
    const metres = (units: number) => units / unitsPerMetre - marginMetres
    const shown = getPart(world.components, player.id & 0xffff, Shown)
    return { x: metres(player.x), y: metres(player.y), heading: player.heading, shown }
  }
  const times = (count: number, heading: number) => Array.from({ length: count }, () => heading)

  test('mirrors at a wall, and goes on mirroring whatever is asked for later', () => {
    // 5 m/s at 20 Hz are 0.25 m a tick: 1 m to the wall, 1.5 m back.
    const back = walk(599, 500, times(10, 0))
    expect([back.x, back.y]).toEqual([598.5, 500])
    expect(back.heading).toBe(32_768)
    const on = walk(599, 500, [...times(10, 0), ...times(4, 32_768)])
    expect([on.x, on.heading]).toEqual([599.5, 0])
    const both = walk(401, 401, times(20, 40_960))
    expect(both.heading).toBe(8192)
    expect(both.x).toBeCloseTo(both.y, 2)
    expect(both.x).toBeGreaterThan(401)
  })

  test('shows hit points, a counter of turns and the level', () => {
    expect(walk(500, 500, []).shown).toEqual({ hp: 70, animation: 1, level: 12 })
    expect(walk(500, 500, times(50, 64)).shown).toEqual({ hp: 70, animation: 2, level: 12 })
    expect(walk(500, 500, times(120, 64)).shown).toEqual({ hp: 53, animation: 2, level: 12 })
  })
})

describe('inputs that are written by hand', () => {
  const walks = { heading: 16_384, buttons: 1 }

  test('are INPUT frames as the protocol has them', () => {
    const bytes = new Uint8Array(64)
    const frame = decodeClientFrame(bytes.subarray(0, input(bytes, 3, 16_384)))
    expect(frame).toMatchObject({ kind: 'input', first: 5, commands: [walks, walks] })
    const walker = createWalker(1, 20)
    for (let i = 0; i < 200; i++) {
      expect(decodeClientFrame(walker.input())).toMatchObject({
        kind: 'input',
        first: 1 + 2 * i,
        commands: [{ buttons: expect.toBeOneOf([0, 1]) }, {}],
      })
    }
  })
})

describe('the adapter', () => {
  let child: ChildProcess | undefined
  afterEach(() => child?.kill('SIGKILL'))

  test('joins players where the bench wants them, and a probe shows those in sight', async () => {
    const port = await freePort()
    const { args } = server({ n: 3, port, workload: 'town' })
    child = fork(args[0] as string, args.slice(1).map(String))
    await once(child, 'message')
    const spawns = [
      { x: 500, y: 500 },
      { x: 520, y: 510 },
      { x: 580, y: 500 },
    ]
    const probes: Awaited<ReturnType<typeof probe>>[] = []
    for (const [i, at] of spawns.entries()) {
      const spawn = { ...at, hp: 60, level: 5, name: `Player_000${i}` }
      probes.push(await probe({ host: '127.0.0.1', port, i, spawn, closed: () => {} }))
    }
    const shown = () =>
      probes[0]!
        .snapshot(performance.now())
        .map(([index, x, y]) => [index, x, y])
        .sort()
    await expect.poll(shown).toEqual([
      [0, 500, 500],
      [1, 520, 510],
    ])
    probes[0]!.input(1, 16_384)
    await expect.poll(() => shown()[0]![2]).toBeGreaterThan(500)
    child.send({ cmd: 'slice' })
    const [{ slice }] = (await once(child, 'message')) as [{ slice: { ticks: number[] } }]
    expect(slice.ticks.length).toBeGreaterThan(0)
  })
})

async function freePort(): Promise<number> {
  const probing = createServer().listen(0, '127.0.0.1')
  await once(probing, 'listening')
  const { port } = probing.address() as AddressInfo
  probing.close()
  return port
}
