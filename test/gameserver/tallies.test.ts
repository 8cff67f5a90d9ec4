// An addition to a tally counts once, whatever happens on the way, and the ranked list agrees with the totals.
import { describe, expect, it } from 'vitest'
import { tallyRoutes } from '#functions/game/tallies.ts'
import { effect } from '#shared/game/effect.ts'
import type { EffectKind } from '#shared/game/effect.ts'
import { gameKey } from '#shared/game/game.ts'
import { tallyEffect } from '#shared/game/tallying.ts'
import { effectTriesMax } from '#shared/limits.ts'
import { endLease } from '#shared/ownership/lease.ts'
import type { EffectOutcome } from '#shared/rules/effects.ts'
import { tally } from '#shared/rules/tally.ts'
import type { TallyAdd } from '#shared/rules/tally.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Fault } from '#shared/store/faults.ts'
import type { Put, Store } from '#shared/store/store.ts'
import * as z from 'zod'
import { openRealm, realmId } from '../ownership/realm.ts'

const Score = tally('score', { per: 'character', ranked: true })
const Gifts = tally('gifts', { per: 'account', ranked: true })
const Steps = tally('steps', { per: 'character' })
const tallies = [Score, Gifts, Steps]

type Player = { characterId: string; accountId: string }

async function start() {
  /** Called with the number of each request; the count starts at `arm`. */
  let faultAt: (number: number) => Fault | undefined = () => undefined
  let requests = 0
  const store = createMemoryStore({
    runtime: { now: () => realm.runtime.now(), sleep: async (ms) => await realm.runtime.sleep(ms) },
    faults: () => faultAt(requests++),
  })
  const realm = await openRealm({ store })
  const routes = tallyRoutes(store, tallies)
  const read = { caller: { kind: 'anyone' }, operation: undefined, address: '' } as const
  return {
    store,
    realm,
    arm(at: typeof faultAt) {
      requests = 0
      faultAt = at
    },
    requests: () => requests,
    async total({ characterId }: Player, name = 'score') {
      const params = { realmId, characterId }
      const { totals } = await routes.of({ ...read, params, query: undefined, body: undefined })
      return totals.find((one) => one.tally === name)
    },
    async mine({ accountId }: Player) {
      const caller = {
        kind: 'player',
        accountId,
        loginSessionId: '',
        era: 0,
        guest: false,
      } as const
      const params = { realmId }
      return await routes.mine({ ...read, caller, params, query: undefined, body: undefined })
    },
    async top(name = 'score') {
      const params = { realmId, tally: name }
      const query = { limit: 50 }
      return (await routes.top({ ...read, params, query, body: undefined })).entries
    },
    /** Plays the character on a host of its own, from which no request comes after its death. */
    async play(who: Player, more: EffectKind[] = []) {
      let dead = false
      const hang = async (): Promise<never> => await new Promise(() => undefined)
      const only =
        <In, Out>(send: (request: In) => Promise<Out>) =>
        async (request: In) =>
          dead ? await hang() : await send(request)
      const mortal: Store = {
        get: only(async (get) => await store.get(get)),
        query: only(store.query),
        put: only(store.put),
        update: only(store.update),
        delete: only(store.delete),
        transact: only(async (writes) => await store.transact(writes)),
      }
      const effects = [...tallies.map(tallyEffect), ...more]
      const host = await realm.host('hub', true, { store: mortal, effects })
      const { ticket } = await realm.enterAs(who)
      const claimed = await host.claim(await realm.open(ticket))
      if (claimed.outcome !== 'claimed') throw new Error(`the claim was ${claimed.outcome}`)
      const { epoch, name } = claimed.character
      return {
        epoch,
        add: async (id: string, { kind, body }: TallyAdd | { kind: string; body: object }) =>
          await host.effect({ ...who, epoch, name, id, kind, body: JSON.stringify(body) }),
        async die() {
          dead = true
          return await endLease(store, host.bootId)
        },
      }
    },
  }
}

/** Runs all that waits for no clock. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

const done = (total: number, changes: number): EffectOutcome => ({
  outcome: 'done',
  answer: { total, changes },
})

describe('an addition', () => {
  it('counts once for each id, and a repeated one answers as the first time', async () => {
    const on = await start()
    const who = await on.realm.character()
    const host = await on.play(who)
    expect(await host.add('a', Score.add(5))).toEqual(done(5, 1))
    expect(await host.add('b', Score.add(-7))).toEqual(done(-2, 2))
    expect(await host.add('a', Score.add(5))).toEqual(done(5, 1))
    expect(await host.add('a', Score.add(6))).toEqual({ outcome: 'refused', refused: 'mismatch' })
    expect(await on.total(who)).toEqual({ tally: 'score', total: -2, changes: 2 })
    expect(await on.top()).toEqual([
      { rank: 1, characterId: who.characterId, name: 'Mira', total: -2 },
    ])
    expect(await on.total(who, 'steps')).toMatchObject({ total: 0, changes: 0 })
  })

  it('that no safe integer would hold is refused, and nothing is lost', async () => {
    const on = await start()
    const who = await on.realm.character()
    const host = await on.play(who)
    for (const sign of [1, -1]) {
      await host.add(`to ${sign}`, Score.add(sign * Number.MAX_SAFE_INTEGER))
      const full = { outcome: 'refused', refused: 'tally.full' }
      expect(await host.add(`over ${sign}`, Score.add(sign))).toEqual(full)
      expect(await host.add(`far over ${sign}`, Score.add(sign * 2 ** 52))).toEqual(full)
      expect(await on.total(who)).toMatchObject({ total: sign * Number.MAX_SAFE_INTEGER })
      await host.add(`back ${sign}`, Score.add(-sign * Number.MAX_SAFE_INTEGER))
    }
    // What is done stays done, also where it could not be done now.
    await host.add('most', Score.add(Number.MAX_SAFE_INTEGER))
    expect(await host.add('most', Score.add(Number.MAX_SAFE_INTEGER))).toMatchObject(
      done(2 ** 53 - 1, 5),
    )
    // It is not remembered: it may fit later.
    await host.add('less', Score.add(-9))
    expect(await host.add('over 1', Score.add(1))).toMatchObject({ outcome: 'done' })
  })

  it('of nothing, of a fraction and of too much is a fault where it is made', async () => {
    for (const n of [0, 0.5, 2 ** 53, NaN, Infinity]) expect(() => Score.add(n)).toThrow(RangeError)
    const on = await start()
    const host = await on.play(await on.realm.character())
    const unknown = { outcome: 'refused', refused: 'unknown' }
    expect(await host.add('a', { kind: Score.kind, body: { add: 0 } })).toEqual(unknown)
    expect(await host.add('a', { kind: Score.kind, body: { add: 2 ** 53 } })).toEqual(unknown)
    expect(await host.add('a', { kind: 'tally.gold.1', body: { add: 1 } })).toEqual(unknown)
  })

  it('to the tally of an account counts for all of its characters', async () => {
    const on = await start()
    const mira = await on.realm.character()
    const bram = await on.realm.character(mira.accountId)
    const [first, second] = [await on.play(mira), await on.play(bram)]
    const adds = Array.from({ length: 8 }, (_, i) => [
      first.add(`${i}`, Gifts.add(1)),
      second.add(`${i}`, Gifts.add(10)),
    ])
    for (const outcome of await Promise.all(adds.flat())) {
      expect(outcome).toMatchObject({ outcome: 'done' })
    }
    expect(await on.mine(mira)).toEqual({ totals: [{ tally: 'gifts', total: 88, changes: 16 }] })
    expect(await on.top('gifts')).toMatchObject([{ rank: 1, total: 88 }])
  })
})

describe('a tally with a higher version', () => {
  const Next = tally('score', { per: 'character', ranked: true, version: 2 })

  it('begins anew; what is asked of the one before is over', async () => {
    const on = await start()
    const who = await on.realm.character()
    const host = await on.play(who, [tallyEffect(Next)])
    await host.add('a', Score.add(5))
    expect(await host.add('a', Next.add(1))).toEqual(done(1, 2))
    const over = { outcome: 'refused', refused: 'tally.over' }
    expect(await host.add('b', Score.add(5))).toEqual(over)
    expect(await host.add('a', Score.add(5))).toEqual(done(5, 1))
    const rows = on.store.rows('core').filter(({ pk }) => pk.includes('#TALLY#RANK#'))
    expect(rows.map(({ pk, total }) => [pk.split('#')[5], total])).toEqual([['score.2', 1]])
  })
})

// Where the request of a host meets a fault, or the host its end. An addition takes two requests: it reads the
// total, and writes.
const faults: Fault[] = [
  { kind: 'loseRequest' },
  { kind: 'loseAnswer' },
  { kind: 'conflict' },
  { kind: 'throttle' },
  { kind: 'outage' },
  { kind: 'delay', ms: 700 },
  { kind: 'applyLate', ms: 700 },
]
const pairs = faults.flatMap((first) => faults.map((second) => [first, second] as const))

describe('an addition counts once and the list agrees', () => {
  it.each(pairs)('with %o and then %o at any two of its requests', async (first, second) => {
    for (let i = 0; i < 6; i++) {
      for (let j = i + 1; j < 7; j++) {
        const on = await start()
        const who = await on.realm.character()
        const host = await on.play(who)
        await host.add('before', Score.add(3))
        on.arm((number) => (number === i ? first : number === j ? second : undefined))
        const outcome = await host.add('a', Score.add(5))
        const before = on.requests()
        on.arm(() => undefined)
        await on.store.settled()
        expect(outcome, `${i} ${j} of ${before}`).toEqual(done(8, 2))
        expect(await on.total(who)).toMatchObject({ total: 8, changes: 2 })
        expect(await on.top()).toMatchObject([{ rank: 1, total: 8 }])
      }
    }
  })

  it.each([0, 1].flatMap((at) => ['before', 'after', 'late'].map((how) => ({ at, how }))))(
    'when the host dies $how its request $at',
    async ({ at, how }) => {
      const on = await start()
      const who = await on.realm.character()
      const first = await on.play(who)
      await first.add('before', Score.add(3))
      let reached: () => void
      const there = new Promise<void>((resolve) => (reached = resolve))
      let land: (() => void) | undefined
      const { get, transact } = on.store
      let number = 0
      // The request waits on its way; it is sent before the death of its host, never, or long after.
      const stopped =
        <In, Out>(send: (request: In) => Promise<Out>) =>
        async (request: In) => {
          if (number++ !== at) return await send(request)
          const waits = new Promise<void>((resolve) => (land = resolve))
          reached()
          await waits
          return await send(request)
        }
      const way = on.store as { get: Store['get']; transact: Store['transact'] }
      way.get = stopped(get)
      way.transact = stopped(transact)
      void first.add('a', Score.add(5))
      await there
      if (how === 'after') land!()
      if (how === 'after') await settle()
      await first.die()
      const second = await on.play(who)
      const expected = done(8, 2)
      expect(await second.add('a', Score.add(5))).toEqual(expected)
      if (how === 'late') land!()
      await settle()
      expect(await second.add('a', Score.add(5))).toEqual(expected)
      expect(await second.add('b', Score.add(1))).toEqual(done(9, 3))
      expect(await on.top()).toMatchObject([{ rank: 1, total: 9 }])
    },
  )
})

describe('an effect that reads', () => {
  const key = (id: string) => ({ pk: gameKey(realmId, 'BEST'), sk: id })
  /** Keeps the best of a lap: a record in a row of the game. */
  const best = effect<{ ms: number }>({
    kind: 'game.best',
    body: z.strictObject({ ms: z.int() }),
    reads: ({ body, id }) => (body.ms < 0 ? [{ pk: 'ACCOUNT#1', sk: id }] : [key('lap')]),
    steps({ id, body, characterId }, [row]) {
      if (id === 'throws') throw new Error('a defect')
      if (row !== undefined && Number(row['ms']) <= body.ms) return { refused: 'slower' }
      const condition =
        id === 'first' ? 'attribute_not_exists(pk) OR ms > :ms' : 'attribute_exists(pk)'
      const put: Put = {
        table: 'core',
        item: { ...key('lap'), v: 1, ms: body.ms, characterId },
        condition,
        ...(id === 'first' && { values: { ':ms': body.ms } }),
      }
      const otherwise = (): string => {
        throw new Error('a defect')
      }
      return [id === 'blind' ? { write: { put }, otherwise } : { write: { put } }]
    },
    answer: ({ id, body }) => ({ ms: body.ms, note: id === 'long' ? 'x'.repeat(300) : '' }),
  })

  it('goes by what it has read, and may refuse by it', async () => {
    const on = await start()
    const host = await on.play(await on.realm.character(), [best])
    const lap = async (id: string, ms: number) =>
      await host.add(id, { kind: best.kind, body: { ms } })
    expect(await lap('first', 900)).toEqual({ outcome: 'done', answer: { ms: 900, note: '' } })
    expect(await lap('2', 950)).toEqual({ outcome: 'refused', refused: 'slower' })
    expect(await lap('3', 800)).toMatchObject({ outcome: 'done' })
    expect(await lap('first', 900)).toMatchObject({ outcome: 'done', answer: { ms: 900 } })
  })

  it.each(['throws', 'blind', 'long'])(
    'and fails (%s) is refused by name, not for ever',
    async (id) => {
      const on = await start()
      const host = await on.play(await on.realm.character(), [best])
      const failed = { outcome: 'refused', refused: 'failed' }
      expect(await host.add(id, { kind: best.kind, body: { ms: 1 } })).toEqual(failed)
      expect(on.store.rows('core').filter(({ pk }) => pk.startsWith('OP#'))).toEqual([])
    },
  )

  it('may read rows of its game alone', async () => {
    const on = await start()
    const host = await on.play(await on.realm.character(), [best])
    const failed = { outcome: 'refused', refused: 'failed' }
    expect(await host.add('a', { kind: best.kind, body: { ms: -1 } })).toEqual(failed)
  })

  it('whose write never fits is given up as busy, and may be asked again', async () => {
    const on = await start()
    const host = await on.play(await on.realm.character(), [best])
    on.arm(() => undefined)
    const asked = { kind: best.kind, body: { ms: 5 } }
    expect(await host.add('later', asked)).toEqual({ outcome: 'refused', refused: 'busy' })
    expect(on.requests()).toBeGreaterThanOrEqual(2 * effectTriesMax)
    const row = { ...key('lap'), v: 1, ms: 9 }
    await on.store.put({ table: 'core', item: row })
    expect(await host.add('later', asked)).toMatchObject({ outcome: 'done' })
  })
})
