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

type Played = { matchId: string; members: Player[] }

/** All are in the instance of their match, and see one another there. */
async function playAll(matches: readonly Played[]): Promise<void> {
  await Promise.all(
    matches.flatMap(({ matchId, members }) => members.map((one) => play(one, matchId))),
  )
  for (const { members } of matches) {
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
}

/** One of each match walks to a place where it ends; the hosts are killed when the first member is told. */
async function endAll(zone: string, matches: readonly Played[], at: { x: number; y: number }) {
  const walks = matches.map(async ({ members }) => await walk(members[0]!, at))
  const isTold = ({ members }: Played) => members.some(({ told }) => told.length > 0)
  await until(`a match in ${zone} has ended`, () => matches.some(isTold), 60_000)
  kill(zone)
  await Promise.all(walks)
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

  /** The first match is declined by one, while others have come. */
  const arenas = async (): Promise<Played[]> => {
    const [early, decliner, later] = [take(5), take(1)[0]!, take(5)]
    for (const one of [...early, decliner]) await queue([one], 'arena')
    const declined = await asked(decliner)
    for (const one of early) expect(await asked(one)).toBe(declined)
    for (const one of later) await queue([one], 'arena')
    await answer(decliner, declined, false)
    const matches = [await accept([...early, later[0]!], declined)]
    for (const one of later.slice(1)) expect((await standing(one)).match).toBeUndefined()
    said('arena: who was declined is matched first')
    for (const [sizes, others] of [
      [[2], later.slice(1)],
      [[3, 3], []],
      [[3, 2, 1], []],
    ] as const) {
      const made = await parties([...sizes])
      for (const one of made) await queue(one, 'arena')
      matches.push(await accept([...made.flat(), ...others]))
    }
    await playAll(matches)
    said('arena: all play')
    await endAll('arena', matches, { x: 24, y: 18 })
    said('arena: a match is won, and the hosts are killed')
    return matches
  }

  /** One of the first match is silent, while others have come, of whom nobody has the shield. */
  const dungeons = async (): Promise<Played[]> => {
    const [early, silent, later] = [take(2), take(1)[0]!, take(4)]
    for (const [i, one] of [...early, silent].entries()) await queue([one], 'crypt', i === 0)
    const silenced = await asked(silent)
    for (const one of early) await answer(one, await asked(one), true)
    for (const one of later) await queue([one], 'crypt', false)
    const matches = [await accept([...early, ...later.slice(0, 3)], silenced)]
    expect((await standing(later[3]!)).match).toBeUndefined()
    expect((await standing(silent)).penaltyUntil).toBeDefined()
    said('dungeon: who was kept waiting is matched first')
    const threes = await parties(Array.from({ length: 10 }, () => 3))
    // The last blade waits without a shield, and comes along with the first.
    await queue(threes[0]!, 'crypt')
    matches.push(await accept([...threes[0]!, later[3]!]))
    for (const one of threes.slice(1)) await queue(one, 'crypt')
    matches.push(...(await Promise.all(threes.slice(1).map(async (one) => await accept(one)))))
    await playAll(matches)
    said('dungeon: all play')
    await endAll('crypt', matches, { x: 24, y: 8 })
    said('dungeon: one is done, and the hosts are killed')
    return matches
  }

  const [won, done] = await Promise.all([arenas(), dungeons()])
  expect(rest).toEqual([])
  const playing = [...won, ...done].flatMap(({ members }) => members)
  expect(new Set(playing).size).toBe(60)
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

  const matchesOf = async ({ api, as }: Player) => {
    const { ratings } = await api.matchmaking.ratings({ params, query: { as } })
    return ratings[0]?.matches ?? 0
  }
  const delvedOf = async ({ api, as }: Player) => {
    const { totals } = await api.tallies.of({ params: { ...params, characterId: as } })
    return totals.find(({ tally }) => tally === 'delved')?.total ?? 0
  }
  const all = async (of: readonly Played[], count: (one: Player) => Promise<number>) =>
    await Promise.all(of.map(async ({ members }) => await Promise.all(members.map(count))))
  // What waited with them is asked again by the next host.
  let before = ''
  const settled = async () => {
    const now = JSON.stringify([await all(won, matchesOf), await all(done, delvedOf)])
    await webRuntime.sleep(2000)
    const same = now === before
    before = now
    return same
  }
  await until('numbers change no more', settled, 30_000)

  for (const [i, counts] of (await all(won, matchesOf)).entries()) {
    const told = won[i]!.members.some((one) => one.told.length > 0)
    // All of a match, or none.
    expect([[1, 1, 1, 1, 1, 1], ...(told ? [] : [[0, 0, 0, 0, 0, 0]])]).toContainEqual(counts)
  }
  for (const [i, counts] of (await all(done, delvedOf)).entries()) {
    for (const [n, { delved }] of done[i]!.members.entries()) {
      expect(delved > 0 ? [1] : [0, 1]).toContain(counts[n])
    }
  }
  for (const { told } of playing) {
    // What is told again is the same.
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBeLessThan(2)
  }
  const counted = (await all(won, matchesOf)).filter(([count]) => count === 1).length
  said(`${counted} of 4 arenas have counted, for all of each;`)
})
