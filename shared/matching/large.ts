// Matches of more than 40 players: only latency and distance rules, and no combinations. A region is chosen first, then
// the teams are filled by age. One number that may lie only so far apart is tried with each span that holds the ticket.
import type { Draft } from './draft.ts'
import { areNear, createDraft, push, slotsFor } from './draft.ts'
import type { Entry } from './lineup.ts'
import { byAge } from './lineup.ts'
import { fastestRegions } from './order.ts'
import { isEnoughNear, near } from './pool.ts'
import type { Stage } from './rule-set.ts'
import type { Search } from './search.ts'
import { examine, fill, playersOf } from './search.ts'

/** Spans that are tried in one region: the match may need another one than the oldest tickets have. */
const spansMax = 16

export function findLarge(
  search: Search,
  seed: Entry,
  stage: Stage,
  until: number,
): Draft | undefined {
  if (!isEnoughNear(search.pool, seed, stage.widths[0] ?? 0, until, stage.needs)) return undefined
  const list: Entry[] = []
  for (const entry of near(search.pool, seed, stage.widths[0] ?? 0, until)) {
    if (!examine(search)) break
    if (areNear(stage, seed, entry)) list.push(entry)
  }
  if (playersOf(list) + seed.size < stage.minTotal) return undefined
  for (const region of regionsFor(search, seed, stage, list)) {
    const here = region === undefined ? list : list.filter((entry) => isFast(entry, region, stage))
    for (const candidates of [inOrder(search, here, region), ...spansOf(seed, stage, here)]) {
      const draft = filled(search, seed, stage, candidates)
      if (draft !== undefined) return draft
    }
  }
  return undefined
}

function filled(
  { pool, now, ...search }: Search,
  seed: Entry,
  stage: Stage,
  candidates: readonly Entry[],
): Draft | undefined {
  if (playersOf(candidates) + seed.size < stage.minTotal) return undefined
  // A running match has its teams already, so it goes before the ticket.
  const running = seed.backfill ? undefined : candidates.find(({ backfill }) => backfill)
  for (const first of running === undefined ? [[seed]] : [[running, seed], [seed]]) {
    const draft = createDraft(pool.rules, stage, now)
    const placed = first.every((entry) =>
      slotsFor(draft, entry).some((slot) => push(draft, entry, slot)),
    )
    // These were counted when they were listed.
    const uncounted = { ...search, pool, now, examined: 0, limit: Infinity }
    if (placed && fill(uncounted, draft, candidates).found) return draft
  }
  return undefined
}

const isFast = ({ latencies }: Entry, region: string, { latency }: Stage): boolean =>
  latency.every(
    ({ partyAggregation = 'avg', maxLatency = Infinity }) =>
      (latencies.get(partyAggregation)?.get(region) ?? Infinity) <= maxLatency,
  )

/** The ticket's own regions: that of most others first, or its fastest. Undefined where no rule asks for one. */
function regionsFor(
  { pool }: Search,
  seed: Entry,
  stage: Stage,
  list: readonly Entry[],
): (string | undefined)[] {
  if (stage.latency.length === 0) return [undefined]
  const regions = fastestRegions(seed).filter((region) => isFast(seed, region, stage))
  if (pool.rules.document.algorithm.batchingPreference === 'fastestRegion') return regions
  const population = new Map(
    regions.map((region) => [
      region,
      list.reduce((sum, each) => sum + (isFast(each, region, stage) ? each.size : 0), 0),
    ]),
  )
  return regions.sort((a, b) => population.get(b)! - population.get(a)!)
}

/** `fastestRegion`: those who are fastest here come before those who would be faster elsewhere. */
function inOrder(
  { pool }: Search,
  list: readonly Entry[],
  region: string | undefined,
): readonly Entry[] {
  if (region === undefined) return list
  if (pool.rules.document.algorithm.batchingPreference !== 'fastestRegion') return list
  const away = new Map(list.map((entry) => [entry, fastestRegions(entry)[0] === region ? 0 : 1]))
  return list.toSorted((a, b) => away.get(a)! - away.get(b)! || byAge(a, b))
}

/** The tickets within each span of the first window that holds the seed. Of many spans some, evenly. */
function spansOf(seed: Entry, { widths, minTotal }: Stage, list: readonly Entry[]): Entry[][] {
  const width = widths[0]
  if (width === undefined) return []
  const starts = [...new Set([seed, ...list].map(({ lows }) => lows[0]!))]
    .filter((low) => low <= seed.lows[0]! && seed.highs[0]! <= low + width)
    .sort((a, b) => a - b)
  const every = Math.ceil(starts.length / spansMax)
  return starts
    .filter((_, i) => i % every === 0)
    .map((low) => list.filter(({ lows, highs }) => lows[0]! >= low && highs[0]! <= low + width))
    .filter((within) => playersOf(within) + seed.size >= minTotal)
}
