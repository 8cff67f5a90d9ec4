// Leaderboards: results once for each id, one order everywhere, seasons, and ranks without and after Redis.
import { describe, expect, it } from 'vitest'
import { CacheError } from '#shared/cache/cache.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import type { Leaderboard } from '#shared/content/content.ts'
import { createLeaderboards } from '#shared/leaderboards/copier.ts'
import { copyKeys } from '#shared/leaderboards/copy.ts'
import { placeOf, readPlace } from '#shared/leaderboards/place.ts'
import { boardCopierMs } from '#shared/limits.ts'
import { planResult } from '#shared/leaderboards/result.ts'
import { putScore } from '#shared/leaderboards/rows.ts'
import { periodAt } from '#shared/leaderboards/season.ts'
import { readAround, readTop } from '#functions/leaderboards/reading.ts'
import { commit, operationOf } from '#shared/store/commit.ts'
import { seededFaults } from '#shared/store/faults.ts'
import type { Faults } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, createClock, faulty, openApi } from './api.ts'
import { createStage } from '../calls/stage.ts'

const realmId = 'local'
const weekMs = 7 * 24 * 60 * 60 * 1000
const idOf = (i: number) => `00000000-0000-7000-8000-${i.toString(16).padStart(12, '0')}`

const runs: Leaderboard = {
  id: 'runs',
  title: 'Runs',
  per: 'character',
  order: 'highest',
  keep: 'best',
  season: 'week',
  kept: 2,
  size: 100,
}

/** A board on a store and a cache that fail when a test wants it. */
function open(board: Leaderboard = runs) {
  const clock = createClock()
  const faults: { next: Faults | undefined } = { next: undefined }
  const store = createMemoryStore({ runtime: clock, faults: (request) => faults.next?.(request) })
  const redis = { cache: createMemoryCache({ runtime: clock }), down: false }
  const cache: Cache = {
    subscribe: () => {},
    pipeline: (commands) =>
      redis.down ? Promise.reject(new CacheError('gone')) : redis.cache.pipeline(commands),
  }
  const boards = createLeaderboards({ store, cache, runtime: clock, log: silentLog })
  const deps = { store, boards }
  const of = { realmId, board: board.id, season: 1, order: board.order }

  /** One result, as an operator and a zone host hand it in; the same id again until it is known how it ended. */
  async function submit(i: number, score: number, id: string, season?: number) {
    const from = { characterId: idOf(i), accountId: idOf(i), name: `Mira ${i}` }
    for (;;) {
      try {
        const now = clock.now()
        const planned = await planResult({ store, now }, realmId, board, from, { score, season })
        if ('refused' in planned) return planned.refused
        const op = operationOf(['test', id], { score })
        const ended = await commit({ store, runtime: clock }, op, { ...planned, unclear: true })
        if (ended.outcome === 'refused') continue
        if (ended.outcome === 'mismatch') throw new Error('mismatch')
        await boards.follow({ ...of, season: planned.season.season }, planned.subject)
        return ended.outcome
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
      }
    }
  }

  /** All pages of the board. */
  async function walk(season = 1, limit = 7) {
    const entries: { rank: number; id: string; name: string; score: number; at: number }[] = []
    for (let after: string | undefined; ;) {
      const page = await readTop(deps, { ...of, season }, board.size, { limit, after })
      entries.push(...page.entries)
      if (page.next === undefined) return entries
      after = page.next
    }
  }

  /** What the copy has, without the last member. */
  async function copied(season = 1): Promise<string[]> {
    const keys = copyKeys({ ...of, season })
    const [ready] = await redis.cache.pipeline([['GET', keys.ready]])
    const [all] = await redis.cache.pipeline([['ZRANGE', keys.set(String(ready)), 0, -2]])
    return all as string[]
  }

  const around = async (i: number, each = 2, season = 1) =>
    await readAround(deps, { ...of, season }, idOf(i), each)
  return { clock, faults, store, redis, boards, of, submit, walk, around, copied }
}

/** A small generator, so that a run is the same everywhere. */
function draws(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('the order of a board', () => {
  it.each(['highest', 'lowest'] as const)(
    'is that of a plain sort by score, time and id, for all safe integers (%s)',
    (order) => {
      const draw = draws(3)
      const edge = Number.MAX_SAFE_INTEGER
      const scores = [0, -1, 1, edge, -edge, edge - 1, 1 - edge, 2 ** 31, -(2 ** 40) + 7]
      const all = Array.from({ length: 2000 }, () => ({
        score: draw(3) === 0 ? scores[draw(scores.length)]! : draw(1000) - 500,
        reachedAt: 1_790_000_000_000 + draw(3),
        subjectId: idOf(draw(2 ** 31)),
      }))
      const sign = order === 'highest' ? -1 : 1
      const sorted = all.toSorted(
        (a, b) =>
          sign * Math.sign(a.score - b.score) ||
          a.reachedAt - b.reachedAt ||
          (a.subjectId < b.subjectId ? -1 : a.subjectId > b.subjectId ? 1 : 0),
      )
      const places = all.map((one) => placeOf(order, one)).sort()
      expect(places.map((place) => readPlace(order, place))).toEqual(sorted)
      expect(new Set(places.map((place) => place.length))).toEqual(new Set([39]))
    },
  )
})

describe('a result', () => {
  it('counts once for its id, and a worse one changes neither score nor time', async () => {
    const on = open()
    await on.submit(1, 50, 'a')
    await on.submit(2, 50, 'b')
    await on.around(1)
    on.clock.advance(1000)
    expect(await on.submit(1, 50, 'a')).toBe('repeated')
    await on.submit(2, 30, 'c')
    await on.submit(1, 50, 'd')
    const shown = (await on.walk()).map(({ rank, name, score }) => [rank, name, score])
    expect(shown).toEqual([
      [1, 'Mira 1', 50],
      [2, 'Mira 2', 50],
    ])
    // A refused result makes no entry.
    expect(await on.copied()).toHaveLength(2)
    await on.submit(2, 51, 'e')
    expect((await on.walk()).map(({ name }) => name)).toEqual(['Mira 2', 'Mira 1'])
    expect(await on.copied()).toHaveLength(2)
  })

  it('is added up, or takes the place of the last one, as the board says', async () => {
    const sums = open({ ...runs, keep: 'sum' })
    for (const id of ['a', 'b', 'b', 'c']) await sums.submit(1, 5, id)
    expect((await sums.walk())[0]).toMatchObject({ score: 15 })
    expect(await sums.submit(1, Number.MAX_SAFE_INTEGER, 'd')).toBe('leaderboard.full')
    const last = open({ ...runs, keep: 'last', order: 'lowest' })
    await last.submit(1, 5, 'a')
    await last.submit(2, 7, 'b')
    await last.submit(1, 9, 'c')
    expect((await last.walk()).map(({ score }) => score)).toEqual([7, 9])
  })

  it.each([1, 2, 3])(
    'counts once on a store that conflicts, throttles and loses answers, and the copy agrees (%i)',
    async (seed) => {
      const on = open({ ...runs, keep: 'sum' })
      const draw = draws(seed)
      const model = new Map<number, number>()
      await on.submit(0, 1, 'first')
      await on.around(0)
      model.set(0, 1)
      on.faults.next = seededFaults(seed, faulty)
      for (let round = 0; round < 25; round++) {
        const several = Array.from({ length: 4 }, (_, i) => ({
          who: draw(6),
          score: draw(9) + 1,
          id: `${round} ${i}`,
        }))
        // Each is sent twice at once, as by two hosts.
        await Promise.all(
          several.flatMap(({ who, score, id }) => [
            on.submit(who, score, id),
            on.submit(who, score, id),
          ]),
        )
        for (const { who, score } of several) model.set(who, (model.get(who) ?? 0) + score)
        if (round % 10 === 5) on.clock.advance(1000)
      }
      on.faults.next = undefined
      on.redis.down = true
      const stored = await on.walk()
      expect(
        new Map(stored.map(({ id, score }) => [Number.parseInt(id.slice(-4), 16), score])),
      ).toEqual(model)
      on.redis.down = false
      // Followers that failed made the copy old; the next one is whole.
      await on.around(0)
      await on.boards.copy(on.of)
      expect(await on.walk()).toEqual(stored)
    },
  )
})

describe('ranks', () => {
  async function filled(count = 40) {
    const on = open()
    for (let i = 0; i < count; i++) await on.submit(i, (i * 7) % 20, `r ${i}`)
    return { on, order: (await on.walk()).map(({ name }) => name) }
  }

  it('are the same from the store, from Redis, and after Redis came back empty', async () => {
    const { on, order } = await filled()
    on.redis.down = true
    const stored = await on.walk()
    expect(stored.map(({ rank }) => rank)).toEqual(stored.map((_, i) => i + 1))
    expect(await codeOfProblem(on.around(3))).toBe('leaderboard.unavailable')
    on.redis.down = false
    // Who made the copy when Redis went may still be at it.
    expect(await codeOfProblem(on.around(3))).toBe('leaderboard.rebuilding')
    on.clock.advance(boardCopierMs)
    const before = await Promise.all([0, 13, 39].map((i) => on.around(i)))
    expect(await on.walk()).toEqual(stored)
    on.redis.cache = createMemoryCache({ runtime: on.clock })
    expect(await Promise.all([0, 13, 39].map((i) => on.around(i)))).toEqual(before)
    expect(await on.walk()).toEqual(stored)
    expect(before.map(({ rank }) => rank)).toEqual(
      [0, 13, 39].map((i) => order.indexOf(`Mira ${i}`) + 1),
    )
  })

  it('are right again after changes that Redis missed', async () => {
    const { on } = await filled()
    await on.around(0)
    on.redis.down = true
    await on.submit(7, 99, 'missed')
    on.redis.down = false
    await on.around(7)
    await on.boards.copy(on.of)
    expect((await on.around(7)).rank).toBe(1)
    expect(await on.copied()).toHaveLength(40)
  })

  it('are right again when a copy has lost its set, and a day later in any case', async () => {
    const { on } = await filled()
    await on.around(0)
    const keys = copyKeys(on.of)
    const [ready] = await on.redis.cache.pipeline([['GET', keys.ready]])
    await on.redis.cache.pipeline([['DEL', keys.set(String(ready))]])
    expect((await on.around(19)).entries.length).toBeGreaterThan(2)
    const stray = placeOf('highest', { score: 500, reachedAt: 1, subjectId: idOf(3) })
    const [again] = await on.redis.cache.pipeline([['GET', keys.ready]])
    await on.redis.cache.pipeline([['ZADD', keys.set(String(again)), 0, stray]])
    on.clock.advance(25 * 60 * 60 * 1000)
    await on.around(3)
    await on.boards.copy(on.of)
    expect(await on.copied()).toHaveLength(40)
  })

  it('follow results that come while the copy is made', async () => {
    const { on } = await filled()
    const copying = on.boards.copy(on.of)
    await Promise.all([
      copying,
      ...Array.from({ length: 40 }, (_, i) => on.submit(i, 100 - i, `s ${i}`)),
    ])
    await on.around(0)
    expect((await on.copied()).map((place) => readPlace('highest', place).score)).toEqual(
      Array.from({ length: 40 }, (_, i) => 100 - i),
    )
  })
})

describe('a season', () => {
  it('ends by the clock for all at once, and its table is frozen', async () => {
    const on = open()
    await on.submit(1, 10, 'a')
    await on.submit(2, 20, 'b')
    const table = await on.walk(1)
    on.clock.advance(weekMs)
    await Promise.all([on.submit(1, 99, 'c'), on.submit(3, 5, 'd'), on.submit(2, 1, 'e')])
    expect(await on.walk(1)).toEqual(table)
    expect((await on.walk(2)).map(({ name }) => name)).toEqual(['Mira 1', 'Mira 3', 'Mira 2'])
    expect(await on.submit(4, 1000, 'late', 1)).toBe('leaderboard.over')
    expect(await on.walk(1)).toEqual(table)
  })

  it('is a day, a week from Monday on, or a month, of UTC', () => {
    const at = Date.UTC(2024, 1, 29, 23, 59, 59, 999)
    const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date)
    expect(periodAt('day', at)).toEqual({ startsAt: day(2024, 2, 29), endsAt: day(2024, 3, 1) })
    expect(periodAt('week', at)).toEqual({ startsAt: day(2024, 2, 26), endsAt: day(2024, 3, 4) })
    expect(periodAt('month', at)).toEqual({ startsAt: day(2024, 2, 1), endsAt: day(2024, 3, 1) })
    expect(periodAt('day', at + 1).startsAt).toBe(day(2024, 3, 1))
  })
})

async function codeOfProblem(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

describe('leaderboards over HTTP', () => {
  async function world() {
    const test = await openApi()
    const stage = createStage({
      realmId,
      store: test.memory,
      runtime: test.clock,
      client: (token) => test.client(token === undefined ? {} : { token }),
      fleetHost: () => Promise.reject(new Error('none')),
    })
    const operator = await stage.operator()
    const params = { realmId, board: 'gathering' }
    const give = async (name: string, score: number, operationId = newId(test.clock)) =>
      await operator.client.leaderboards.submit(
        { params, body: { name, score, reason: 'A test' } },
        { operationId },
      )
    return { test, stage, operator, params, give }
  }

  it('show friends and the guild with their ranks among all, and only to them', async () => {
    const { stage, params, give } = await world()
    const [ada, bram, cato] = [await stage.player(), await stage.player(), await stage.player()]
    for (const [who, score] of [
      [ada, 1],
      [bram, 3],
      [cato, 2],
    ] as const) {
      await give(who.name, score)
    }
    const realm = { params: { realmId } }
    await ada.client.friends.ask({ ...realm, body: { as: ada.as, name: bram.name } })
    await bram.client.friends.ask({ ...realm, body: { as: bram.as, name: ada.name } })
    const { entries } = await ada.client.leaderboards.friends({ params, query: {} })
    expect(entries.map(({ rank, name }) => [rank, name])).toEqual([
      [1, bram.name],
      [3, ada.name],
    ])
    const body = { as: cato.as, name: 'The Lamps' }
    const { guildId } = await cato.client.guilds.found({ ...realm, body })
    const ofGuild = { params: { ...params, guildId }, query: {} }
    expect((await cato.client.leaderboards.guild(ofGuild)).entries[0]).toMatchObject({ rank: 2 })
    expect(await codeOf(ada.client.leaderboards.guild(ofGuild))).toBe('guild.not_member')
    const guilds = { params: { realmId, board: 'lively_guilds' }, query: {} }
    expect(await codeOf(ada.client.leaderboards.friends(guilds))).toBe('leaderboard.of_guilds')
  })

  it('of guilds add up what their members do, and a guild that ends is gone from them', async () => {
    const { stage, operator } = await world()
    const [ada, bram, cato] = [await stage.player(), await stage.player(), await stage.player()]
    const realm = { params: { realmId } }
    const params = { realmId, board: 'lively_guilds' }
    const give = async (name: string, score: number) =>
      await operator.client.leaderboards.submit({ params, body: { name, score, reason: 'A test' } })
    const found = async (who: typeof ada, name: string) =>
      (await who.client.guilds.found({ ...realm, body: { as: who.as, name } })).guildId
    expect(await codeOf(give(ada.name, 3))).toBe('leaderboard.no_guild')
    const lamps = await found(ada, 'The Lamps')
    const moths = await found(cato, 'The Moths')
    const guild = { params: { realmId, guildId: lamps } }
    await ada.client.guilds.invite({ ...guild, body: { as: ada.as, name: bram.name } })
    await bram.client.guilds.join({ ...guild, body: { as: bram.as } })
    await give(ada.name, 3)
    await give(cato.name, 4)
    expect(await give(bram.name, 2)).toMatchObject({ score: 5, changed: true })
    const around = async (characterId: string) =>
      await ada.client.leaderboards.around({ params: { ...params, characterId }, query: {} })
    const standing = [
      { rank: 1, id: lamps, name: 'The Lamps', score: 5 },
      { rank: 2, id: moths, name: 'The Moths', score: 4 },
    ]
    expect(await around(bram.as)).toMatchObject({ rank: 1, entries: standing })
    const top = async () => (await ada.client.leaderboards.top({ params, query: {} })).entries
    expect(await top()).toMatchObject(standing)
    await cato.client.guilds.disband({
      params: { realmId, guildId: moths },
      body: { as: cato.as },
    })
    expect((await top()).map(({ name }) => name)).toEqual(['The Lamps'])
    expect(await codeOf(around(cato.as))).toBe('leaderboard.unranked')
  })

  it('a deleted character leaves them and stands there again when it is restored', async () => {
    const { stage, params, give } = await world()
    const [ada, bram] = [await stage.player(), await stage.player()]
    await give(ada.name, 9)
    await give(bram.name, 5)
    const names = async () =>
      (await ada.client.leaderboards.top({ params, query: {} })).entries.map(({ name }) => name)
    await ada.client.leaderboards.around({ params: { ...params, characterId: ada.as }, query: {} })
    expect(await names()).toEqual([ada.name, bram.name])
    const of = { params: { realmId, characterId: ada.as } }
    await ada.client.characters.delete(of)
    expect(await names()).toEqual([bram.name])
    expect(await codeOf(give(ada.name, 50))).toBe('leaderboard.unknown')
    await ada.client.characters.restore(of)
    expect(await names()).toEqual([ada.name, bram.name])
  })

  it('show the new name of a character at once, in past seasons too, with Redis and without', async () => {
    const { test, stage, operator, params, give } = await world()
    const [ada, bram] = [await stage.player(), await stage.player()]
    await give(ada.name, 9)
    await give(bram.name, 5)
    await operator.client.leaderboards.archive({ params, body: { reason: 'A test' } })
    await give(ada.name, 4)
    const around = async (season?: number) => {
      const query = season === undefined ? {} : { season }
      const of = { params: { ...params, characterId: bram.as }, query }
      const { entries } = await bram.client.leaderboards.around(of)
      return entries.map(({ name, score, at }) => [name, score, at])
    }
    const top = async (season?: number) => {
      const query = season === undefined ? {} : { season }
      return (await bram.client.leaderboards.top({ params, query })).entries.map(({ name }) => name)
    }
    await give(bram.name, 1)
    const at = test.clock.now()
    const before = [await around(), await around(1)]
    expect(before[0]![0]).toEqual([ada.name, 4, at])
    test.clock.advance(1000)
    const of = { params: { realmId, characterId: ada.as } }
    // Redis does not answer meanwhile: who reads the store sees it, and the copies when the list is read again.
    const { pipeline } = test.cache
    test.cache.pipeline = () => Promise.reject(new CacheError('gone'))
    const name = 'Clara'
    await ada.client.characters.rename({ ...of, body: { name } })
    expect([await top(), await top(1)]).toEqual([
      [name, bram.name],
      [name, bram.name],
    ])
    test.cache.pipeline = pipeline
    await ada.client.characters.list({ params: { realmId } })
    // The same places, scores and times.
    const renamed = before.map((all) =>
      all.map(([, ...more], i) => (i === 0 ? [name, ...more] : all[i])),
    )
    expect([await around(), await around(1)]).toEqual(renamed)
    expect([await top(), await top(1)]).toEqual([
      [name, bram.name],
      [name, bram.name],
    ])
    // An operator's rename, twice; then it is deleted, and comes back.
    const forced = {
      params: { realmId, character: ada.as },
      body: { name: 'Dora', reason: 'A test' },
    }
    await operator.client.characters.renameOf(forced)
    await operator.client.characters.renameOf(forced)
    expect([await top(), (await around())[0]]).toEqual([
      ['Dora', bram.name],
      ['Dora', 4, at],
    ])
    await ada.client.characters.delete(of)
    expect([await top(), await top(1), await around()]).toEqual([
      [bram.name],
      [bram.name],
      [[bram.name, 1, at]],
    ])
    await ada.client.characters.restore(of)
    expect([await top(1), (await around())[0]]).toEqual([
      ['Dora', bram.name],
      ['Dora', 4, at],
    ])
  })

  it('take a new name over in hundreds of seasons, some at once, and change nothing when they are told again', async () => {
    const { test, stage } = await world()
    const ada = await stage.player()
    const seasons = 200
    for (let season = 1; season <= seasons; season++) {
      const subject = { subjectId: ada.as, owner: ada.playerId }
      const reachedAt = test.clock.now()
      const place = placeOf('highest', { score: season, reachedAt, ...subject })
      const row = { board: 'old', season, subjectId: ada.as, name: ada.name, score: season }
      await test.memory.transact(
        putScore(realmId, subject, undefined, { ...row, reachedAt, place, listed: true }),
      )
    }
    test.trips.reset()
    const of = { params: { realmId, characterId: ada.as } }
    await ada.client.characters.rename({ ...of, body: { name: 'Clara' } })
    const rows = () => test.memory.rows('core').filter(({ pk }) => pk.startsWith('R#local#BOARD'))
    const after = rows()
    expect(after).toHaveLength(2 * seasons)
    expect(new Set(after.map((row) => row['name']))).toEqual(new Set(['Clara']))
    expect(test.trips.sequential()).toBeLessThan(100)
    await ada.client.characters.list({ params: { realmId } })
    expect(rows()).toEqual(after)
  })

  it('operators hand in, take off, end and drop seasons, and the audit says so', async () => {
    const { stage, operator, params, give } = await world()
    const ada = await stage.player()
    const call = { params, body: { reason: 'A test' } }
    const boards = operator.client.leaderboards
    await give(ada.name, 9)
    expect(await boards.archive(call)).toEqual({ ended: 1, season: 2 })
    await give(ada.name, 4)
    expect(await boards.reset(call)).toEqual({ ended: 2, season: 3 })
    const list = await boards.list({ params: { realmId } })
    const board = list.boards.find(({ board: id }) => id === 'gathering')!
    expect(board.past.map(({ season }) => season)).toEqual([1])
    const past = { params, query: { season: 1 } }
    expect((await boards.top(past)).entries).toMatchObject([{ name: ada.name, score: 9 }])
    expect(await codeOf(boards.top({ params, query: { season: 2 } }))).toBe(
      'leaderboard.season_unknown',
    )
    expect(await boards.tidy({ params, body: { reason: 'A test' } })).toEqual({
      deleted: 1,
      more: false,
    })
    await boards.remove({ params, body: { who: ada.as, season: 1, reason: 'A test' } })
    expect((await boards.top(past)).entries).toEqual([])
    const { copy, ready } = await boards.rebuild(call)
    expect([copy.length, ready]).toEqual([36, true])
    const audit = await operator.client.admin.audit({ query: {} })
    const done = audit.entries.map(({ action }) => action).filter((one) => one.startsWith('leader'))
    expect(done.toSorted()).toEqual([
      'leaderboard.archive',
      'leaderboard.rebuild',
      'leaderboard.remove',
      'leaderboard.reset',
      'leaderboard.submit',
      'leaderboard.submit',
      'leaderboard.tidy',
    ])
  })
})
