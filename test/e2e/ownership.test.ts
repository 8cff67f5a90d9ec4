// A character is in one place, and can always be played again: on real processes.
import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startWaystone } from './waystone.ts'
import type { Waystone } from './waystone.ts'

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
let playing: Player[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  waystone = await startWaystone(folder)
}, 60_000)
afterEach(async () => {
  for (const player of playing) await player.stop()
  playing = []
})
afterAll(async () => {
  await waystone.killAll()
  await folder.remove()
})

async function newPlayer(name: string) {
  const session = newSession(waystone.url)
  await session.guest()
  const { characterId } = await session
    .inRealm(realmId)
    .create({ name, race: 'human', job: 'mage' })
  const player = await play(waystone.url, session, characterId)
  playing.push(player)
  return { session, characterId, player }
}

/** The processes that run zone hosts. */
function zoneHosts(): number[] {
  const below = new Set(waystone.pids())
  const table = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
  return table
    .split('\n')
    .filter((line) => line.includes('gameserver/main.ts'))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => below.has(pid))
}

describe('a character', () => {
  it('that comes in elsewhere goes on where it was, and the first connection gets the reason', async () => {
    const { session, characterId, player } = await newPlayer('Odo')
    const from = player.place()
    await player.walkTo(from.x + 4, from.y)
    const at = player.place()
    const second = await play(waystone.url, session, characterId)
    playing.push(second)
    await until('the first one is closed', () => player.client.state.phase === 'closed')
    expect(player.client.state).toEqual({ phase: 'closed', reason: 'replaced' })
    expect(second.place().x).toBeCloseTo(at.x, 3)
    expect(second.place().y).toBeCloseTo(at.y, 3)
  })

  it('whose host is killed is back in play by itself, at most 5 s behind', async () => {
    const { player } = await newPlayer('Ama')
    const from = player.place()
    await player.walkTo(from.x - 5, from.y)
    const at = player.place()
    // The next checkpoint holds where it stands.
    await new Promise((resolve) => setTimeout(resolve, 5000))
    for (const pid of zoneHosts()) process.kill(pid, 'SIGKILL')
    await until('the socket is lost', () => player.client.state.phase !== 'joined')
    const began = performance.now()
    await until('it is back', () => player.client.state.phase === 'joined', 15_000)
    console.log(`back in play after ${Math.round(performance.now() - began)} ms`)
    expect(player.place().x).toBeCloseTo(at.x, 3)
    expect(player.place().y).toBeCloseTo(at.y, 3)
  })
})
