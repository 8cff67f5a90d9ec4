// Rate limits: a sliding window, approximated from two fixed ones.
//
// The sliding window still covers a part of the window before. That part counts as if its requests had been
// spread evenly. It never counts for more than the limit: so a caller that waits as the refusal says is
// let in. Refused requests count too, so hammering does not pay.
//
// Cheap reads are counted in the process and reported from time to time (rate-share.ts). All else is
// counted by the cache, in one trip each. When it fails, the store's `volatile` table counts the same windows,
// from zero: at the moment of the change a subject gets at most its limit once more. When the store
// fails too, what guards passwords and accounts closes, and the rest opens.
import { createHash } from 'node:crypto'
import { cachePauseMs, rateReportPart, RATES, type RateName, type RateProfile } from '../limits.ts'
import { Problem } from '../problem.ts'
import type { Runtime } from '../runtime.ts'
import { expiresAt, StoreError, type Store } from '../store/store.ts'
import { CacheError, type Cache } from './cache.ts'
import { createShares } from './rate-share.ts'
import type { Counts, Share } from './rate-share.ts'

export type RateResult = {
  allowed: boolean
  /** Requests a window. */
  limit: number
  /** Requests that would be allowed at this moment, after this one. */
  remaining: number
  /** Refused: ms until the next request is allowed. Allowed: ms until this fixed window ends. */
  resetMs: number
}

export type RateLimiter = {
  /**
   * Counts one request of `subject` (an address, account id or login name) and judges it. Throws
   * Problem `store.unavailable` when nothing can count and the rate guards passwords or accounts.
   */
  check(rate: RateName, subject: string): Promise<RateResult>
}

export type RateLimiterOptions = {
  cache: Cache
  store: Store
  runtime: Pick<Runtime, 'now'>
  profile: RateProfile
}

/** `added` requests of a subject in one window. */
type Window = { rate: RateName; subject: string; index: number; windowMs: number; added: number }

const schemaVersion = 1

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { cache, store, runtime, profile } = options
  /** Until then the cache is left alone. */
  let pausedUntil = 0

  async function count(window: Window): Promise<Counts | StoreError> {
    if (runtime.now() >= pausedUntil) {
      // While it was down, the first one to ask is the probe; the others keep away meanwhile.
      const wasDown = pausedUntil > 0
      if (wasDown) pausedUntil = runtime.now() + cachePauseMs
      try {
        const counts = await countInCache(cache, window)
        pausedUntil = 0
        return counts
      } catch (error) {
        if (!(error instanceof CacheError)) throw error
        pausedUntil = runtime.now() + cachePauseMs
      }
    }
    try {
      return await countInStore(store, window)
    } catch (error) {
      if (error instanceof StoreError && passing.has(error.kind)) return error
      throw error
    }
  }

  const shares = { 'read.account': createShares(), 'read.address': createShares() }

  /** Reports the count of a share, and reads the sum of all. After a failure the next report includes it. */
  async function report(share: Share, window: Omit<Window, 'added'>): Promise<void> {
    const added = share.unreported
    share.unreported = 0
    const counts = await count({ ...window, subject: hash(window.subject), added })
    if (counts instanceof StoreError) share.unreported += added
    else {
      share.current = Math.max(share.current, counts.current + share.unreported)
      share.previous = Math.max(share.previous, counts.previous)
    }
  }

  return {
    async check(rate, subject) {
      const { count: limit, windowMs } = RATES[rate][profile]
      const now = runtime.now()
      const index = Math.floor(now / windowMs)
      const bounds = { limit, windowMs, elapsedMs: now - index * windowMs }
      const share = isShared(rate) ? shares[rate].count(subject, index) : undefined
      if (share !== undefined) {
        if (share.unreported >= limit / rateReportPart) {
          await report(share, { rate, subject, index, windowMs })
        }
        return judge(share, bounds)
      }
      const counts = await count({ rate, subject: hash(subject), index, windowMs, added: 1 })
      if (!(counts instanceof StoreError)) return judge(counts, bounds)
      if (closesBlind(rate)) {
        const retryAfterS = Math.ceil(cachePauseMs / 1000)
        throw new Problem('store.unavailable', { retryAfterS, cause: counts })
      }
      return { allowed: true, limit, remaining: limit, resetMs: 0 }
    },
  }
}

function isShared(rate: RateName): rate is 'read.account' | 'read.address' {
  return rate === 'read.account' || rate === 'read.address'
}

/** Kinds of StoreError that say nothing about the request: the row could not be counted now. */
const passing = new Set<StoreError['kind']>(['unavailable', 'throttled', 'conflict'])

function closesBlind(rate: RateName): boolean {
  return /^(?:password|register|refresh)\./.test(rate)
}

/** Neither store shows who was counted; 128 bits make a clash of two subjects unthinkable. */
function hash(subject: string): string {
  return createHash('sha256').update(subject).digest('base64url').slice(0, 22)
}

async function countInCache(cache: Cache, window: Window): Promise<Counts> {
  const key = (index: number) => `rate:${window.rate}:${window.subject}:${index}`
  const counted = key(window.index)
  const [current, , previous] = await cache.pipeline([
    window.added === 1 ? ['INCR', counted] : ['INCRBY', counted, window.added],
    // Read for one more window after its own.
    ['PEXPIRE', counted, 2 * window.windowMs, 'NX'],
    ['GET', key(window.index - 1)],
  ])
  return { current: Number(current), previous: Number(previous ?? 0) }
}

async function countInStore(store: Store, window: Window): Promise<Counts> {
  const pk = `RATE#${window.rate}#${window.subject}`
  const key = (index: number) => ({ pk, sk: `W#${index}` })
  const [row, before] = await Promise.all([
    store.update({
      table: 'volatile',
      key: key(window.index),
      update: 'SET #count = if_not_exists(#count, :none) + :added, #expires = :expires, #v = :v',
      names: { '#count': 'count', '#expires': 'expires', '#v': 'v' },
      values: {
        ':none': 0,
        ':added': window.added,
        ':expires': expiresAt((window.index + 2) * window.windowMs),
        ':v': schemaVersion,
      },
    }),
    store.get({ table: 'volatile', key: key(window.index - 1) }),
  ])
  return { current: Number(row['count']), previous: Number(before?.['count'] ?? 0) }
}

type Limit = { limit: number; windowMs: number; elapsedMs: number }

/** All in integers, counts times milliseconds: at most 10^5 x 4 x 10^6, far below 2^53. */
function judge(counts: Counts, { limit, windowMs, elapsedMs }: Limit): RateResult {
  const previous = Math.min(counts.previous, limit)
  const leftMs = windowMs - elapsedMs
  const used = previous * leftMs + counts.current * windowMs
  const allowed = used <= limit * windowMs
  const remaining = Math.floor((limit * windowMs - used) / windowMs)
  if (allowed) return { allowed, limit, remaining, resetMs: leftMs }
  return { allowed, limit, remaining: 0, resetMs: waitMs(counts.current, previous) }

  function waitMs(current: number, before: number): number {
    // The next request is number current + 1 of this window, once so little of the window is left
    // that what it covers of the one before fits beside it.
    const room = limit - current - 1
    if (room > 0) return leftMs - Math.floor((room * windowMs) / before)
    // Or it is the first of the next window, in which this one is the one before.
    const carried = Math.min(current, limit)
    return leftMs + windowMs - Math.min(windowMs, Math.floor(((limit - 1) * windowMs) / carried))
  }
}
