// Queues over HTTP, with a keeper that is moved by hand: who waits, who is asked, who plays, and who waits on.
import { beforeEach, describe, expect, it } from 'vitest'
import { createKeeper } from '#functions/matchmaking/keeper.ts'
import type { Keeper } from '#functions/matchmaking/keeper.ts'
import { acceptGraceMs, declinePenaltyMs, openGraceMs } from '#shared/limits.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { newId } from '#shared/runtime.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { openOneProcess } from '../calls/one-process.ts'
import type { Player, Stage } from '../calls/stage.ts'
import { codeOf } from './api.ts'
import type { TestApi } from './api.ts'
import { createRandom } from '../simulation/random.ts'

const params = { realmId: 'local' }
const toCrypt = { params: { ...params, queueId: 'crypt' } }

let test: TestApi
let stage: Stage
let keeper: Keeper
let hinted: string[]

const newKeeper = (): Keeper =>
  createKeeper(
    {
      store: test.memory,
      runtime: test.clock,
      cache: test.cache,
      content: test.content.content,
      fleet: { allocate: async () => undefined, list: async () => [], drain: async () => false },
      isLive: createLiveness(),
      hint: () => undefined,
      push: { hint: (_, __, accounts) => void hinted.push(...accounts) },
      log: silentLog,
    },
    params.realmId,
    test.content.content.queues.get('crypt')!,
  )

beforeEach(async () => {
  ;({ test, stage } = await openOneProcess())
  hinted = []
  keeper = newKeeper()
})

/** The room of a host for crypts, that lives. */
async function openCrypts(capacity = 8) {
  const zone = test.content.content.zones.get('crypt')!
  expect(zone.private).toBeDefined()
  return await stage.openZone({ zone: 'crypt', kind: 'slots', capacity })
}

const join = async ({ as, client }: Player, role = 'blade', others: Player[] = []) =>
  await client.matchmaking.join({
    ...toCrypt,
    body: {
      as,
      choices: Object.fromEntries([as, ...others.map((one) => one.as)].map((id) => [id, { role }])),
    },
  })
const standing = async ({ as, client }: Player) =>
  await client.matchmaking.standing({ params, query: { as } })
const answer = async ({ as, client }: Player, accept: boolean, matchId?: string) => {
  const id = matchId ?? (await standing({ as, client } as Player)).match!.matchId
  return await client.matchmaking.answer({
    params: { ...params, matchId: id },
    body: { as, accept },
  })
}
const instanceOf = async ({ as, client }: Player) =>
  (await client.world.instance({ params, query: { as } })).instance

/** A shield and two blades, who wait. */
async function threeWait(): Promise<[Player, Player, Player]> {
  const all: Player[] = []
  for (const role of ['shield', 'blade', 'blade']) {
    const player = await stage.player()
    await join(player, role)
    all.push(player)
  }
  return all as [Player, Player, Player]
}

/** They are asked. */
async function threeAsked() {
  const all = await threeWait()
  await keeper.beat()
  return all
}

describe('a queue', () => {
  it('tells what it takes', async () => {
    const { queues } = await stage.client().matchmaking.queues({ params })
    expect(queues).toMatchObject([
      { queueId: 'arena', zone: 'arena', rating: 'arena', players: { least: 6, most: 6 } },
      { queueId: 'crypt', zone: 'crypt', partyMax: 5, players: { least: 2, most: 5 } },
      { queueId: 'crypt_heroic', zone: 'crypt', partyMax: 5, players: { least: 3, most: 5 } },
    ])
  })

  it('makes a match, asks all, and opens an instance of it when they accept', async () => {
    await openCrypts()
    const all = await threeAsked()
    expect(hinted.toSorted()).toEqual(all.map(({ playerId }) => playerId).toSorted())
    const { match } = await standing(all[0])
    expect(match).toMatchObject({ state: 'asks', accepted: 0, members: 3, mine: false })
    expect(await answer(all[0], true)).toEqual({ state: 'asks' })
    expect((await standing(all[0])).match).toMatchObject({ accepted: 1, mine: true })
    await answer(all[1], true)
    expect(await answer(all[2], true)).toEqual({ state: 'opens' })
    for (const one of all) {
      expect(await instanceOf(one)).toMatchObject({ instanceId: match!.matchId, zone: 'crypt' })
      expect(await standing(one)).toEqual({})
    }
    expect((await instanceOf(all[0]))!.members.toSorted()).toEqual(
      all.map(({ as }) => as).toSorted(),
    )
  })

  it('makes none against its rules, until they relax', async () => {
    await openCrypts()
    const players = [await stage.player(), await stage.player(), await stage.player()]
    for (const one of players) await join(one)
    await keeper.beat()
    expect((await standing(players[0]!)).match).toBeUndefined()
    test.clock.advance(59_000)
    await keeper.beat()
    expect((await standing(players[0]!)).match).toBeUndefined()
    test.clock.advance(2000)
    await keeper.beat()
    expect((await standing(players[0]!)).match).toMatchObject({ members: 3 })
  })

  it('keeps a party together, for which its leader queues', async () => {
    await openCrypts()
    const [leader, mate] = [await stage.player(), await stage.player()]
    const { party } = await leader.client.parties.invite({
      params,
      body: { as: leader.as, name: mate.name },
    })
    await mate.client.parties.accept({
      params: { ...params, partyId: party!.partyId },
      body: { as: mate.as },
    })
    expect(await codeOf(join(mate))).toBe('party.not_leader')
    expect(await codeOf(join(leader))).toBe('queue.choice')
    await join(leader, 'blade', [mate])
    const shield = await stage.player()
    await join(shield, 'shield')
    await keeper.beat()
    for (const one of [leader, mate, shield]) {
      expect((await standing(one)).match).toMatchObject({ members: 3 })
    }
  })

  it('takes a player once, with whatever character, and refuses what could never play', async () => {
    const player = await stage.player()
    expect(await codeOf(join(player, 'cook'))).toBe('queue.choice')
    expect(
      await codeOf(
        player.client.matchmaking.join({
          params: { ...params, queueId: 'nowhere' },
          body: { as: player.as },
        }),
      ),
    ).toBe('queue.unknown')
    await join(player)
    expect(await codeOf(join(player))).toBe('queue.waiting')
    const name = stage.newName()
    const body = { name, race: 'human', job: 'mage' }
    const { characterId } = await player.client.characters.create({ params, body })
    expect(await codeOf(join({ ...player, as: characterId }))).toBe('queue.waiting')
  })

  it('is left by giving up the ticket, or by declining the match that it is in', async () => {
    await openCrypts()
    const [first] = await threeAsked()
    const leave = { params, query: { as: first.as } }
    expect(await codeOf(first.client.matchmaking.leave(leave))).toBe('match.found')
    await answer(first, false)
    expect(await codeOf(first.client.matchmaking.leave(leave))).toBe('queue.none')
  })

  it('matches nobody who has left, though it has not heard of it yet', async () => {
    await openCrypts()
    const [shield, blade] = [await stage.player(), await stage.player()]
    await join(shield, 'shield')
    await join(blade)
    await keeper.beat()
    await blade.client.matchmaking.leave({ params, query: { as: blade.as } })
    expect(await standing(blade)).toEqual({})
    const other = await stage.player()
    await join(other)
    test.clock.advance(1000)
    await keeper.beat()
    expect((await standing(shield)).match).toBeUndefined()
    test.clock.advance(20_000)
    await keeper.beat()
    expect((await standing(shield)).match).toMatchObject({ members: 2 })
    expect((await standing(other)).match).toBeDefined()
  })

  it('matches who has left and joined again between two looks', async () => {
    await openCrypts()
    const shield = await stage.player()
    await join(shield, 'shield')
    await keeper.beat()
    await shield.client.matchmaking.leave({ params, query: { as: shield.as } })
    await join(shield, 'shield')
    for (let i = 0; i < 2; i++) await join(await stage.player())
    for (let i = 0; i < 2; i++) await keeper.beat()
    expect((await standing(shield)).match).toBeDefined()
  })

  it('is left by who declines, for a minute; the others wait on, as old as they are', async () => {
    await openCrypts()
    const [shield, one, two] = await threeAsked()
    const before = (await standing(shield)).ticket!
    await answer(shield, true)
    expect(await answer(two, false)).toEqual({ state: 'declined' })
    expect(await standing(two)).toEqual({ penaltyUntil: test.clock.now() + declinePenaltyMs })
    expect(await codeOf(join(two))).toBe('queue.penalty')
    expect(await standing(shield)).toMatchObject({
      ticket: { ticketId: before.ticketId, createdAt: before.createdAt },
    })
    expect(
      await codeOf(answer(one, true, (await standing(shield)).match?.matchId ?? newId(test.clock))),
    ).toBe('match.over')
    const third = await stage.player()
    await join(third)
    test.clock.advance(1000)
    await keeper.beat()
    for (const waited of [shield, one, third]) {
      expect((await standing(waited)).match).toMatchObject({ state: 'asks', accepted: 0 })
    }
    test.clock.advance(declinePenaltyMs)
    await join(two)
  })

  it('is left by who does not answer in time', async () => {
    await openCrypts()
    const [shield, one, two] = await threeAsked()
    await answer(shield, true)
    await answer(one, true)
    const { match } = await standing(two)
    test.clock.advance(match!.until - test.clock.now() + 1)
    expect(await codeOf(answer(two, true))).toBe('match.over')
    test.clock.advance(acceptGraceMs + 1000)
    await keeper.beat()
    expect(await standing(two)).toMatchObject({ penaltyUntil: expect.any(Number) as number })
    expect((await standing(shield)).ticket).toBeDefined()
    expect((await standing(one)).ticket).toBeDefined()
  })

  it('gives a ticket up when its time is over', async () => {
    const player = await stage.player()
    await join(player)
    await keeper.beat()
    test.clock.advance(600_000 + 1000)
    // The token of the player is older than that.
    await keeper.beat()
    const row = test.memory.rows('volatile').find(({ ticketId, players }) => ticketId && players)
    expect(row).toMatchObject({ state: 'timedOut' })
  })

  it('says why one waits', async () => {
    const player = await stage.player()
    await join(player)
    expect((await standing(player)).ticket!.why).toBeUndefined()
    await keeper.beat()
    const { why } = (await standing(player)).ticket!
    expect(why).toMatchObject({ position: 1, waitsFor: { kind: 'players', players: 2 }, needs: 2 })
  })

  it('lets wait on for whom there is no room', async () => {
    const all = await threeAsked()
    for (const one of all) await answer(one, true)
    expect((await standing(all[0])).match).toMatchObject({ state: 'opens' })
    await keeper.beat()
    expect(await instanceOf(all[0])).toBeUndefined()
    test.clock.advance(20_000 + openGraceMs + 1000)
    await keeper.beat()
    for (const one of all) expect((await standing(one)).ticket).toBeDefined()
  })
})

describe('who matches a queue', () => {
  it('goes on where another one ended, after each step', async () => {
    await openCrypts()
    const all = await threeWait()
    await newKeeper().beat()
    for (const one of all.slice(0, 2)) await answer(one, true)
    await newKeeper().beat()
    // The last one accepts, and the function dies before it opens the instance.
    const { match } = await standing(all[2])
    const { memory } = test
    const key = { pk: `R#local#MATCH#${match!.matchId}`, sk: 'MATCH' }
    const row = (await memory.get({ table: 'volatile', key }))!
    const members = (row['members'] as object[]).map((one) => ({ ...one, accepted: true }))
    await memory.put({ table: 'volatile', item: { ...row, members, state: 'ready', number: 9 } })
    await newKeeper().beat()
    for (const one of all) {
      expect(await instanceOf(one)).toMatchObject({ instanceId: match!.matchId })
    }
  })

  it('takes each ticket into one match, also when several do it at once', async () => {
    await openCrypts()
    const players: Player[] = []
    for (let i = 0; i < 12; i++) {
      const player = await stage.player()
      await join(player, i % 3 === 0 ? 'shield' : 'blade')
      players.push(player)
    }
    const keepers = [newKeeper(), newKeeper(), newKeeper()]
    for (let beats = 0; beats < 3; beats++) {
      await Promise.allSettled(keepers.map(async (one) => await one.beat()))
      test.clock.advance(1000)
    }
    const matches = test.memory
      .rows('volatile')
      .filter(({ pk, state }) => pk.startsWith('R#local#MATCH#') && state === 'asks')
    const members = matches.flatMap((row) => row['members'] as { characterId: string }[])
    const ids = members.map(({ characterId }) => characterId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const row of matches) {
      expect((row['members'] as unknown[]).length).toBeGreaterThanOrEqual(3)
    }
    // Two shields may be left over: they fit no match.
    expect(ids.length).toBeGreaterThanOrEqual(10)
    for (const player of players) {
      const { ticket, match } = await standing(player)
      expect(ticket).toBeDefined()
      expect(match !== undefined).toBe(ids.includes(player.as))
    }
  })

  // `WAYSTONE_HISTORIES=300` runs so many.
  const histories = Number(process.env['WAYSTONE_HISTORIES'] ?? 12)
  const chances = {
    conflict: 0.03,
    throttle: 0.03,
    loseRequest: 0.03,
    loseAnswer: 0.03,
    applyLate: 0.03,
  }
  const seeds = Array.from({ length: histories }, (_, i) => i + 1)
  it.each(seeds)(
    'loses nobody and matches nobody twice, whatever fails: history %i',
    async (seed) => {
      await openCrypts(100)
      const players: Player[] = []
      for (let i = 0; i < 12; i++) players.push(await stage.player())
      const random = createRandom(seed, 'queues')
      const { pick } = random
      test.faults.next = seededFaults(seed, chances)
      let keepers = [newKeeper(), newKeeper()]
      const acts = [
        async () => await join(pick(players), pick(['shield', 'blade', 'healer'])),
        async () => await join(pick(players), pick(['shield', 'blade', 'healer'])),
        async () => {
          const { as, client } = pick(players)
          await client.matchmaking.leave({ params, query: { as } })
        },
        async () => await answer(pick(players), true),
        async () => await answer(pick(players), true),
        async () => await answer(pick(players), random.chance(0.7)),
        async () => await pick(keepers).beat(),
        async () => {
          test.clock.advance(random.int(1000, 4000))
          await Promise.all(keepers.map(async (one) => await one.beat()))
        },
      ]
      for (let i = 0; i < 60; i++) {
        // Some at once, as people are. Each may be refused, or get no answer.
        await Promise.allSettled(Array.from({ length: 3 }, async () => await pick(acts)()))
        if (random.chance(0.1)) keepers = [newKeeper(), newKeeper()]
      }
      test.faults.next = undefined
      await test.memory.settled()
      keeper = newKeeper()
      for (let i = 0; i < 3; i++) {
        test.clock.advance(20_000 + acceptGraceMs)
        await keeper.beat()
      }
      const rows = test.memory.rows('volatile')
      const tickets = rows.filter(({ ticketId, players: of }) => ticketId && of)
      const matches = new Map(
        rows
          .filter(({ matchId, members }) => matchId && members)
          .map((row) => [row['matchId'], row]),
      )
      const live = new Map<string, number>()
      for (const ticket of tickets) {
        const match = matches.get(ticket['match'])
        if (ticket['state'] === 'matched') {
          expect(match?.['tickets']).toContain(ticket['ticketId'])
          expect(match?.['state']).not.toBe('failed')
        }
        const waits = ticket['state'] === 'waits' && Number(ticket['until']) > test.clock.now()
        const plays = ticket['state'] === 'matched' && match?.['state'] !== 'open'
        if (!waits && !plays) continue
        for (const { accountId } of ticket['players'] as { accountId: string }[]) {
          live.set(accountId, (live.get(accountId) ?? 0) + 1)
        }
      }
      expect([...live.values()].every((count) => count === 1)).toBe(true)
      for (const player of players) {
        const { ticket } = await standing(player)
        expect(ticket !== undefined).toBe(live.has(player.playerId))
      }
      for (const [, { state, matchId }] of matches) {
        const opened = rows.some(({ pk }) => pk === `R#local#PRIVATE#${matchId as string}`)
        expect(opened).toBe(state === 'open')
      }
    },
  )
})
