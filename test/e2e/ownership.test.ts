// A character is in one place, and can always be played again, and friends see it: on real processes.
import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { newSession, play, realmId, until } from './player.ts'
import type { Player } from './player.ts'
import { followGates } from '#client/library/gates.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
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

async function newPlayer(name: string, listen?: (client: ZoneClient) => void) {
  const session = newSession(waystone.url)
  await session.guest()
  const { characterId } = await session
    .inRealm(realmId)
    .create({ name, race: 'human', job: 'mage' })
  const player = await play(waystone.url, session, characterId, listen)
  playing.push(player)
  return { session, api: session.inRealm(realmId).api({}), characterId, player }
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

  it('goes with its party into a private instance, and comes back to where it was', async () => {
    const ids: string[] = []
    const listen = (client: ZoneClient) =>
      client.on('notified', ({ of }) => void (of === 'mailbox' && ids.push('told')))
    const one = await newPlayer('Ylva')
    const two = await newPlayer('Zoran', listen)
    const params = { realmId }
    const as = one.characterId
    const { party } = await one.api.parties.invite({ params, body: { as, name: 'Zoran' } })
    const to = { params: { ...params, partyId: party!.partyId }, body: { as: two.characterId } }
    await two.api.parties.accept(to)
    const told = ids.length
    const from = two.player.place()
    const began = performance.now()
    const { instance } = await one.api.world.open({ params, body: { as, zone: 'crypt' } })
    for (const { player } of [one, two]) {
      expect(player.client.goTo(instance.instanceId)).toBe(true)
      await until('it is there', () => player.zone() === 'crypt')
      expect(player.client.state).toMatchObject({ instance: instance.instanceId })
    }
    console.log(`both are in after ${Math.round(performance.now() - began)} ms`)
    await until('the other member was told', () => ids.length > told)
    await until('they see each other', () => two.player.client.seen().length > 0)
    two.player.client.goTo('outside')
    await until('it is back', () => two.player.zone() === 'hub')
    expect(two.player.place()).toEqual(from)
    // The first one was cut off: while it lasts, he comes back into it.
    await one.player.stop()
    const again = await play(waystone.url, one.session, as)
    playing.push(again)
    expect(again.client.state).toMatchObject({ instance: instance.instanceId })
  })

  it('goes by the gate of a private zone once its leader has, and out by the gate in it', async () => {
    const one = await newPlayer('Ragna')
    const two = await newPlayer('Sigrid')
    const params = { realmId }
    const as = one.characterId
    const { party } = await one.api.parties.invite({ params, body: { as, name: 'Sigrid' } })
    const to = { params: { ...params, partyId: party!.partyId }, body: { as: two.characterId } }
    await two.api.parties.accept(to)
    const refused: unknown[] = []
    for (const { api, characterId, player } of [one, two]) {
      const { client } = player
      followGates({ client, api, realmId, characterId, refused: (error) => refused.push(error) })
    }
    const gate = two.player.client.content!.gates.find((each) => each.to === 'crypt')!
    const x = gate.area.x + gate.area.width / 2
    const before = { x, y: gate.area.y - 2 }
    const walkIn = async ({ player }: typeof one) => await player.walkTo(x, gate.area.y + 1)
    await Promise.all([one, two].map(async ({ player }) => await player.walkTo(before.x, before.y)))
    await walkIn(two)
    await until('it is told why not', () => refused.length > 0)
    expect(refused).toMatchObject([{ code: 'party.not_leader' }])
    expect(two.player.zone()).toBe('hub')
    await two.player.walkTo(before.x, before.y)
    const instanceOf = ({ player: { client } }: typeof one) =>
      client.state.phase === 'joined' ? client.state.instance : undefined
    await walkIn(one)
    await until('the leader is in', () => one.player.zone() === 'crypt')
    await walkIn(two)
    await until('the other is in', () => two.player.zone() === 'crypt')
    expect(instanceOf(two)).toBe(instanceOf(one))
    const out = two.player.client.content!.gates[0]!.area
    await two.player.walkTo(out.x + out.width / 2, out.y + 1)
    await until('it is back', () => two.player.zone() === 'hub')
    const { x: atX, y: atY } = two.player.place()
    expect(Math.hypot(atX - x, atY - gate.area.y)).toBeLessThan(3)
    expect(refused).toHaveLength(1)
  })

  it('queues with strangers, accepts, and plays with them in an instance of their own', async () => {
    const roles = ['shield', 'blade', 'healer']
    const names = ['Berit', 'Corin', 'Delia']
    const all: Awaited<ReturnType<typeof newPlayer>>[] = []
    for (const name of names) all.push(await newPlayer(name))
    const params = { realmId }
    const began = performance.now()
    for (const [i, { api, characterId: as }] of all.entries()) {
      const body = { as, choices: { [as]: { role: roles[i]! } } }
      await api.matchmaking.join({ params: { ...params, queueId: 'crypt' }, body })
    }
    const standing = async ({ api, characterId: as }: Awaited<ReturnType<typeof newPlayer>>) =>
      await api.matchmaking.standing({ params, query: { as } })
    const first = all[0]!
    await until('they are asked', async () => (await standing(first)).match?.state === 'asks')
    console.log(`asked after ${Math.round(performance.now() - began)} ms`)
    const { matchId } = (await standing(first)).match!
    for (const { api, characterId: as } of all) {
      await api.matchmaking.answer({ params: { ...params, matchId }, body: { as, accept: true } })
    }
    for (const { api, characterId: as, player } of all) {
      const { instance } = await api.world.instance({ params, query: { as } })
      expect(instance).toMatchObject({ instanceId: matchId, zone: 'crypt' })
      player.client.goTo(matchId)
      await until('it is there', () => player.zone() === 'crypt')
    }
    await until('they see each other', () => first.player.client.seen().length >= 2)
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

describe('a friend', () => {
  it('sees within a second who comes, travels to another host and leaves, and in 10 s that a host died', async () => {
    const notified: string[] = []
    const ada = await newPlayer('Ada', (client) =>
      client.on('notified', ({ of }) => notified.push(of)),
    )
    const bram = await newPlayer('Bram')
    const params = { realmId }
    const { api } = ada
    const told = async (of: string, timeoutMs?: number) =>
      await until(`Ada is told of ${of}`, () => notified.includes(of), timeoutMs)
    const figures: Record<string, number> = {}
    const measure = async (what: string, until: () => Promise<unknown>) => {
      const began = performance.now()
      await until()
      figures[what] = Math.round(performance.now() - began)
    }
    const presence = async () => {
      const { entries } = await api.friends.list({ params })
      const { presence: one } = entries[0] ?? {}
      return one?.state === 'online' ? `${one.name} ${one.zone}` : one?.state
    }
    const seen = async (as: string, timeoutMs?: number) =>
      await until(`Bram is seen: ${as}`, async () => (await presence()) === as, timeoutMs)

    await told('mailbox')
    notified.length = 0
    await bram.api.friends.ask({ params, body: { as: bram.characterId, name: 'Ada' } })
    await measure('told of a request, ms', async () => await told('mailbox'))
    const [asked] = (await api.friends.list({ params })).entries
    const of = { params: { ...params, playerId: asked!.playerId }, body: { as: ada.characterId } }
    await api.friends.accept(of)
    await seen('Bram hub')

    // Through the gate, to another process.
    const [gate] = bram.player.client
      .content!.gates.filter((one) => one.to === 'forest')
      .toSorted((a, b) => a.area.x - b.area.x)
    const { x, y, width, height } = gate!.area
    await bram.player.walkTo(x + width / 2, y + height / 2)
    await until('Bram is in the forest', () => bram.player.zone() === 'forest')
    await measure('seen in the forest, ms', async () => await seen('Bram forest'))

    notified.length = 0
    await bram.player.stop()
    await measure('told that he left, ms', async () => await told('presence'))
    await measure('seen offline, ms', async () => await seen('offline'))
    notified.length = 0
    const began = performance.now()
    const back = await play(waystone.url, bram.session, bram.characterId)
    playing.push(back)
    figures['in the world after, ms'] = Math.round(performance.now() - began)
    await measure('told that he came, after he stood there, ms', async () => await told('presence'))
    await measure('then seen, ms', async () => await seen('Bram forest'))

    await bram.api.friends.show({ params, body: { appear: 'offline' } })
    await measure('appears offline, ms', async () => await seen('offline'))
    await bram.api.friends.show({ params, body: { appear: 'online' } })
    await seen('Bram forest')

    for (const pid of zoneHosts()) process.kill(pid, 'SIGKILL')
    const left = back.client.leave()
    await measure('gone after kill -9, ms', async () => await seen('offline', 15_000))
    await left
    console.log(figures)
  })
})
