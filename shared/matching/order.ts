// The order in which candidates are tried: by age, or as the rule set says. Sort rules order by how a ticket compares
// with the *anchor*, the oldest ticket around; of equal ones the older is first. They exclude nobody.
import type { Entry } from './lineup.ts'
import { aggregated, byAge, one, valuesOf } from './lineup.ts'
import type { RuleSet } from './rule-set.ts'
import type { RuleOf } from './rule-schema.ts'

/** What a ticket is sorted by: the least first. Without a value it is the last. */
type Key = (entry: Entry) => number

/** Whether the rule set has an order of its own. */
export const isSorted = ({ sorts, document, large }: RuleSet): boolean =>
  !large &&
  (sorts.length > 0 ||
    document.algorithm.sortByAttributes !== undefined ||
    document.algorithm.batchingPreference === 'fastestRegion')

export function sorted(rules: RuleSet, candidates: readonly Entry[], anchor: Entry): Entry[] {
  const keys = keysFor(rules, anchor)
  const valued = candidates.map((entry) => ({ entry, values: keys.map((key) => key(entry)) }))
  valued.sort((a, b) => {
    if (a.entry === anchor) return -1
    if (b.entry === anchor) return 1
    for (const [i, value] of a.values.entries()) {
      if (value !== b.values[i]) return value - b.values[i]!
    }
    return byAge(a.entry, b.entry)
  })
  return valued.map(({ entry }) => entry)
}

function keysFor(rules: RuleSet, anchor: Entry): Key[] {
  const { sortByAttributes = [], batchingPreference } = rules.document.algorithm
  return [
    ...rules.sorts.map((rule) => sortKey(rules, rule, anchor)),
    ...sortByAttributes.map((name) => likeKey(indexOf(rules, name), anchor)),
    ...(batchingPreference === 'fastestRegion' ? [fastestKey(anchor)] : []),
  ]
}

const indexOf = ({ attributes }: RuleSet, name: string) =>
  attributes.findIndex((each) => each.name === name)

function sortKey(
  rules: RuleSet,
  rule: RuleOf<'absoluteSort' | 'distanceSort'>,
  anchor: Entry,
): Key {
  const { type, sortDirection, sortAttribute, mapKey, partyAggregation = 'avg' } = rule
  const attribute = indexOf(rules, sortAttribute)
  const key = mapKey === undefined ? undefined : keyOfAnchor(valuesOf(anchor, attribute), mapKey)
  const numberOf = (entry: Entry): number | undefined => {
    const numbers = valuesOf(entry, attribute).flatMap((value) => {
      if (typeof value === 'number') return [value]
      const found = value instanceof Map ? (value as Map<string, number>).get(key ?? '') : undefined
      return found === undefined ? [] : [found]
    })
    return numbers.length === 0 ? undefined : one(numbers, partyAggregation)
  }
  const own = numberOf(anchor)
  const sign = sortDirection === 'ascending' ? 1 : -1
  return (entry) => {
    const number = numberOf(entry)
    if (number === undefined) return Number.MAX_VALUE
    if (type === 'absoluteSort') return sign * number
    return own === undefined ? 0 : sign * Math.abs(number - own)
  }
}

/** The key with the least or greatest value; of equal ones the first by its letters. */
function keyOfAnchor(
  values: readonly unknown[],
  mapKey: 'minValue' | 'maxValue',
): string | undefined {
  const sign = mapKey === 'minValue' ? 1 : -1
  const entries = values.flatMap((value) =>
    value instanceof Map ? [...(value as Map<string, number>)] : [],
  )
  entries.sort(([a, x], [b, y]) => sign * (x - y) || (a < b ? -1 : 1))
  return entries[0]?.[0]
}

/** `sorted`: who is like the anchor comes first, as it would stand beside it in a sorted pool. */
function likeKey(attribute: number, anchor: Entry): Key {
  const own = aggregated(valuesOf(anchor, attribute), 'avg')[0]
  return (entry) => {
    const value = aggregated(valuesOf(entry, attribute), 'avg')[0]
    if (typeof value === 'number' && typeof own === 'number') return Math.abs(value - own)
    return value === own ? 0 : 1
  }
}

/** `fastestRegion`: who is fast where the anchor is fastest comes first. */
function fastestKey(anchor: Entry): Key {
  const region = fastestRegions(anchor)[0]
  return (entry) =>
    region === undefined ? 0 : (entry.latencies.get('avg')?.get(region) ?? Number.MAX_VALUE)
}

/** The regions that a ticket named, the fastest first. */
export const fastestRegions = ({ latencies }: Entry): string[] =>
  [...(latencies.get('avg') ?? [])]
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    .map(([region]) => region)
