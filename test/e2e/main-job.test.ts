// The main job on real processes and the embedded store, without a browser: two people log in, enter,
// walk, talk, pass a gate, leave, and find everything again after a restart.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { headingTo } from '#shared/rules/heading.ts'
import { metresToUnits, unitsPerMetre } from '#shared/rules/units.ts'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startWaystone, stillRunning } from './waystone.ts'
import type { Waystone } from './waystone.ts'

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
const playing: Player[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  waystone = await startWaystone(folder)
}, 60_000)
afterAll(async () => {
  for (const player of playing) await player.stop()
  await waystone.killAll()
  await folder.remove()
})

describe('the main job', () => {
  const guest = () => newSession(waystone.url)
  const password = 'a long walk in the woods'

  it('two people see each other walk, talk, pass a gate, and find everything after a restart', async () => {
    // One plays as a guest, one with an account.
    const first = guest()
    await first.guest()
    const second = guest()
    await second.register('bram@example.org', password)
    const mira = await first
      .inRealm(realmId)
      .create({ name: 'Mira', race: 'human', job: 'guardian' })
    const bram = await second
      .inRealm(realmId)
      .create({ name: 'Bram', race: 'human', job: 'guardian' })
    const a = await play(waystone.url, first, mira.characterId)
    const b = await play(waystone.url, second, bram.characterId)
    playing.push(a, b)

    // Each sees the other where he is.
    const seenBy = (player: Player, name: string) => {
      const one = player.client.seen().find((other) => other.name === name)
      return one && { x: one.x / unitsPerMetre, y: one.y / unitsPerMetre }
    }
    await until('Bram sees Mira', () => seenBy(b, 'Mira') !== undefined)
    await until('Mira sees Bram', () => seenBy(a, 'Bram') !== undefined)
    const from = a.place()
    await a.walkTo(from.x + 6, from.y)
    await until('Bram sees Mira where she went', () => {
      const seen = seenBy(b, 'Mira')!
      const at = a.place()
      return Math.hypot(seen.x - at.x, seen.y - at.y) < 0.01
    })
    expect(Math.hypot(a.place().x - from.x, a.place().y - from.y)).toBeGreaterThan(5)

    // They talk.
    expect(a.client.say('Shall we?')).toBe(true)
    await until('Bram hears Mira', () =>
      b.chat.some((line) => line.name === 'Mira' && line.text === 'Shall we?'),
    )

    // Mira passes the gate to the forest; Bram sees her go.
    // The nearest gate, behind which deer live.
    const far = ({ area }: { area: { x: number; y: number } }) =>
      Math.hypot(area.x - a.place().x, area.y - a.place().y)
    const [gate] = a.client
      .content!.gates.filter((one) => one.to === 'forest')
      .toSorted((one, other) => far(one) - far(other))
    expect(gate).toBeDefined()
    await a.walkTo(gate!.area.x + gate!.area.width / 2, gate!.area.y + gate!.area.height / 2)
    await until('Mira is in the forest', () => a.zone() === 'forest')
    await until('Bram sees her no more', () => seenBy(b, 'Mira') === undefined)
    const { area } = a.client.content!.creatures[0]!
    const self = a.client.self()!
    const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2 }
    a.client.walk(headingTo(metresToUnits(middle.x) - self.x, metresToUnits(middle.y) - self.y))
    const arrived = a.place()
    await until('it walks in the forest, and creatures are there', () => {
      const { x, y } = a.place()
      const moved = Math.hypot(x - arrived.x, y - arrived.y) > 3
      return moved && a.client.seen().some((other) => other.archetype === 'creature')
    })
    a.client.stand()
    await until('it stands', () => a.client.acknowledged?.body.speed === 0)

    // They leave; the whole is stopped by Ctrl-C, and started again on the same data.
    const inForest = a.place()
    await a.stop()
    await b.stop()
    playing.length = 0
    const processes = waystone.pids()
    const stopped = await waystone.stop('SIGINT')
    expect(stopped.code).toBe(0)
    expect(stillRunning(processes)).toEqual([])
    waystone = await startWaystone({ ...folder, port: waystone.port })

    // Another session, as from another machine.
    const again = guest()
    await again.logIn('bram@example.org', password)
    expect((await again.inRealm(realmId).characters()).map((one) => one.name)).toEqual(['Bram'])
    const back = await play(waystone.url, first, mira.characterId)
    playing.push(back)
    expect(back.zone()).toBe('forest')
    expect(back.place().x).toBeCloseTo(inForest.x, 1)
    expect(back.place().y).toBeCloseTo(inForest.y, 1)
  }, 120_000)
})
