// The tickets that wait, divided so that a search meets few that do not fit. A *partition* has one key; within it
// tickets of one *class* (kinds of teams, size) lie in buckets by the first window of the rule set. Each bucket is a
// list by age, so that coming, going and the next oldest cost the same however many wait.
import type { Entry } from './lineup.ts'
import { byAge } from './lineup.ts'
import type { RuleSet } from './rule-set.ts'

type Cell = {
  of: Class
  bucket: number
  oldest: Entry | undefined
  youngest: Entry | undefined
  tickets: number
}

/** Tickets that a search need not tell apart: what they may join, and how many they are. */
export type Class = {
  readonly partition: Partition
  readonly name: string
  readonly kinds: number
  readonly size: number
  readonly backfill: boolean
  readonly cells: Map<number, Cell>
  tickets: number
}

type Partition = { readonly key: string; readonly classes: Map<string, Class>; players: number }

export type Pool = {
  readonly rules: RuleSet
  readonly partitions: Map<string, Partition>
  /** How wide a bucket is; 0 without windows. */
  readonly width: number
  tickets: number
}

export function createPool(rules: RuleSet): Pool {
  const first = rules.stages[0]!.widths[0] ?? 0
  // Distance 0 asks for equal numbers: any width will do. Narrow buckets hold few that are just too far away.
  const width = rules.windows.length === 0 ? 0 : first > 0 && Number.isFinite(first) ? first / 4 : 1
  return { rules, partitions: new Map(), width, tickets: 0 }
}

const bucketOf = ({ width }: Pool, value: number | undefined): number =>
  width === 0 || value === undefined ? 0 : Math.floor(value / width)

export function put(pool: Pool, entry: Entry): void {
  const cell = cellFor(pool, entry)
  let older = cell.youngest
  while (older !== undefined && byAge(entry, older) < 0) older = older.older
  const younger = older === undefined ? cell.oldest : older.younger
  entry.older = older
  entry.younger = younger
  if (older === undefined) cell.oldest = entry
  else older.younger = entry
  if (younger === undefined) cell.youngest = entry
  else younger.older = entry
  entry.cell = cell
  cell.tickets++
  cell.of.tickets++
  cell.of.partition.players += entry.size
  pool.tickets++
}

function cellFor(pool: Pool, { key, kinds, size, backfill, lows }: Entry): Cell {
  let partition = pool.partitions.get(key)
  if (partition === undefined)
    pool.partitions.set(key, (partition = { key, classes: new Map(), players: 0 }))
  const name = backfill ? 'backfill' : `${kinds} ${size}`
  let of = partition.classes.get(name)
  if (of === undefined) {
    of = { partition, name, kinds, size, backfill, cells: new Map(), tickets: 0 }
    partition.classes.set(name, of)
  }
  const bucket = bucketOf(pool, lows[0])
  let cell = of.cells.get(bucket)
  if (cell === undefined)
    of.cells.set(
      bucket,
      (cell = { of, bucket, oldest: undefined, youngest: undefined, tickets: 0 }),
    )
  return cell
}

/** Empty cells, classes and partitions go with their last ticket. */
export function take(pool: Pool, entry: Entry): void {
  const cell = entry.cell as Cell
  if (entry.older === undefined) cell.oldest = entry.younger
  else entry.older.younger = entry.younger
  if (entry.younger === undefined) cell.youngest = entry.older
  else entry.younger.older = entry.older
  entry.cell = entry.older = entry.younger = undefined
  const { of } = cell
  const { partition } = of
  cell.tickets--
  of.tickets--
  partition.players -= entry.size
  pool.tickets--
  if (cell.oldest !== undefined) return
  of.cells.delete(cell.bucket)
  if (of.tickets > 0) return
  partition.classes.delete(of.name)
  if (partition.classes.size === 0) pool.partitions.delete(partition.key)
}

export const partitionOf = (entry: Entry): Partition => (entry.cell as Cell).of.partition
export const classOf = (entry: Entry): Class => (entry.cell as Cell).of

/** Cells whose tickets may lie near enough to `entry`, of one class. */
function* cellsNear(pool: Pool, of: Class, entry: Entry, reach: number): Generator<Cell> {
  if (pool.width === 0) {
    yield* of.cells.values()
    return
  }
  const first = bucketOf(pool, entry.highs[0]! - reach)
  const last = bucketOf(pool, entry.lows[0]! + reach)
  // Beyond safe integers a bucket has no next one.
  if (last - first < of.cells.size && Number.isSafeInteger(first) && Number.isSafeInteger(last)) {
    for (let bucket = first; bucket <= last; bucket++) {
      const cell = of.cells.get(bucket)
      if (cell !== undefined) yield cell
    }
    return
  }
  for (const cell of of.cells.values()) {
    if (cell.bucket >= first && cell.bucket <= last) yield cell
  }
}

/** More buckets than that are counted as one. */
const bucketsCounted = 256

/**
 * Whether so many players wait near `entry` as a match needs, in all and by kind of team: in the buckets of one span
 * that holds it. It may say yes where there is no match, never no where there is one.
 */
export function isEnoughNear(
  pool: Pool,
  entry: Entry,
  reach: number,
  until: number,
  needs: { players: number; byKind: readonly number[] },
): boolean {
  const first = pool.width === 0 ? 0 : bucketOf(pool, entry.highs[0]! - reach)
  const buckets = pool.width === 0 ? 1 : bucketOf(pool, entry.lows[0]! + reach) - first + 1
  // Its own players are further apart.
  if (buckets < 1) return false
  const apart = buckets <= bucketsCounted && Number.isSafeInteger(first)
  /** Sums up to each bucket: of all players first, then by kind. */
  const rows = [needs.players, ...needs.byKind].map(() =>
    Array.from({ length: apart ? buckets : 1 }, () => 0),
  )
  for (const of of partitionOf(entry).classes.values()) {
    // A running match brings players of its own.
    if (of.backfill) return true
    for (const cell of cellsNear(pool, of, entry, reach)) {
      // All of its tickets are too young.
      if (cell.oldest!.createdAt > until) continue
      const at = apart ? cell.bucket - first : 0
      rows[0]![at]! += cell.tickets * of.size
      for (const kind of needs.byKind.keys()) {
        if ((of.kinds & (1 << kind)) !== 0) rows[kind + 1]![at]! += cell.tickets * of.size
      }
    }
  }
  if (!apart || buckets === 1) return isEnough(rows, 0, 0, needs)
  const span = Math.floor(reach / pool.width) + 1
  const starts = bucketOf(pool, entry.lows[0]) - first
  for (let start = 0; start <= starts; start++) {
    if (isEnough(rows, start, Math.min(start + span, buckets - 1), needs)) return true
  }
  return false
}

function isEnough(
  rows: readonly (readonly number[])[],
  from: number,
  to: number,
  { players, byKind }: { players: number; byKind: readonly number[] },
): boolean {
  const count = (row: number) => {
    let sum = 0
    for (let i = from; i <= to; i++) sum += rows[row]![i]!
    return sum
  }
  return count(0) >= players && byKind.every((need, kind) => need === 0 || count(kind + 1) >= need)
}

/**
 * The tickets that may be in a match with `entry`, the oldest first, without itself, and none that was created after
 * `until`. `wants` is asked before each ticket whether its class still counts; once it does not, no more of that class
 * come.
 */
export function* near(
  pool: Pool,
  entry: Entry,
  reach: number,
  until: number,
  wants: (of: Class) => boolean = () => true,
): Generator<Entry> {
  const heads: Entry[] = []
  for (const of of partitionOf(entry).classes.values()) {
    if (!wants(of)) continue
    for (const cell of cellsNear(pool, of, entry, reach)) {
      if (cell.oldest !== undefined) heads.push(cell.oldest)
    }
  }
  while (heads.length > 0) {
    let first = 0
    for (let i = 1; i < heads.length; i++) {
      if (byAge(heads[i]!, heads[first]!) < 0) first = i
    }
    const head = heads[first]!
    const { younger } = head
    const over = head.createdAt > until || !wants(classOf(head))
    if (over || younger === undefined) {
      heads[first] = heads.at(-1)!
      heads.pop()
    } else heads[first] = younger
    if (!over && head !== entry) yield head
  }
}
