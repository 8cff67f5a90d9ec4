// The copy of a season in Redis, in which ranks are found. It follows the store and is never its truth. Keys begin
// with board:<realm>:<board>:<season>
//   :ready       the id of the copy that is read
//   :next        the id of a copy that is being made (copier.ts)
//   :z:<copy>    a sorted set of places, all with the score 0 (place.ts)
//   :h:<copy>    a hash: the code of a subject, and the head of its place with its name
//   :n:<copy>    a number that rises with each change
// Both the set and the hash have `~` as a member, which comes after all others. Without it the copy is broken.
//
// Why a copy comes to agree with the store, whoever writes there at once: who writes a subject reads its row before
// and after, and writes again if the row is another one. Of all who write a subject the last one has seen the row
// after its write, so what it wrote is the row. Who commits a change looks for copies after the commit, and a copy
// that begins later reads the change from the store.
import type { Cache, CacheAnswer, CacheCommand } from '../cache/cache.ts'
import { CacheError } from '../cache/cache.ts'
import { birthOfId } from '../runtime.ts'
import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { boardCopyMaxMs } from '../limits.ts'
import { codeInPlace, subjectCode } from './place.ts'
import { readScore } from './rows.ts'
import type { EntryRow, ScoreRow, SeasonIn, Subject } from './rows.ts'

/** Last in the set, for no digit of a place is so high. */
export const lastMember = '~'

const headChars = 17
const followsMax = 20

export function copyKeys({ realmId, board, season }: SeasonIn) {
  const base = `board:${realmId}:${board}:${season}`
  return {
    ready: `${base}:ready`,
    next: `${base}:next`,
    lock: `${base}:lock`,
    set: (copy: string) => `${base}:z:${copy}`,
    hash: (copy: string) => `${base}:h:${copy}`,
    count: (copy: string) => `${base}:n:${copy}`,
    progress: (copy: string) => `${base}:at:${copy}`,
  }
}

/** What the hash says of a subject. */
export const hashValue = (place: string, name: string) => place.slice(0, headChars) + name
export const placeIn = (code: string, value: string) => value.slice(0, headChars) + code
export const nameIn = (value: string) => value.slice(headChars)

/** `unavailable`: Redis does not answer. `building`: there is no copy that can be read, yet. */
export type Missing = 'unavailable' | 'building'

export type Copies = ReturnType<typeof createCopies>

export function createCopies(deps: {
  store: Store
  cache: Cache
  runtime: Runtime
  /** A season needs a copy, or a new one. */
  wanted: (of: SeasonIn) => void
}) {
  const { store, cache, runtime, wanted } = deps
  /** The copies as this process saw them last, and how often they had changed by then. */
  const known = new Map<string, { copy: string; count: number }>()
  /** Seasons whose copies have missed a change, and since when. */
  const behind = new Map<string, number>()

  const isOld = (copy: string, of: SeasonIn) => {
    const born = birthOfId(copy) ?? 0
    return born <= (behind.get(copyKeys(of).ready) ?? 0) || born + boardCopyMaxMs <= runtime.now()
  }

  /**
   * What the commands say of the copy that is read. One trip, two after the copy changed. `commands`: on the keys of
   * a copy.
   */
  async function ask(
    of: SeasonIn,
    commands: (set: string, hash: string) => CacheCommand[],
  ): Promise<CacheAnswer[] | Missing> {
    const keys = copyKeys(of)
    try {
      for (let copy = known.get(keys.ready)?.copy ?? ''; ;) {
        const [ready, last, count, ...answers] = await cache.pipeline([
          ['GET', keys.ready],
          ['ZSCORE', keys.set(copy), lastMember],
          ['GET', keys.count(copy)],
          ...commands(keys.set(copy), keys.hash(copy)),
        ])
        if (typeof ready !== 'string') break
        if (ready === copy) {
          if (last === null || last === undefined) {
            await forget(of)
            break
          }
          seen(of, copy, Number(count ?? 0))
          if (isOld(copy, of)) wanted(of)
          return answers
        }
        copy = ready
        known.set(keys.ready, { copy, count: 0 })
      }
    } catch (error) {
      if (error instanceof CacheError) return 'unavailable'
      throw error
    }
    wanted(of)
    return 'building'
  }

  /** A number that fell means that Redis came back as it was before. */
  function seen(of: SeasonIn, copy: string, count: number): void {
    const key = copyKeys(of).ready
    const before = known.get(key)
    if (before?.copy === copy && count < before.count) missed(of)
    known.set(key, { copy, count })
  }

  /** The copies of a season lack a change: the next one has it. */
  function missed(of: SeasonIn): void {
    behind.set(copyKeys(of).ready, runtime.now())
  }

  /** A broken copy is read no more. */
  async function forget(of: SeasonIn): Promise<void> {
    known.delete(copyKeys(of).ready)
    await cache.pipeline([['DEL', copyKeys(of).ready]]).catch(() => undefined)
  }

  /** Brings what the copies say of a subject in line with the store. Never fails. */
  async function follow(of: SeasonIn, subject: Subject): Promise<void> {
    const written: string[] = []
    try {
      for (let tries = 0; tries < followsMax; tries++) {
        const row = await readScore(store, of, subject)
        if (!(await write(of, subject, row, written))) return
        if (sameRow(row, await readScore(store, of, subject))) return
      }
    } catch {
      // Redis or the store does not answer.
    }
    missed(of)
  }

  /**
   * Into the copy that is read and the one that is being made; false when there is none. `written`: places that this
   * call of `follow` has written; another one may have come before it in the hash.
   */
  async function write(
    of: SeasonIn,
    { subjectId }: Subject,
    row: ScoreRow | undefined,
    written: string[],
  ): Promise<boolean> {
    const keys = copyKeys(of)
    const code = subjectCode(subjectId)
    const [ready, next] = await cache.pipeline([
      ['GET', keys.ready],
      ['GET', keys.next],
    ])
    const copies = [ready, next].filter((copy) => typeof copy === 'string')
    if (typeof next === 'string') wanted(of)
    if (copies.length === 0) return false
    const found = await cache.pipeline(
      copies.map((copy) => ['HMGET', keys.hash(copy), code] satisfies CacheCommand),
    )
    const place = row?.listed === true ? row.place : undefined
    const commands = copies.flatMap((copy, i): CacheCommand[] => {
      const [value] = found[i] as [string | null]
      const before = value === null ? [] : [placeIn(code, value)]
      const gone = [...new Set([...before, ...written])].filter((each) => each !== place)
      return [
        ...(gone.length > 0 ? [['ZREM', keys.set(copy), ...gone] satisfies CacheCommand] : []),
        ...(place === undefined || row === undefined
          ? [['HDEL', keys.hash(copy), code] satisfies CacheCommand]
          : putInCopy(of, copy, [{ place, name: row.name }])),
        ['INCR', keys.count(copy)],
      ]
    })
    if (place !== undefined) written.push(place)
    const answers = await cache.pipeline(commands)
    if (typeof ready === 'string') {
      const count = answers[commands.findIndex(([name]) => name === 'INCR')]
      seen(of, ready, Number(count))
    }
    return true
  }

  return { ask, follow, missed }
}

function sameRow(a: ScoreRow | undefined, b: ScoreRow | undefined): boolean {
  return (
    a?.changes === b?.changes &&
    a?.place === b?.place &&
    a?.name === b?.name &&
    a?.listed === b?.listed
  )
}

/** The commands that put entries into a copy. */
export function putInCopy(
  of: SeasonIn,
  copy: string,
  entries: readonly { place: string; name: string }[],
): CacheCommand[] {
  const keys = copyKeys(of)
  return [
    ['ZADD', keys.set(copy), ...entries.flatMap(({ place }) => [0, place])],
    [
      'HSET',
      keys.hash(copy),
      ...entries.flatMap(({ place, name }) => [codeInPlace(place), hashValue(place, name)]),
    ],
  ]
}

export const asEntry = ({ sk, name }: EntryRow) => ({ place: sk, name })
