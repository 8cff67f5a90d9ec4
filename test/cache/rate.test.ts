import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CacheError, type Cache, type CacheCommand } from '#shared/cache/cache.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import { createCache } from '#shared/cache/upstash.ts'
import {
  cachePauseMs,
  rateReportPart,
  rateSubjectsMax,
  RATES,
  type RateName,
} from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Fault, StoreRequest } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'

const rateNames = Object.keys(RATES) as RateName[]
const guarded = rateNames.filter((rate) => /^(?:password|register|refresh)/.test(rate))
const open = rateNames.filter((rate) => !guarded.includes(rate))

/** A clock at the start of a window of every rate, and limiters on stores that can be made to fail. */
function world() {
  const clock = { now: 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000) }
  const runtime = { now: () => clock.now, sleep: async () => undefined }
  const asked = { pipelines: [] as CacheCommand[][], store: [] as StoreRequest[] }
  const broken: { cache: boolean; store: Fault | undefined } = { cache: false, store: undefined }
  const memory = createMemoryCache({ runtime })
  const cache: Cache = {
    pipeline(commands) {
      asked.pipelines.push(commands)
      if (broken.cache) return Promise.reject(new CacheError('gone'))
      return memory.pipeline(commands)
    },
    subscribe: memory.subscribe,
  }
  const store = createMemoryStore({
    runtime,
    faults: () => broken.store,
    onRequest: (request) => asked.store.push(request),
  })
  const limiter = (profile: 'strict' | 'generous' = 'strict') =>
    createRateLimiter({ cache, store, runtime, profile })
  return { clock, runtime, asked, broken, cache, store, limiter }
}

type World = ReturnType<typeof world>

async function checks(limiter: ReturnType<World['limiter']>, rate: RateName, times: number) {
  const results = []
  for (let i = 0; i < times; i++) results.push(await limiter.check(rate, 'mira'))
  return results
}
const allowedOf = (results: { allowed: boolean }[]) => results.filter((r) => r.allowed).length

describe.each(['cache', 'store'])('rate limits counted in the %s', (place) => {
  function counted() {
    const w = world()
    w.broken.cache = place === 'store'
    return w
  }

  it.each(rateNames)('%s allows exactly its strict number at once', async (rate) => {
    const { limiter } = counted()
    const { count, windowMs } = RATES[rate].strict
    const own = limiter()
    const results = await checks(own, rate, count + 3)
    expect(results.map((r) => r.allowed)).toEqual([...Array(count).fill(true), false, false, false])
    expect(results[0]).toEqual({
      allowed: true,
      limit: count,
      remaining: count - 1,
      resetMs: windowMs,
    })
    expect(results[count - 1]).toMatchObject({ remaining: 0 })
    expect(results[count]).toMatchObject({ limit: count, remaining: 0 })
    expect(await own.check(rate, 'another'), 'another subject').toMatchObject({ allowed: true })
  })

  it('counts each rate apart, and the generous profile by its own figures', async () => {
    const { limiter } = counted()
    expect(allowedOf(await checks(limiter(), 'password.pair', 9))).toBe(5)
    expect(allowedOf(await checks(limiter(), 'password.address', 12))).toBe(10)
    expect(allowedOf(await checks(limiter('generous'), 'password.pair', 200))).toBe(200)
  })

  it('lets no burst through at the border of two windows', async () => {
    const { clock, limiter } = counted()
    const own = limiter()
    clock.now += 299_999
    expect(allowedOf(await checks(own, 'password.pair', 5))).toBe(5)
    clock.now += 1
    expect(allowedOf(await checks(own, 'password.pair', 5)), 'the first ms of the next').toBe(0)
  })

  it('frees the share of the window before as it slides out', async () => {
    const { clock, limiter } = counted()
    const own = limiter()
    expect(allowedOf(await checks(own, 'password.address', 10))).toBe(10)
    clock.now += 60_000 + 30_000
    // Half of ten still counts.
    expect(allowedOf(await checks(own, 'password.address', 10))).toBe(5)
    clock.now += 2 * 60_000
    expect(allowedOf(await checks(own, 'password.address', 10)), 'two windows later').toBe(10)
  })

  it('counts together what two limiters see', async () => {
    const { limiter } = counted()
    const [a, b] = [limiter(), limiter()]
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).check('password.address', 'mira')),
    )
    expect(allowedOf(results)).toBe(10)
  })

  it('lets in who waits for as long as it says, and not one millisecond before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<RateName>('password.pair', 'password.address', 'enter.account'),
        fc.array(fc.integer({ min: 0, max: 45_000 }), { minLength: 1, maxLength: 80 }),
        async (rate, pausesMs) => {
          const early = counted()
          const late = counted()
          const limiters = { early: early.limiter(), late: late.limiter() }
          for (const pauseMs of pausesMs) {
            early.clock.now += pauseMs
            late.clock.now += pauseMs
            const result = await limiters.early.check(rate, 'mira')
            await limiters.late.check(rate, 'mira')
            if (result.allowed) continue
            expect(result.resetMs).toBeGreaterThan(0)
            early.clock.now += result.resetMs - 1
            late.clock.now += result.resetMs
            expect((await limiters.early.check(rate, 'mira')).allowed).toBe(false)
            expect((await limiters.late.check(rate, 'mira')).allowed).toBe(true)
            return
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('rate limits', () => {
  it('take one pipeline of three commands, and show no subject in it', async () => {
    const { asked, clock, limiter } = world()
    await limiter().check('password.address', 'mira@example.org')
    const index = clock.now / 60_000
    expect(asked.pipelines).toHaveLength(1)
    const key = expect.stringMatching(
      new RegExp(`^rate:password\\.address:[A-Za-z0-9_-]{22}:${index}$`),
    ) as string
    const before = expect.stringMatching(new RegExp(`:${index - 1}$`)) as string
    expect(asked.pipelines[0]).toEqual([
      ['INCR', key],
      ['PEXPIRE', key, 120_000, 'NX'],
      ['GET', before],
    ])
    expect(asked.store).toEqual([])
    expect(JSON.stringify(asked)).not.toContain('mira')
  })

  it('count in rows of `volatile` that expire and show no subject, when the cache is gone', async () => {
    const { asked, broken, clock, limiter, store } = world()
    broken.cache = true
    await limiter().check('password.address', 'mira@example.org')
    const keys = asked.store.flatMap((request) => request.rows)
    expect(keys.map(({ table }) => table)).toEqual(['volatile', 'volatile'])
    expect(JSON.stringify(keys)).not.toContain('mira')
    const row = await store.get({ table: 'volatile', key: keys[0]!.key })
    expect(row).toMatchObject({ count: 1, v: 1, expires: (clock.now + 120_000) / 1000 })
  })

  it('leave a failed cache alone for two seconds, then one request tries it', async () => {
    const { asked, broken, clock, limiter } = world()
    const own = limiter()
    broken.cache = true
    await checks(own, 'write.account', 5)
    expect(asked.pipelines).toHaveLength(1)
    clock.now += cachePauseMs - 1
    await checks(own, 'write.account', 5)
    expect(asked.pipelines).toHaveLength(1)
    clock.now += 1
    await Promise.all([1, 2, 3].map(() => own.check('write.account', 'mira')))
    expect(asked.pipelines).toHaveLength(2)
    broken.cache = false
    clock.now += cachePauseMs
    const storeCalls = asked.store.length
    await checks(own, 'write.account', 5)
    expect(asked.pipelines).toHaveLength(7)
    expect(asked.store).toHaveLength(storeCalls)
  })

  it.each(['outage', 'throttle', 'conflict', 'loseAnswer'] as const)(
    'close for passwords and accounts, and open for the rest, when the store fails too (%s)',
    async (kind) => {
      const { broken, limiter } = world()
      broken.cache = true
      broken.store = { kind }
      const own = limiter()
      expect(guarded).toHaveLength(7)
      for (const rate of guarded) {
        const failed = await own.check(rate, 'mira').catch((error: unknown) => error)
        expect(failed, rate).toBeInstanceOf(Problem)
        expect(failed, rate).toMatchObject({ code: 'store.unavailable', retryAfterS: 2 })
      }
      for (const rate of open) {
        expect(await own.check(rate, 'mira'), rate).toMatchObject({ allowed: true })
      }
    },
  )

  it('do not take a defect for an outage', async () => {
    const { cache, runtime, store } = world()
    const defect: Cache = { ...cache, pipeline: () => Promise.reject(new TypeError('a defect')) }
    const own = createRateLimiter({ cache: defect, store, runtime, profile: 'strict' })
    await expect(own.check('write.account', 'mira')).rejects.toThrow(TypeError)
  })

  it('go on within the time-out when a real cache client finds nobody', async () => {
    const { runtime, store } = world()
    const cache = createCache({ url: 'http://127.0.0.1:9', token: 'x', timeoutMs: 500 })
    const own = createRateLimiter({ cache, store, runtime, profile: 'strict' })
    expect(allowedOf(await checks(own, 'password.pair', 7))).toBe(5)
  })
})

describe('cheap reads', () => {
  const { count, windowMs } = RATES['read.account'].strict
  const reportEvery = count / rateReportPart

  it('are counted in the process: no trip before a 20th part of the limit, then one for each', async () => {
    const { asked, limiter } = world()
    const own = limiter()
    await checks(own, 'read.account', reportEvery - 1)
    expect(asked).toEqual({ pipelines: [], store: [] })
    await checks(own, 'read.account', 1)
    expect(asked.pipelines.map(([first]) => first)).toEqual([
      ['INCRBY', expect.any(String), reportEvery],
    ])
    await checks(own, 'read.account', count - reportEvery)
    expect(asked.pipelines).toHaveLength(rateReportPart)
    expect(asked.store).toEqual([])
  })

  it.each([2, 5])('of %i processes exceed the limit by a 20th part for each at most', async (n) => {
    const { limiter } = world()
    const limiters = Array.from({ length: n }, () => limiter())
    const results = []
    for (let i = 0; i < 2 * count; i++) {
      results.push(await limiters[i % n]!.check('read.account', 'mira'))
    }
    const allowed = allowedOf(results)
    expect(allowed).toBeGreaterThanOrEqual(count)
    expect(allowed).toBeLessThan(count + n * reportEvery)
  })

  it('are counted as before once the reports are lost, and reported when the cache is back', async () => {
    const { asked, broken, clock, limiter } = world()
    const own = limiter()
    broken.cache = true
    broken.store = { kind: 'outage' }
    expect(allowedOf(await checks(own, 'read.account', count + 5))).toBe(count)
    broken.cache = false
    clock.now += cachePauseMs
    await checks(own, 'read.account', 1)
    expect(asked.pipelines.at(-1)![0]).toEqual(['INCRBY', expect.any(String), count + 6])
  })

  it('of more subjects than one process counts are each sent to the cache', async () => {
    const { asked, clock, limiter } = world()
    const own = limiter()
    for (let i = 0; i < rateSubjectsMax; i++) await own.check('read.account', `a${i}`)
    expect(asked.pipelines).toEqual([])
    await checks(own, 'read.account', 3)
    expect(asked.pipelines).toHaveLength(3)
    clock.now += windowMs
    await checks(own, 'read.account', 3)
    expect(asked.pipelines, 'room again in the next window').toHaveLength(3)
  })
})
