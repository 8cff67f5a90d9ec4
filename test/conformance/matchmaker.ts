// The suite of whatever finds the matches of a queue, through the public API: the matcher of our own, FlexMatch. Queue
// and rules are those of the sample game: three to five, one of them a shield; after 20 s two are enough, after 60 s no
// shield is needed.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKeeper } from '#functions/matchmaking/keeper.ts'
import type { Keeper } from '#functions/matchmaking/keeper.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import { acceptGraceMs, declinePenaltyMs } from '#shared/limits.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import type { Player, Stage } from '../calls/stage.ts'
import type { TestApi } from '../functions/api.ts'
import { createRandom } from '../simulation/random.ts'
import type { Random } from '../simulation/random.ts'

export type Matchmaker = {
  test: TestApi
  stage: Stage
  /** Another process that may match the queue. */
  newKeeper: () => Keeper
  /** What there is beside the keepers looks once, and tells what it has found. */
  elsewhere: () => Promise<void>
  /** From now on all that it is made of fails now and then; `undefined`: no more. */
  fail: (random: Random | undefined) => void
  close: () => Promise<void>
}

/** A process that matches the queue of a test. */
export function keeperOf(test: TestApi, flexMatch?: FlexMatchPart): Keeper {
  const deps = {
    store: test.memory,
    runtime: test.clock,
    cache: test.cache,
    content: test.content.content,
    fleet: { allocate: async () => undefined, list: async () => [], drain: async () => false },
    isLive: createLiveness(),
    hint: () => undefined,
    push: { hint: () => undefined },
    log: silentLog,
    flexMatch,
  }
  return createKeeper(deps, 'local', test.content.content.queues.get('crypt')!)
}

const params = { realmId: 'local' }

export const join = async ({ as, client }: Player, role = 'blade', others: Player[] = []) => {
  const choices = [as, ...others.map((one) => one.as)].map((id) => [id, { role }])
  return await client.matchmaking.join({
    params: { ...params, queueId: 'crypt' },
    body: { as, choices: Object.fromEntries(choices) as Record<string, { role: string }> },
  })
}
export const standing = async ({ as, client }: Player) =>
  await client.matchmaking.standing({ params, query: { as } })
export const leave = async ({ as, client }: Player) =>
  await client.matchmaking.leave({ params, query: { as } })
export const answer = async (player: Player, accept: boolean) => {
  const matchId = (await standing(player)).match!.matchId
  const body = { as: player.as, accept }
  return await player.client.matchmaking.answer({ params: { ...params, matchId }, body })
}
export const instanceOf = async ({ as, client }: Player) =>
  (await client.world.instance({ params, query: { as } })).instance

/** Players who wait, one for each role. */
export async function waiting(stage: Stage, ...roles: string[]): Promise<Player[]> {
  const all: Player[] = []
  for (const role of roles) {
    const player = await stage.player()
    await join(player, role)
    all.push(player)
  }
  return all
}

export function matchmakerConformance(name: string, open: () => Promise<Matchmaker>): void {
  describe(`a queue that is matched by ${name}`, () => {
    let world: Matchmaker
    let stage: Stage
    let keeper: Keeper
    beforeEach(async () => {
      world = await open()
      ;({ stage } = world)
      keeper = world.newKeeper()
      await stage.openZone({ zone: 'crypt', kind: 'slots', capacity: 100 })
    })
    afterEach(async () => await world.close())

    /** What was done takes effect. */
    async function turn(times = 1): Promise<void> {
      for (let i = 0; i < times; i++) {
        await keeper.beat()
        await world.elsewhere()
        world.test.clock.advance(1000)
        await keeper.beat()
      }
    }

    it('makes strangers a match, asks all, and opens its instance when they accept', async () => {
      const all = await waiting(stage, 'shield', 'blade', 'healer')
      await turn()
      const { match } = await standing(all[0]!)
      expect(match).toMatchObject({ state: 'asks', accepted: 0, members: 3, mine: false })
      for (const one of all) await answer(one, true)
      for (const one of all) {
        expect(await instanceOf(one)).toMatchObject({ instanceId: match!.matchId, zone: 'crypt' })
        expect(await standing(one)).toEqual({})
      }
      const { members } = (await instanceOf(all[0]!))!
      expect(members.toSorted()).toEqual(all.map(({ as }) => as).toSorted())
      await turn(2)
      expect((await instanceOf(all[0]!))!.instanceId).toBe(match!.matchId)
    })

    it('holds roles apart until the rules relax', async () => {
      const blades = await waiting(stage, 'blade', 'blade', 'blade')
      const shields = await waiting(stage, 'shield', 'shield')
      await turn()
      const matched = await Promise.all([...blades, ...shields].map(standing))
      // One shield is with the blades, the second one with nobody.
      expect(matched.filter(({ match }) => match !== undefined)).toHaveLength(4)
      const [alone] = await waiting(stage, 'blade')
      await turn()
      expect((await standing(alone!)).match).toBeUndefined()
      world.test.clock.advance(20_000)
      await turn()
      // Two are enough now: the shield that was left over, and this one.
      expect((await standing(alone!)).match).toMatchObject({ members: 2 })
    })

    it('keeps a party together', async () => {
      const [leader, mate] = [await stage.player(), await stage.player()]
      const body = { as: leader.as, name: mate.name }
      const { party } = await leader.client.parties.invite({ params, body })
      await mate.client.parties.accept({
        params: { ...params, partyId: party!.partyId },
        body: { as: mate.as },
      })
      await join(leader, 'blade', [mate])
      const [shield] = await waiting(stage, 'shield')
      await turn()
      const found = await Promise.all([leader, mate, shield!].map(standing))
      expect(new Set(found.map(({ match }) => match?.matchId)).size).toBe(1)
      expect(found[0]!.match).toMatchObject({ members: 3 })
    })

    it('matches nobody who has left', async () => {
      const [shield, blade] = await waiting(stage, 'shield', 'blade')
      await turn()
      await leave(blade!)
      expect(await standing(blade!)).toEqual({})
      const [other] = await waiting(stage, 'blade')
      await turn(2)
      expect((await standing(shield!)).match).toBeUndefined()
      const [third] = await waiting(stage, 'healer')
      await turn(2)
      expect((await standing(shield!)).match).toMatchObject({ members: 3 })
      expect((await standing(other!)).match).toBeDefined()
      expect((await standing(third!)).match).toBeDefined()
      expect(await standing(blade!)).toEqual({})
    })

    it('takes who has left and joins again', async () => {
      const [shield] = await waiting(stage, 'shield')
      await turn()
      await leave(shield!)
      await join(shield!, 'shield')
      await waiting(stage, 'blade', 'blade')
      await turn(2)
      expect((await standing(shield!)).match).toMatchObject({ members: 3 })
    })

    it('lets all others wait on when one declines, and matches them again', async () => {
      const [shield, one, two] = await waiting(stage, 'shield', 'blade', 'blade')
      await turn()
      const before = (await standing(shield!)).ticket!
      await answer(shield!, true)
      await answer(two!, false)
      expect(await standing(two!)).toEqual({
        penaltyUntil: world.test.clock.now() + declinePenaltyMs,
      })
      const { ticketId, createdAt } = before
      expect((await standing(shield!)).ticket).toMatchObject({ ticketId, createdAt })
      const [third] = await waiting(stage, 'blade')
      await turn(2)
      for (const again of [shield!, one!, third!]) {
        expect((await standing(again)).match).toMatchObject({ state: 'asks', accepted: 0 })
      }
      for (const again of [shield!, one!, third!]) await answer(again, true)
      expect(await instanceOf(one!)).toBeDefined()
    })

    it('is left by who does not answer in time', async () => {
      const [shield, one, two] = await waiting(stage, 'shield', 'blade', 'blade')
      await turn()
      await answer(shield!, true)
      await answer(one!, true)
      const { until } = (await standing(two!)).match!
      world.test.clock.advance(until - world.test.clock.now() + acceptGraceMs + 1000)
      await keeper.beat()
      expect((await standing(two!)).penaltyUntil).toBeDefined()
      await turn(2)
      // Both have waited long enough to be two.
      for (const again of [shield!, one!]) expect((await standing(again)).ticket).toBeDefined()
    })

    it('gives a ticket up when its time is over', async () => {
      const [player] = await waiting(stage, 'blade')
      await turn()
      world.test.clock.advance(600_000)
      await turn(2)
      const row = world.test.memory
        .rows('volatile')
        .find(({ ticketId, players }) => ticketId && players)
      expect(row).toMatchObject({ state: 'timedOut' })
      expect(player).toBeDefined()
    })

    it('takes each ticket into one match, also when several processes do it at once', async () => {
      const roles = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 'shield' : 'blade'))
      const players = await waiting(stage, ...roles)
      const keepers = [world.newKeeper(), world.newKeeper(), world.newKeeper()]
      for (let beats = 0; beats < 4; beats++) {
        await Promise.allSettled(keepers.map(async (one) => await one.beat()))
        await world.elsewhere()
        world.test.clock.advance(1000)
      }
      const matches = matchesOf(world.test).filter(({ state }) => state === 'asks')
      const ids = matches.flatMap(({ members }) => members.map(({ characterId }) => characterId))
      expect(new Set(ids).size).toBe(ids.length)
      // Two shields may be left over.
      expect(ids.length).toBeGreaterThanOrEqual(10)
      for (const player of players) {
        const { ticket, match } = await standing(player)
        expect(ticket).toBeDefined()
        expect(match !== undefined).toBe(ids.includes(player.as))
      }
    })

    // `WAYSTONE_HISTORIES=300` runs so many.
    const histories = Number(process.env['WAYSTONE_HISTORIES'] ?? 6)
    const seeds = Array.from({ length: histories }, (_, i) => i + 1)
    it.each(seeds)('loses nobody and matches nobody twice: history %i', async (seed) => {
      const { test } = world
      const players: Player[] = []
      for (let i = 0; i < 10; i++) players.push(await stage.player())
      const random = createRandom(seed, 'matchmaker')
      const { pick } = random
      const chances = { conflict: 0.02, throttle: 0.02, loseRequest: 0.02, loseAnswer: 0.02 }
      test.faults.next = seededFaults(seed, { ...chances, applyLate: 0.02 })
      world.fail(createRandom(seed, 'elsewhere'))
      let keepers = [world.newKeeper(), world.newKeeper()]
      const roles = ['shield', 'blade', 'healer']
      const acts = [
        async () => await join(pick(players), pick(roles)),
        async () => await join(pick(players), pick(roles)),
        async () => await leave(pick(players)),
        async () => await answer(pick(players), true),
        async () => await answer(pick(players), random.chance(0.7)),
        async () => await pick(keepers).beat(),
        async () => {
          test.clock.advance(random.int(1000, 4000))
          await world.elsewhere()
          await Promise.all(keepers.map(async (one) => await one.beat()))
        },
      ]
      for (let i = 0; i < 50; i++) {
        // Some at once, as people are. Each may be refused, or get no answer.
        await Promise.allSettled(Array.from({ length: 3 }, async () => await pick(acts)()))
        if (random.chance(0.1)) keepers = [world.newKeeper(), world.newKeeper()]
      }
      test.faults.next = undefined
      world.fail(undefined)
      await test.memory.settled()
      keeper = world.newKeeper()
      // All who were asked are silent, and whatever was lost is asked about.
      for (let i = 0; i < 5; i++) {
        test.clock.advance(20_000)
        await turn()
      }
      const matches = new Map(matchesOf(test).map((match) => [match.matchId, match]))
      const live = new Map<string, number>()
      const rows = test.memory.rows('volatile')
      for (const row of rows.filter(({ ticketId, players: of }) => ticketId && of)) {
        const match = matches.get(row['match'] as string)
        if (row['state'] === 'matched') {
          expect(match?.tickets).toContain(row['ticketId'])
          expect(match?.state).not.toBe('failed')
        }
        const waits = row['state'] === 'waits' && Number(row['until']) > test.clock.now()
        if (!waits && !(row['state'] === 'matched' && match?.state !== 'open')) continue
        for (const { accountId } of row['players'] as { accountId: string }[]) {
          live.set(accountId, (live.get(accountId) ?? 0) + 1)
        }
      }
      expect([...live.values()].every((count) => count === 1)).toBe(true)
      for (const player of players) {
        expect((await standing(player)).ticket !== undefined).toBe(live.has(player.playerId))
      }
      for (const { state, matchId } of matches.values()) {
        const opened = rows.some(({ pk }) => pk === `R#local#PRIVATE#${matchId}`)
        expect(opened).toBe(state === 'open')
      }
      // All who wait can still be matched: others come until nobody is left.
      const idle = async () => {
        const all = await Promise.all(players.map(standing))
        return all.filter(({ ticket, match }) => ticket !== undefined && match === undefined)
      }
      // A match may fall apart first, with one who is not known to have left; those who go again are the youngest there.
      for (let round = 0; round < 16 && (await idle()).length > 0; round++) {
        await waiting(stage, ...(round % 2 === 0 ? ['blade', 'blade'] : ['shield']))
        await turn(7)
      }
      expect(await idle()).toEqual([])
    })
  })
}

type MatchRow = {
  matchId: string
  state: string
  tickets: string[]
  members: { characterId: string }[]
}

export function matchesOf(test: TestApi): MatchRow[] {
  return test.memory
    .rows('volatile')
    .filter(({ pk, members }) => pk.startsWith('R#local#MATCH#') && members !== undefined)
    .map((row) => row as unknown as MatchRow)
}
