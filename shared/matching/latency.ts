// Latency rules: which regions suit all tickets.
import type { Entry } from './lineup.ts'
import type { RuleOf } from './rule-schema.ts'
import { broken, fails, holds, RuleFault } from './verdict.ts'
import type { Judge } from './verdict.ts'

export function latency(document: RuleOf<'latency'>): Judge {
  if (document.maxLatency === undefined && document.maxDistance === undefined)
    throw new RuleFault('maxLatency', 'or maxDistance is needed')
  if ((document.maxDistance === undefined) !== (document.distanceReference === undefined))
    throw new RuleFault('distanceReference', 'and maxDistance go together')
  return {
    breakable: true,
    judge({ members }) {
      if (regionsWithin([document], members).length > 0) return holds
      const { maxDistance: _, ...limit } = document
      return regionsWithin([limit], members).length > 0 ? fails : broken
    },
  }
}

type LatencyLimit = Pick<
  RuleOf<'latency'>,
  'maxLatency' | 'maxDistance' | 'distanceReference' | 'partyAggregation'
>

/** The regions that all tickets have in common and in which all of the rules hold. */
export function regionsWithin(rules: readonly LatencyLimit[], members: readonly Entry[]): string[] {
  const [first] = members
  if (first === undefined) return []
  const party = rules[0]?.partyAggregation ?? 'avg'
  return [...(first.latencies.get(party)?.keys() ?? [])].filter((region) =>
    rules.every((rule) => acceptable(rule, region, members)),
  )
}

function acceptable(rule: LatencyLimit, region: string, members: readonly Entry[]): boolean {
  const { maxLatency = Infinity, maxDistance, distanceReference, partyAggregation = 'avg' } = rule
  const all: number[] = []
  for (const { latencies } of members) {
    const ms = latencies.get(partyAggregation)?.get(region)
    if (ms === undefined || ms > maxLatency) return false
    all.push(ms)
  }
  if (maxDistance === undefined) return true
  const reference = distanceReference === 'min' ? Math.min(...all) : sumOf(all) / all.length
  return all.every((ms) => Math.abs(ms - reference) <= maxDistance)
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0)
