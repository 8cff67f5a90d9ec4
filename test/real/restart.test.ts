// What players were told survives the end of everything: by Ctrl-C, and by kill -9 of every process.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { identityOf } from '#client/bots/identity.ts'
import { deviceKey } from '#client/library/session.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'
import { systemRuntime } from '#shared/system.ts'
import { newSession, play, realmId } from '../e2e/player.ts'
import { makeDataDir, startWaystone, stillRunning } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const count = 20
const walkMs = 20_000
/** What a crash may lose, with the pace at which the record is written (5 a second). */
const lostMs = 5000 + 200
/** How far a bot walks between two lines of the record, metres. */
const betweenLines = 1.2
/** How far the server moves it on after the last line: a line's time, and 0.5 s of repeated commands. */
const aheadOfLast = 3.6

type Line = { at: number; bot: number } & (
  | { what: 'account'; accountId: string }
  | { what: 'character'; characterId: string; name: string }
  | { what: 'position'; zone: string; body: { x: number; y: number } }
)
type Told = {
  accountId: string
  characterId: string
  name: string
  positions: { at: number; zone: string; x: number; y: number }[]
}

/** What each bot was told, by its index. */
async function readRecord(file: string): Promise<Map<number, Told>> {
  const told = new Map<number, Told>()
  for (const text of (await readFile(file, 'utf8')).split('\n')) {
    // The last line of a bot that was killed may be cut.
    if (!text.endsWith('}')) continue
    const line = JSON.parse(text) as Line
    const one = told.get(line.bot) ?? { accountId: '', characterId: '', name: '', positions: [] }
    told.set(line.bot, one)
    if (line.what === 'account') one.accountId = line.accountId
    else if (line.what === 'character') Object.assign(one, line)
    else {
      const { x, y } = line.body
      const place = { x: x / unitsPerMetre, y: y / unitsPerMetre }
      one.positions.push({ at: line.at, zone: line.zone, ...place })
    }
  }
  return told
}

describe.each([
  { how: 'Ctrl-C', accounts: false, end: async (one: Waystone) => void (await one.stop()) },
  { how: 'kill -9', accounts: true, end: async (one: Waystone) => await one.killAll() },
])('after $how under 20 bots', ({ how, accounts, end }) => {
  let waystone: Waystone | undefined
  let folder: Awaited<ReturnType<typeof makeDataDir>> | undefined
  afterEach(async () => {
    await waystone?.killAll()
    await folder?.remove()
  })

  it('every account and character is there, at most 5 s behind', async () => {
    folder = await makeDataDir()
    waystone = await startWaystone(folder)
    const record = join(folder.dataDir, 'told.jsonl')
    const args = [
      '--count',
      String(count),
      '--url',
      waystone.url,
      '--seed',
      how,
      '--record',
      record,
    ]
    const bots = spawn(
      process.execPath,
      ['client/bots/main.ts', ...args, ...(accounts ? ['--accounts'] : [])],
      { cwd: root, stdio: 'ignore' },
    )
    await systemRuntime.sleep(walkMs)

    // The bots go first, without a word, so that nothing but the end itself saves where they are.
    bots.kill('SIGKILL')
    const processes = waystone.pids()
    const from = performance.now()
    await end(waystone)
    console.log(`${how}: everything ended in ${Math.round(performance.now() - from)} ms`)
    await expect.poll(() => stillRunning(processes)).toEqual([])
    expect(performance.now() - from).toBeLessThan(10_000)
    const told = await readRecord(record)
    expect(told.size).toBe(count)

    const startedAt = performance.now()
    waystone = await startWaystone({ ...folder, port: waystone.port })
    console.log(`${how}: healthy again after ${Math.round(performance.now() - startedAt)} ms`)
    const behindMs: number[] = []
    for (const [index, one] of told) {
      const identity = identityOf(how, index)
      const session = newSession(waystone.url, { [deviceKey]: identity.deviceSecret })
      const account = accounts
        ? await session.logIn(identity.loginName, identity.password)
        : await session.guest()
      expect(account.accountId).toBe(one.accountId)
      const characters = await session.inRealm(realmId).characters()
      expect(characters.map((character) => character.characterId)).toEqual([one.characterId])
      const player = await play(waystone.url, session, one.characterId)
      const place = player.place()
      const zone = player.zone()
      await player.stop()
      // The newest line that is where the character stands now. The server was ahead of the last one.
      const last = one.positions.at(-1)!
      const near = one.positions.findLast((line) => {
        const apart = Math.hypot(line.x - place.x, line.y - place.y)
        return line.zone === zone && apart <= (line === last ? aheadOfLast : betweenLines)
      })
      expect(near, `${one.name} is in ${zone} where it never was`).toBeDefined()
      behindMs.push(last.at - near!.at)
    }
    console.log(`${how}: positions are at most ${Math.max(...behindMs)} ms behind`)
    expect(Math.max(...behindMs)).toBeLessThanOrEqual(lostMs)
  })
})
