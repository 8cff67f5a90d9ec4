// The store goes away under two players, twice: it stands still for longer than a lease, then it is
// killed. Nobody is thrown out, everybody gets a message, and nothing that was promised is lost.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { webRuntime } from '#client/library/web-runtime.ts'
import { newId } from '#shared/runtime.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { makeDataDir, startWaystone, stillRunning } from './waystone.ts'
import type { Waystone } from './waystone.ts'

/** Longer than the 5 s after which a host's lease has lapsed by its own clock. */
const silenceMs = 8000

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
const playing: Player[] = []
let stopped: number | undefined

beforeAll(async () => {
  folder = await makeDataDir()
  waystone = await startWaystone(folder)
}, 60_000)
afterAll(async () => {
  if (stopped !== undefined) process.kill(stopped, 'SIGCONT')
  for (const player of playing) await player.stop()
  await waystone.killAll()
  await folder.remove()
})

/** The embedded database among the processes of a start. */
function databaseOf(whole: Waystone): number | undefined {
  return whole
    .pids()
    .find((pid) =>
      /dynoxide\S* serve/.test(execFileSync('ps', ['-o', 'args=', '-p', `${pid}`]).toString()),
    )
}

/** As `ps` writes it: T is stopped. */
function stateOf(pid: number): string {
  return execFileSync('ps', ['-o', 'state=', '-p', `${pid}`], { encoding: 'utf8' })
}

/** Asks to play as a guest, once. */
async function guestBy(url: string): Promise<Response> {
  return await fetch(`${url}/v1/auth/guest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': newId(webRuntime) },
    body: JSON.stringify({ deviceSecret: randomBytes(32).toString('base64url') }),
  })
}

/** Whether the other player sees this one where he stands himself. */
function sees(viewer: Player, name: string, other: Player): boolean {
  const seen = viewer.client.seen().find((one) => one.name === name)
  if (seen === undefined) return false
  const at = other.place()
  return Math.hypot(seen.x / unitsPerMetre - at.x, seen.y / unitsPerMetre - at.y) < 0.01
}

it('players walk on while the store is silent or killed, get a message, and lose nothing', async () => {
  const { url } = waystone
  const first = newSession(url)
  const second = newSession(url)
  await first.guest()
  await second.guest()
  const make = (session: typeof first, name: string) =>
    session.inRealm(realmId).create({ name, race: 'human', job: 'guardian' })
  const mira = await make(first, 'Mira')
  const bram = await make(second, 'Bram')
  const a = await play(url, first, mira.characterId)
  const b = await play(url, second, bram.characterId)
  playing.push(a, b)
  await until('they see each other', () => sees(a, 'Bram', b) && sees(b, 'Mira', a))
  const saving: Record<string, boolean[]> = { a: [], b: [] }
  a.client.on('saving', ({ paused }) => saving['a']!.push(paused))
  b.client.on('saving', ({ paused }) => saving['b']!.push(paused))
  const phases: string[] = []
  for (const one of [a, b]) one.client.on('state', ({ phase }) => phases.push(phase))
  const processes = waystone.pids()

  // The store stands still. Requests are answered in time; no request waits for a time-out of the network.
  stopped = databaseOf(waystone)!
  process.kill(stopped, 'SIGSTOP')
  // On a busy machine its threads may still answer for a moment.
  await until('the store stands still', () => stateOf(stopped!).startsWith('T'))
  const silentFrom = performance.now()
  const strangers = [
    ...Array.from({ length: 4 }, () => fetch(`${url}/v1/realms/${realmId}/status`)),
    ...Array.from({ length: 4 }, () => guestBy(url)),
  ]
  // The client library sends it again until the store is back: one character is made.
  const late = make(first, 'Late')
  const home = a.place()
  await a.walkTo(home.x + 4, home.y)
  await b.walkTo(b.place().x, b.place().y + 4)
  expect(a.place().x).toBeGreaterThan(home.x + 3)
  await until('they see each other walk', () => sees(a, 'Bram', b) && sees(b, 'Mira', a))
  // The store is still silent here.
  for (const response of await Promise.all(strangers)) {
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(((await response.json()) as { code: string }).code).toBe('store.unavailable')
  }
  // Requests that need no store are answered.
  expect((await fetch(`${url}/v1/realms`)).status).toBe(200)
  await until('the message says that nothing is saved', () => {
    return saving['a']!.at(-1) === true && saving['b']!.at(-1) === true
  })
  expect(a.client.say('Still here?')).toBe(true)
  await until('they hear each other', () => b.chat.some(({ text }) => text === 'Still here?'))

  // It wakes up.
  await wait(Math.max(0, silenceMs - (performance.now() - silentFrom)))
  process.kill(stopped, 'SIGCONT')
  stopped = undefined
  await until('the message says that all is saved again', () => {
    return saving['a']!.at(-1) === false && saving['b']!.at(-1) === false
  })
  expect(saving).toEqual({ a: [true, false], b: [true, false] })
  expect(stillRunning(processes)).toEqual(processes)
  expect(phases).toEqual([])

  // A leave works, and the next entry finds everything again.
  const before = b.place()
  await b.stop()
  playing.splice(1, 1)
  const back = await play(url, second, bram.characterId)
  playing.push(back)
  phases.length = 0
  back.client.on('state', ({ phase }) => phases.push(phase))
  expect(back.place().x).toBeCloseTo(before.x, 1)
  expect(back.place().y).toBeCloseTo(before.y, 1)
  await late
  const names = (await first.inRealm(realmId).characters()).map(({ name }) => name)
  expect(names).toEqual(['Mira', 'Late'])

  // The store is killed. It is started again, and only players who enter meanwhile notice.
  const killed = databaseOf(waystone)!
  process.kill(killed, 'SIGKILL')
  const third = newSession(url)
  await until(
    'a newcomer logs in',
    () =>
      third.guest().then(
        () => true,
        () => false,
      ),
    10_000,
  )
  expect(databaseOf(waystone)).not.toBe(killed)
  const there = a.place()
  await a.walkTo(there.x - 3, there.y)
  expect(a.place().x).toBeLessThan(there.x - 2)
  await until('they see each other still', () => sees(a, 'Bram', back) && sees(back, 'Mira', a))
  expect(phases).toEqual([])

  const last = a.place()
  await a.stop()
  playing.shift()
  const again = await play(url, first, mira.characterId)
  playing.push(again)
  expect(again.place().x).toBeCloseTo(last.x, 1)
  expect(again.place().y).toBeCloseTo(last.y, 1)
}, 90_000)
