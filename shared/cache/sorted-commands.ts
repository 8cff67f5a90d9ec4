// The commands of sorted sets, as Redis 7 reads and answers them.
import { parseInteger, RedisError } from './arguments.ts'
import type { Command, Reply } from './command.ts'
import { sortedOf } from './entries.ts'
import type { Entries } from './entries.ts'
import type { SortedSet } from './sorted-set.ts'

const any = Number.POSITIVE_INFINITY
const syntax = () => new RedisError('ERR syntax error')
const notAFloat = 'ERR value is not a valid float'
const minMax = 'ERR min or max is not a float'
const minMaxText = 'ERR min or max not valid string range item'

export function sortedCommands(entries: Entries): Record<string, Command> {
  const setOf = (key: string): SortedSet | undefined => sortedOf(entries.read(key))

  function rank([key, member]: readonly string[], reversed: boolean): Reply {
    const set = setOf(key!)
    const before = set?.rankOf(member!)
    if (set === undefined || before === undefined) return null
    return reversed ? set.size - 1 - before : before
  }

  function scores([key, ...members]: readonly string[]): (string | null)[] {
    const set = setOf(key!)
    return members.map((member) => {
      const score = set?.scoreOf(member)
      return score === undefined ? null : scoreText(score)
    })
  }

  function count([key, min, max]: readonly string[]): Reply {
    const { start, stop } = scoreBounds(min!, max!)
    const set = setOf(key!)
    if (set === undefined) return 0
    return Math.max(0, set.countWhile(stop) - set.countWhile(start))
  }

  return {
    zadd: { least: 3, most: any, run: (words) => add(entries, words) },
    zrem: {
      least: 2,
      most: any,
      run: ([key, ...members]) => entries.removeMembers(key!, members),
    },
    zcard: { least: 1, most: 1, run: ([key]) => setOf(key!)?.size ?? 0 },
    zcount: { least: 3, most: 3, run: count },
    zscore: { least: 2, most: 2, run: (words) => scores(words)[0]! },
    zmscore: { least: 2, most: any, run: scores },
    zrank: { least: 2, most: 2, run: (words) => rank(words, false) },
    zrevrank: { least: 2, most: 2, run: (words) => rank(words, true) },
    zrange: { least: 3, most: any, run: ([key, ...words]) => range(() => setOf(key!), words) },
  }
}

function add(entries: Entries, [key, ...words]: readonly string[]): Reply {
  const flags = { nx: false, xx: false, gt: false, lt: false, ch: false }
  let at = 0
  for (; at < words.length; at++) {
    const flag = words[at]!.toLowerCase()
    if (!(flag in flags)) break
    flags[flag as keyof typeof flags] = true
  }
  const pairs = words.slice(at)
  if (pairs.length === 0 || pairs.length % 2 === 1) throw syntax()
  if (flags.nx && flags.xx) {
    throw new RedisError('ERR XX and NX options at the same time are not compatible')
  }
  if ((flags.gt && flags.lt) || (flags.nx && (flags.gt || flags.lt))) {
    throw new RedisError('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
  const scored: [string, number][] = []
  for (let i = 0; i < pairs.length; i += 2) {
    scored.push([pairs[i + 1]!, parseFloatOr(notAFloat, pairs[i]!)])
  }
  const set = sortedOf(entries.read(key!))
  /** As the command goes on: one member may be named twice. */
  const now = new Map<string, number>()
  let added = 0
  let changed = 0
  for (const [member, score] of scored) {
    const before = now.get(member) ?? set?.scoreOf(member)
    if (before === undefined ? flags.xx : flags.nx) continue
    if (before !== undefined && ((flags.gt && score <= before) || (flags.lt && score >= before))) {
      continue
    }
    if (before === undefined) added += 1
    else if (before !== score) changed += 1
    now.set(member, score)
  }
  if (now.size > 0) entries.setScores(key!, [...now])
  return flags.ch ? added + changed : added
}

/** `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`, after the key. */
function range(
  find: () => SortedSet | undefined,
  [from, to, ...options]: readonly string[],
): Reply {
  const asked = parseRange(options)
  const [low, high] = asked.reversed && asked.by !== 'rank' ? [to!, from!] : [from!, to!]
  if (asked.by === 'rank') {
    const [start, stop] = [toRank(from!), toRank(to!)]
    const set = find()
    if (set === undefined) return []
    const first = Math.max(0, start < 0 ? set.size + start : start)
    const end = Math.min(set.size, (stop < 0 ? set.size + stop : stop) + 1)
    if (first >= end) return []
    const found = asked.reversed
      ? set.slice(set.size - end, set.size - first).reverse()
      : set.slice(first, end)
    return listOf(found, asked.withScores)
  }
  // The bounds of texts need the set for its order, but are read before it is looked at.
  const bounds = asked.by === 'score' ? scoreBounds(low, high) : textBounds(low, high)
  const set = find()
  if (set === undefined) return []
  const start = set.countWhile((entry) => bounds.start(entry, set))
  const end = set.countWhile((entry) => bounds.stop(entry, set))
  const { offset, count } = asked
  const most = Math.max(0, end - start - offset)
  const size = offset < 0 ? 0 : count < 0 ? most : Math.min(count, most)
  if (size === 0) return []
  const found = asked.reversed
    ? set.slice(end - offset - size, end - offset).reverse()
    : set.slice(start + offset, start + offset + size)
  return listOf(found, asked.withScores)
}

function parseRange(options: readonly string[]) {
  const asked = {
    by: 'rank' as 'rank' | 'score' | 'text',
    reversed: false,
    withScores: false,
    offset: 0,
    count: -1,
  }
  for (let i = 0; i < options.length; i++) {
    const option = options[i]!.toUpperCase()
    if (option === 'WITHSCORES') asked.withScores = true
    else if (option === 'REV') asked.reversed = true
    else if (option === 'BYSCORE') asked.by = 'score'
    else if (option === 'BYLEX') asked.by = 'text'
    else if (option === 'LIMIT' && i + 2 < options.length) {
      asked.offset = toRank(options[i + 1]!)
      asked.count = toRank(options[i + 2]!)
      i += 2
    } else throw syntax()
  }
  // Redis takes a count of -1 for no limit.
  if (asked.count !== -1 && asked.by === 'rank') {
    throw new RedisError(
      'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
    )
  }
  if (asked.withScores && asked.by === 'text') {
    throw new RedisError('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  }
  return asked
}

type Entry = { readonly member: string; readonly score: number }
/** `start`: before the range. `stop`: before its end. */
type Bounds = Record<'start' | 'stop', (entry: Entry, set: SortedSet) => boolean>

function scoreBounds(low: string, high: string) {
  const read = (text: string) => {
    const open = text.startsWith('(')
    const number = open ? text.slice(1) : text
    // C reads nothing as 0.
    return { open, value: number === '' ? 0 : parseFloatOr(minMax, number) }
  }
  const [min, max] = [read(low), read(high)]
  return {
    start: ({ score }: Entry) => (min.open ? score <= min.value : score < min.value),
    stop: ({ score }: Entry) => (max.open ? score < max.value : score <= max.value),
  }
}

function textBounds(low: string, high: string): Bounds {
  const before = (bound: string, inclusive: boolean): Bounds['start'] => {
    if (bound === '-') return () => false
    if (bound === '+') return () => true
    const text = bound.slice(1)
    if (bound[0] !== '[' && bound[0] !== '(') throw new RedisError(minMaxText)
    const also = (bound[0] === '[') === inclusive
    return ({ member }, set) => {
      const order = set.compareMembers(member, text)
      return also ? order <= 0 : order < 0
    }
  }
  return { start: before(low, false), stop: before(high, true) }
}

function listOf(found: readonly Entry[], withScores: boolean): string[] {
  return found.flatMap(({ member, score }) => (withScores ? [member, scoreText(score)] : [member]))
}

const toRank = (text: string) => Number(parseInteger(text))

/** As C reads it, but for numbers to the base of 16. */
function parseFloatOr(refusal: string, text: string): number {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) {
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) throw new RedisError(refusal)
  return Number(text)
}

/** Whole numbers and halves look the same in each version of Redis; others have more digits in some. */
function scoreText(score: number): string {
  if (Number.isFinite(score)) return Object.is(score, -0) ? '-0' : String(score)
  return score > 0 ? 'inf' : '-inf'
}
