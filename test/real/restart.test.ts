// What the server acknowledged survives the end of everything: by Ctrl-C, and by kill -9 of every process.
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { identityOf } from '#client/bots/identity.ts'
import { deviceKey } from '#client/library/ways-in.ts'
import { systemRuntime } from '#shared/system.ts'
import { newSession, play, realmId } from '../e2e/player.ts'
import { makeDataDir, startWaystone, stillRunning } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'
import { behindMs, lostMs, readRecord, startBots } from './record.ts'

const count = 20
const walkMs = 20_000

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
    const record = join(folder.dataDir, 'record.jsonl')
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
    const bots = startBots([...args, ...(accounts ? ['--accounts'] : [])])
    await systemRuntime.sleep(walkMs)

    // The bots end first, without a leave, so that only the end of the servers saves their positions.
    bots.kill('SIGKILL')
    const processes = waystone.pids()
    const from = performance.now()
    await end(waystone)
    console.log(`${how}: everything ended in ${Math.round(performance.now() - from)} ms`)
    await expect.poll(() => stillRunning(processes)).toEqual([])
    expect(performance.now() - from).toBeLessThan(10_000)
    const histories = await readRecord(record)
    expect(histories.size).toBe(count)

    const startedAt = performance.now()
    waystone = await startWaystone({ ...folder, port: waystone.port })
    console.log(`${how}: healthy again after ${Math.round(performance.now() - startedAt)} ms`)
    const behind: number[] = []
    for (const [index, one] of histories) {
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
      const ms = behindMs(one.positions, { zone: zone!, ...place })
      expect(ms, `${one.name} is in ${zone} where it never was`).toBeDefined()
      behind.push(ms!)
    }
    console.log(`${how}: positions are at most ${Math.max(...behind)} ms behind`)
    expect(Math.max(...behind)).toBeLessThanOrEqual(lostMs)
  })
})
