// Commands and repeated entries on real processes: a ban reaches a walking player in 3 s, with the
// cache there and gone; a player who enters twice, elsewhere or after a lost answer is in play within
// 5 s.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNodeSocket } from '#client/bots/socket.ts'
import { createContent } from '#client/library/content.ts'
import { webMonotonic, webRuntime } from '#client/library/web-runtime.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import type { ResumeTicket } from '#client/library/zone-client-state.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { newSession, realmId, until } from '../e2e/player.ts'
import { makeDataDir, startBesideRedis } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const banMs = 3000
const enterMs = 5000
const rounds = 5

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
let redis: RedisServer
const open: { client: ZoneClient; timer: NodeJS.Timeout }[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  ;({ waystone, redis } = await startBesideRedis(folder.dataDir))
})
afterAll(async () => {
  for (const { client, timer } of open) {
    await client.leave()
    clearInterval(timer)
  }
  await waystone.killAll()
  await redis.stop()
  await folder.remove()
})

async function newCharacter(name: string) {
  const session = newSession(waystone.url)
  await session.guest()
  const realm = session.inRealm(realmId)
  const { characterId } = await realm.create({ name, race: 'human', job: 'mage' })
  return { realm, characterId, kept: undefined as ResumeTicket | undefined }
}
type Who = Awaited<ReturnType<typeof newCharacter>>

/** A connection of its own, as a page or a device has it. Walks. */
function connect(who: Who, resume?: ResumeTicket): ZoneClient {
  const content = createContent({ baseUrl: waystone.url, fetch, runtime: webRuntime })
  const client = createZoneClient({
    enter: (signal) => who.realm.enter(who.characterId, signal),
    loadZone: (zone, fresh) => content.zone(zone, fresh),
    contentVersion: content.version,
    socket: openNodeSocket,
    runtime: webRuntime,
    monotonic: webMonotonic,
    ...(resume && { resume }),
    keepResume: (ticket) => (who.kept = ticket),
  })
  client.on('zone', () => client.walk(0))
  open.push({ client, timer: setInterval(() => client.update(), 20) })
  return client
}

const joined = async (client: ZoneClient) =>
  await until('it is in play', () => client.state.phase === 'joined', 20_000)

/** Runs it `rounds` times and prints how long it took; none may take longer than `mostMs`. */
async function measured(what: string, mostMs: number, once: (round: number) => Promise<number>) {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) took.push(Math.round(await once(round)))
  console.log(`${what}: ${took.join(', ')} ms`)
  expect(Math.max(...took)).toBeLessThan(mostMs)
}

/** Letters alone may stand in a name. */
const named = (name: string, round: number) => `${name}${'abcde'[round]}`

async function ban(name: string): Promise<number> {
  const who = await newCharacter(name)
  const client = connect(who)
  await joined(client)
  const began = performance.now()
  const out = client.ended.then((reason) => ({ reason, at: performance.now() }))
  await promisify(execFile)(
    process.execPath,
    ['local/waystone.ts', 'player', 'ban', `character:${name}`, '--reason', 'sold gold', '--json'],
    { cwd: root, env: { PATH: process.env['PATH'], WAYSTONE_DATA: folder.dataDir } },
  )
  const { reason, at } = await out
  expect(reason).toBe('kicked')
  await expect(who.realm.enter(who.characterId)).rejects.toMatchObject({ code: 'auth.banned' })
  return at - began
}

/** Each way once with the cache and once without. The cache makes it faster and is never needed. */
function ways(cache: string, letter: string): void {
  describe(`with the cache ${cache}`, () => {
    it(`a ban reaches a walking player in ${banMs} ms`, async () => {
      await measured(`ban, cache ${cache}, the command's start included`, banMs, async (round) =>
        ban(named(`Bea${letter}`, round)),
      )
    })

    it(`who logs in elsewhere is in play within ${enterMs} ms, and the first gets the reason`, async () => {
      const who = await newCharacter(`Odo${letter}`)
      let before = connect(who)
      await joined(before)
      await measured(`log-in elsewhere, cache ${cache}`, enterMs, async () => {
        const began = performance.now()
        const next = connect(who)
        await joined(next)
        const took = performance.now() - began
        expect(await before.ended).toBe('replaced')
        before = next
        return took
      })
    })

    it(`a page that is loaded again is in play within ${enterMs} ms`, async () => {
      const who = await newCharacter(`Pia${letter}`)
      const resumed: boolean[] = []
      let page = connect(who)
      await joined(page)
      await measured(`page loaded again, cache ${cache}`, enterMs, async (round) => {
        // The old page is gone without a leave. Its storage may be gone as well.
        const kept = round === rounds - 1 ? undefined : who.kept
        const { timer } = open.find(({ client }) => client === page)!
        clearInterval(timer)
        const began = performance.now()
        page = connect(who, kept)
        page.on('zone', (zone) => resumed.push(zone.resumed))
        await joined(page)
        return performance.now() - began
      })
      expect(resumed).toEqual([true, true, true, true, false])
    })

    it(`of two who enter at once one is in play within ${enterMs} ms, and one alone`, async () => {
      await measured(`two enters at once, cache ${cache}`, enterMs, async (round) => {
        const who = await newCharacter(named(`Rue${letter}`, round))
        const began = performance.now()
        const both = [connect(who), connect(who)]
        await until('one has won', () => {
          const phases = both.map(({ state }) => state.phase)
          return phases.includes('joined') && phases.includes('closed')
        })
        return performance.now() - began
      })
    })

    it(`who enters again after a lost answer is in play within ${enterMs} ms`, async () => {
      const who = await newCharacter(`Sol${letter}`)
      await measured(`enter after a lost answer, cache ${cache}`, enterMs, async () => {
        // It was done, but nobody got the ticket.
        await who.realm.enter(who.characterId)
        const began = performance.now()
        const client = connect(who)
        await joined(client)
        const took = performance.now() - began
        await client.leave()
        return took
      })
    })
  })
}

ways('there', 'a')
describe('later', () => {
  beforeAll(async () => await redis.stop())
  ways('gone', 'b')
})
