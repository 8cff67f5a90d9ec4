// Sixty players queue for the dungeon and the arena, alone and in parties, on real processes. All play in the instance
// of their match. Who declines or is silent is left out, and the others are matched before those who came later. The
// hosts are killed right after the first results: each that a player was told counts once, and each other one once
// or never, for all of its match.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createContent } from '#client/library/content.ts'
import { webMonotonic, webRuntime } from '#client/library/web-runtime.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import { openNodeSocket } from '#client/bots/socket.ts'
import { headingTo } from '#shared/rules/heading.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { newSession, realmId, until } from '../e2e/player.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'

const params = { realmId }

let waystone: Waystone
let folder: Awaited<ReturnType<typeof makeDataDir>>
const clients: { client: ZoneClient; timer: NodeJS.Timeout }[] = []

beforeAll(async () => {
  folder = await makeDataDir()
  const env = { WAYSTONE_FLEET: 'hub:1,crypt:2,arena:1' }
  waystone = await startWaystone({ ...folder, env })
})
afterAll(async () => {
  for (const { client, timer } of clients) {
    clearInterval(timer)
    void client.leave()
  }
  await waystone?.killAll()
  await folder.remove()
})

type Told = { match: string; place: number; teams: number }

async function newPlayer(name: string) {
  const session = newSession(waystone.url)
  await session.guest()
  const realm = session.inRealm(realmId)
  const { characterId: as } = await realm.create({ name, race: 'human', job: 'mage' })
  return { name, as, realm, api: realm.api({}), told: [] as Told[], delved: 0 }
}
type Player = Awaited<ReturnType<typeof newPlayer>> & { client?: ZoneClient }

/** Names of letters that do not look alike. */
const letters = 'bdfgkpst'
const nameOf = (n: number) => `Ka${letters[Math.floor(n / 8)]}o${letters[n % 8]}a`

/** The first one leads the others. */
async function party(members: Player[]): Promise<Player[]> {
  const [leader, ...others] = members as [Player, ...Player[]]
  for (const { as, api, name } of others) {
    const body = { as: leader.as, name }
    const { party: made } = await leader.api.parties.invite({ params, body })
    await api.parties.accept({ params: { ...params, partyId: made!.partyId }, body: { as } })
  }
  return members
}

/** The first of a party for the crypt has the shield, unless nobody is to have it. */
async function queue(members: Player[], queueId: 'arena' | 'crypt', shield = true) {
  const role = (i: number) => (i === 0 && shield ? 'shield' : 'blade')
  const chosen = members.map(({ as }, i) => [as, { role: role(i) }] as const)
  const choices = queueId === 'crypt' ? Object.fromEntries(chosen) : {}
  const { api, as } = members[0]!
  await api.matchmaking.join({ params: { ...params, queueId }, body: { as, choices } })
}

const standing = async ({ api, as }: Player) =>
  await api.matchmaking.standing({ params, query: { as } })

/** The match that a player is asked for, another than one that he knows. */
async function asked(player: Player, known?: string): Promise<string> {
  let matchId: string | undefined
  await until(
    `${player.name} is asked`,
    async () => {
      const { match } = await standing(player)
      if (match?.state === 'asks' && match.matchId !== known) ({ matchId } = match)
      return matchId !== undefined
    },
    60_000,
  )
  return matchId!
}

const answer = async ({ api, as }: Player, matchId: string, accept: boolean) =>
  await api.matchmaking.answer({ params: { ...params, matchId }, body: { as, accept } })

/** All are asked for the same match, and accept. */
async function accept(members: Player[], known?: string) {
  const matches = await Promise.all(members.map(async (one) => await asked(one, known)))
  expect(new Set(matches).size, members.map(({ name }) => name).join()).toBe(1)
  for (const member of members) await answer(member, matches[0]!, true)
  return { matchId: matches[0]!, members }
}

/** Enters the instance of the match, and stays until the host is gone. */
async function play(player: Player, matchId: string): Promise<void> {
  const content = createContent({ baseUrl: waystone.url, fetch, runtime: webRuntime })
  let first = true
  const client = createZoneClient({
    enter: async (signal, to) => {
      const admission = await player.realm.enter(player.as, signal, first ? matchId : to)
      first = false
      return admission
    },
    loadZone: async (zone, fresh) => await content.zone(zone, fresh),
    contentVersion: content.version,
    socket: openNodeSocket,
    runtime: webRuntime,
    monotonic: webMonotonic,
  })
  client.on('result', (result) => void player.told.push(result))
  client.on('tally', ({ tally, total }) => {
    if (tally === 'delved') player.delved = total
  })
  clients.push({ client, timer: setInterval(() => client.update(), 50) })
  player.client = client
  const inIt = () => client.state.phase === 'joined' && client.state.instance === matchId
  await until(`${player.name} is in the instance`, inIt, 60_000)
}

/** Walks straight on, as far as a place on the way. */
async function walk({ client, name }: Player, at: { x: number; y: number }): Promise<void> {
  const to = { x: metresToUnits(at.x), y: metresToUnits(at.y) }
  await until(
    `${name} is there`,
    () => {
      const self = client!.self()
      if (self === undefined) return true
      const [dx, dy] = [to.x - self.x, to.y - self.y]
      if (Math.hypot(dx, dy) < metresToUnits(1)) return true
      client!.walk(headingTo(dx, dy))
      return false
    },
    60_000,
  )
  client!.stand()
}

/** Ends the hosts of a zone by SIGKILL. */
function kill(zone: string): void {
  const { hosts } = JSON.parse(readFileSync(join(folder.dataDir, 'fleet.json'), 'utf8')) as {
    hosts: { name: string; process: { pid: number } }[]
  }
  const own = hosts.filter(({ name }) => name.startsWith(zone))
  expect(own.length).toBeGreaterThan(0)
  for (const { process: one } of own) process.kill(one.pid, 'SIGKILL')
}

it('plays sixty in the instances of their matches, and counts each result once', async () => {
  const began = performance.now()
  const said = (what: string) =>
    console.log(`${what} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
  const players: Player[] = []
  for (let n = 0; n < 62; n += 8) {
    const names = Array.from({ length: Math.min(8, 62 - n) }, (_, i) => nameOf(n + i))
    players.push(...(await Promise.all(names.map(newPlayer))))
  }
  const rest = [...players]
  const take = (count: number) => rest.splice(0, count)
  const parties = async (sizes: number[]) => {
    const made: Player[][] = []
    for (const size of sizes) made.push(await party(take(size)))
    return made
  }
  said(`${players.length} players`)

  // The first matches: one of the arena declines, one of the crypt is silent.
  const [early, decliner] = [take(5), take(1)[0]!]
  const [inTime, silent] = [take(2), take(1)[0]!]
  for (const one of [...early, decliner]) await queue([one], 'arena')
  for (const [i, one] of [...inTime, silent].entries()) await queue([one], 'crypt', i === 0)
  const declined = await asked(decliner)
  const silenced = await asked(silent)
  for (const one of early) expect(await asked(one)).toBe(declined)
  for (const one of inTime) await answer(one, await asked(one), true)
  // Those who come later wait: they are too few, or have no shield.
  const later = take(5)
  const bladesLater = take(4)
  for (const one of later) await queue([one], 'arena')
  for (const one of bladesLater) await queue([one], 'crypt', false)
  await answer(decliner, declined, false)
  const matches = [accept([...early, later[0]!], declined)]
  await matches[0]
  for (const one of later.slice(1)) expect((await standing(one)).match).toBeUndefined()
  said('who was declined is matched first')

  const [pair] = await parties([2])
  await queue(pair!, 'arena')
  matches.push(accept([...later.slice(1), ...pair!]))
  await matches[1]
  for (const sizes of [
    [3, 3],
    [3, 2, 1],
  ]) {
    const made = await parties(sizes)
    for (const one of made) await queue(one, 'arena')
    matches.push(accept(made.flat()))
    await matches.at(-1)
  }
  const arenas = await Promise.all(matches)
  said('arenas are accepted')

  // Who has not answered in time is out; the two others are older than who came meanwhile.
  const crypts = [accept([...inTime, ...bladesLater.slice(0, 3)], silenced)]
  await crypts[0]
  expect((await standing(bladesLater[3]!)).match).toBeUndefined()
  expect((await standing(silent)).penaltyUntil).toBeDefined()
  said('who was kept waiting is matched first')
  for (let n = 0; n < 8; n++) {
    const [three] = await parties([3])
    await queue(three!, 'crypt')
    // Those who wait without a shield come along with the first.
    crypts.push(accept([...three!, ...(n === 0 ? [bladesLater[3]!] : [])]))
    await crypts.at(-1)
  }
  const twos = await parties([2, 2, 2])
  for (const one of twos) await queue(one, 'crypt')
  expect(rest).toEqual([])
  // Two may go in after 20 seconds.
  crypts.push(...twos.map(async (two) => await accept(two)))
  const dungeons = await Promise.all(crypts)
  said('dungeons are accepted')

  const all = [...arenas, ...dungeons]
  expect(all.flatMap(({ members }) => members)).toHaveLength(60)
  await Promise.all(all.flatMap(({ matchId, members }) => members.map((one) => play(one, matchId))))
  for (const { members } of all) {
    const names = members.map(({ name }) => name).toSorted()
    for (const { client, name } of members) {
      const seen = () => [
        name,
        ...client!.seen().flatMap((one) => (one.archetype === 'player' ? [one.name] : [])),
      ]
      await until(`${name} sees all of his match`, () => seen().length === names.length)
      expect(seen().toSorted()).toEqual(names)
    }
  }
  said('all play')

  const toldIn = (played: typeof all) =>
    played.filter(({ members }) => members.some(({ told }) => told.length > 0))
  // One of each arena holds the ring; one of each crypt goes to the chest.
  const walks = [
    ...arenas.map(async ({ members }) => await walk(members[0]!, { x: 24, y: 18 })),
    ...dungeons.map(async ({ members }) => await walk(members[0]!, { x: 24, y: 8 })),
  ]
  await Promise.race([
    Promise.all(walks),
    until('a dungeon is done', () => toldIn(dungeons).length > 0, 60_000),
  ])
  kill('crypt')
  const doneAtKill = toldIn(dungeons)
  said(`${doneAtKill.length} of 12 dungeons are done, and their hosts are killed`)
  await until('an arena is won', () => toldIn(arenas).length > 0, 60_000)
  kill('arena')
  const wonAtKill = toldIn(arenas)
  said(`${wonAtKill.length} of 4 arenas are won, and their host is killed`)
  expect(wonAtKill.length).toBeGreaterThan(0)

  const playing = all.flatMap(({ members }) => members)
  await until(
    'all are back outside',
    () =>
      playing.every(({ client }) => {
        const { state } = client!
        return state.phase === 'joined' && state.zone === 'hub'
      }),
    60_000,
  )
  said('all are back')
  // What waited with them is asked again by the next host, within seconds.
  const counts = async ({ members }: (typeof all)[number]) =>
    await Promise.all(
      members.map(async ({ api, as }) => {
        const { ratings } = await api.matchmaking.ratings({ params, query: { as } })
        expect(ratings.length).toBeLessThan(2)
        return ratings[0]?.matches ?? 0
      }),
    )
  const totals = async ({ members }: (typeof all)[number]) =>
    await Promise.all(
      members.map(async ({ api, as }) => {
        const { totals: own } = await api.tallies.of({ params: { ...params, characterId: as } })
        return own.find(({ tally }) => tally === 'delved')?.total ?? 0
      }),
    )
  const settled = async () => JSON.stringify([await Promise.all(arenas.map(counts))])
  let before = ''
  await until(
    'ratings change no more',
    async () => {
      const now = await settled()
      await webRuntime.sleep(2000)
      const same = now === before
      before = now
      return same
    },
    30_000,
  )
  for (const arena of arenas) {
    const each = await counts(arena)
    // All of a match, or none.
    expect(new Set(each).size).toBe(1)
    if (toldIn([arena]).length > 0) expect(each).toEqual([1, 1, 1, 1, 1, 1])
    else expect(each[0]).toBeLessThan(2)
  }
  for (const dungeon of dungeons) {
    const each = await totals(dungeon)
    for (const [i, { delved, told }] of dungeon.members.entries()) {
      expect(each[i]).toBeLessThan(2)
      if (delved > 0) expect(each[i]).toBe(1)
      // What is told again is the same.
      expect(new Set(told.map(({ place }) => place)).size).toBeLessThan(2)
    }
  }
  said('results stand')
})
