// Makes the copy of a season in Redis from the store: page by page, with its progress in Redis, so whoever finds it
// unfinished goes on. One process at a time works on it. That is for speed alone: two at once write the same.
//
// Results go on meanwhile. Who commits one writes it into the new copy too (copy.ts). A page is read again after it
// was written, and a subject that has moved is followed by itself: so no older place stays beside a newer one.
import { CacheError } from '../cache/cache.ts'
import type { Cache, CacheCommand } from '../cache/cache.ts'
import { boardCopierMs, boardCopyMaxMs, boardCopyRows, boardShards } from '../limits.ts'
import { newId } from '../runtime.ts'
import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import * as z from 'zod'
import { asEntry, copyKeys, createCopies, hashValue, lastMember, putInCopy } from './copy.ts'
import type { Copies } from './copy.ts'
import { codeInPlace } from './place.ts'
import { readEntries } from './rows.ts'
import type { EntryRow, SeasonIn } from './rows.ts'

/** A copy that nobody reads is gone by then. */
const keptMs = 2 * boardCopyMaxMs

/** Where the next page begins. */
const progressText = z.object({ shard: z.int(), after: z.string().optional(), entries: z.int() })
type Progress = z.infer<typeof progressText>

export type Leaderboards = Copies & {
  /**
   * Goes on with the copy that is being made, or begins one. Resolves when it is ready, when another process works on
   * it, or after a page of each shard: so who waits has a small board, and a large one goes on without him. Never
   * fails.
   */
  copy(of: SeasonIn): Promise<void>
  /** The id of the copy that is being made from now on, or already; undefined without Redis. */
  begin(of: SeasonIn): Promise<string | undefined>
  /** The id of the copy that is being made, if there is one; undefined without Redis. */
  going(of: SeasonIn): Promise<{ copy: string | undefined } | undefined>
}

export function createLeaderboards(deps: {
  store: Store
  cache: Cache
  runtime: Runtime
  log: Pick<Log, 'error'>
}): Leaderboards {
  const { store, cache, runtime, log } = deps
  const underWay = new Map<string, Promise<void>>()

  async function copy(of: SeasonIn): Promise<void> {
    const key = copyKeys(of).ready
    const running = underWay.get(key)
    if (running !== undefined) return await running
    const begun = new Promise<void>((resolve) => {
      const made = make(of, resolve)
        .catch((error: unknown) => {
          // The next reader goes on with it. Without Redis there is nothing to say: everybody notices.
          if (!(error instanceof CacheError)) {
            log.error('the copy of a leaderboard could not be made', { ...of, error })
          }
        })
        .finally(() => {
          underWay.delete(key)
          resolve()
        })
      void made
    })
    underWay.set(key, begun)
    await begun
  }

  const copies = createCopies({ store, cache, runtime, wanted: (of) => void copy(of) })

  async function begin(of: SeasonIn): Promise<string | undefined> {
    const { next } = copyKeys(of)
    try {
      const [, going] = await cache.pipeline([
        ['SET', next, newId(runtime), 'PX', keptMs, 'NX'],
        ['GET', next],
      ])
      return typeof going === 'string' ? going : undefined
    } catch (error) {
      if (error instanceof CacheError) return undefined
      throw error
    }
  }

  async function going(of: SeasonIn): Promise<{ copy: string | undefined } | undefined> {
    try {
      const [next] = await cache.pipeline([['GET', copyKeys(of).next]])
      return { copy: typeof next === 'string' ? next : undefined }
    } catch (error) {
      if (error instanceof CacheError) return undefined
      throw error
    }
  }

  async function make(of: SeasonIn, begun: () => void): Promise<void> {
    const keys = copyKeys(of)
    const [mine] = await cache.pipeline([
      ['SET', keys.lock, newId(runtime), 'PX', boardCopierMs, 'NX'],
    ])
    if (mine === null) return
    try {
      const next = await begin(of)
      if (next !== undefined) await fill(of, next, begun)
    } finally {
      await cache.pipeline([['DEL', keys.lock]]).catch(() => undefined)
    }
  }

  async function fill(of: SeasonIn, next: string, begun: () => void): Promise<void> {
    const keys = copyKeys(of)
    await cache.pipeline([
      ['ZADD', keys.set(next), 0, lastMember],
      ['HSET', keys.hash(next), lastMember, ''],
      ['PEXPIRE', keys.set(next), keptMs],
      ['PEXPIRE', keys.hash(next), keptMs],
    ])
    const [text] = await cache.pipeline([['GET', keys.progress(next)]])
    let progress: Progress =
      typeof text === 'string' ? progressText.parse(JSON.parse(text)) : { shard: 0, entries: 0 }
    for (let pages = 0; progress.shard < boardShards; pages++) {
      if (pages === boardShards) begun()
      progress = await page(of, next, progress)
      await cache.pipeline([
        ['SET', keys.progress(next), JSON.stringify(progress), 'PX', keptMs],
        ['PEXPIRE', keys.lock, boardCopierMs],
      ])
    }
    await finish(of, next)
  }

  /** Copies one page. Answers where the next one begins. */
  async function page(of: SeasonIn, next: string, from: Progress): Promise<Progress> {
    const keys = copyKeys(of)
    const { shard, after } = from
    const limit = boardCopyRows
    const { entries, more } = await readEntries(store, of, shard, {
      after,
      limit,
      consistent: true,
    })
    const last = entries.at(-1)?.sk
    if (last === undefined) return { shard: shard + 1, entries: from.entries }
    const [values] = await cache.pipeline([
      ['HMGET', keys.hash(next), ...entries.map(({ sk }) => codeInPlace(sk))],
    ])
    const there = values as (string | null)[]
    // What is there in another place was written by somebody who knows better, or knew better before.
    const moved = entries.filter(
      ({ sk, name }, i) => there[i] !== null && there[i] !== hashValue(sk, name),
    )
    const absent = entries.filter((_, i) => there[i] === null)
    if (absent.length > 0) {
      await cache.pipeline(putInCopy(of, next, absent.map(asEntry)))
    }
    const again = await readEntries(store, of, shard, {
      after,
      upTo: last,
      limit,
      consistent: true,
    })
    const still = new Set(again.entries.map(({ sk, name }) => hashValue(sk, name) + sk))
    const gone = absent.filter(({ sk, name }) => !still.has(hashValue(sk, name) + sk))
    await settle(of, next, [...moved, ...gone])
    const copied = from.entries + entries.length
    return more ? { shard, after: last, entries: copied } : { shard: shard + 1, entries: copied }
  }

  /** Subjects that have changed while their page was copied. */
  async function settle(of: SeasonIn, next: string, changed: readonly EntryRow[]): Promise<void> {
    const keys = copyKeys(of)
    for (const { sk, subjectId, owner } of changed) {
      // Its older place may have been written over in the hash, and would be found no more.
      await cache.pipeline([['ZREM', keys.set(next), sk]])
      await copies.follow(of, { subjectId, owner })
    }
  }

  async function finish(of: SeasonIn, next: string): Promise<void> {
    const keys = copyKeys(of)
    const [before] = await cache.pipeline([['GET', keys.ready]])
    const rest: CacheCommand[] =
      typeof before === 'string' && before !== next
        ? [['UNLINK', keys.set(before), keys.hash(before), keys.count(before)]]
        : []
    await cache.pipeline([
      ['INCR', keys.count(next)],
      ['PEXPIRE', keys.count(next), keptMs],
      ['SET', keys.ready, next, 'PX', keptMs],
      ['DEL', keys.next, keys.progress(next)],
      ...rest,
    ])
  }

  return { ...copies, copy, begin, going }
}
