// A ticket on its way in: what its players bring becomes what the rules ask for. A ticket that no match of this rule
// set can ever hold is refused by name here, so that nobody waits in vain.
import { ticketPlayersMax } from '../limits.ts'
import type { Attribute, Entry, Lineup, Part, PartyNumber } from './lineup.ts'
import { aggregated, one, valuesOf } from './lineup.ts'
import type { AttributeValue, MatchPlayer, MatchTicket } from './match-ticket.ts'
import type { RuleSet } from './rule-set.ts'
import { regionsWithin } from './latency.ts'
import { broken } from './verdict.ts'

/** Why a ticket cannot wait here. `rules`, `attribute`, `team`, `playerId`: which one. */
export type Refusal =
  | { code: 'ticket.known' }
  | { code: 'ticket.too_large' }
  | { code: 'player.waiting'; playerId: string; ticketId: string }
  | { code: 'player.twice'; playerId: string }
  | { code: 'attribute.missing' | 'attribute.type'; attribute: string; playerId: string }
  | { code: 'attribute.unknown'; attribute: string; playerId: string }
  | { code: 'latency.missing' }
  | { code: 'team.unknown'; playerId: string }
  /** It breaks these rules by itself, at each stage. */
  | { code: 'ticket.unmatchable'; rules: readonly string[] }

export function prepare(
  rules: RuleSet,
  ticket: MatchTicket,
  arrival: number,
): { entry: Entry } | { refusal: Refusal } {
  const refusal = peopleFault(rules, ticket) ?? attributesFault(rules, ticket)
  if (refusal !== undefined) return { refusal }
  const parts = partsOf(rules, ticket)
  if ('refusal' in parts) return parts
  const entry = makeEntry(rules, ticket, arrival, parts.parts)
  const unfit = fitOf(rules, entry)
  if ('refusal' in unfit) return unfit
  return { entry: { ...entry, kinds: unfit.kinds } }
}

function peopleFault(rules: RuleSet, { players, backfill }: MatchTicket): Refusal | undefined {
  const seen = new Set<string>()
  for (const { playerId } of players) {
    if (seen.has(playerId)) return { code: 'player.twice', playerId }
    seen.add(playerId)
  }
  if (backfill) return undefined
  const room = Math.max(...rules.stages.flatMap(({ max }) => max))
  return players.length > Math.min(room, ticketPlayersMax)
    ? { code: 'ticket.too_large' }
    : undefined
}

const typeOf = { S: 'string', N: 'number', SL: 'string_list', SDM: 'string_number_map' } as const

function attributesFault({ attributes }: RuleSet, { players }: MatchTicket): Refusal | undefined {
  for (const { playerId, attributes: given } of players) {
    for (const [attribute, value] of Object.entries(given)) {
      const declared = attributes.find(({ name }) => name === attribute)
      if (declared === undefined) return { code: 'attribute.unknown', attribute, playerId }
      const [key] = Object.keys(value) as [keyof typeof typeOf]
      if (typeOf[key] !== declared.type) return { code: 'attribute.type', attribute, playerId }
    }
    const missing = attributes.find(
      (each) => each.default === undefined && !Object.hasOwn(given, each.name),
    )
    if (missing !== undefined)
      return { code: 'attribute.missing', attribute: missing.name, playerId }
  }
  return undefined
}

function partsOf(
  rules: RuleSet,
  { players, backfill }: MatchTicket,
): { parts: Part[] } | { refusal: Refusal } {
  if (!backfill) {
    const placed = players.find(({ team }) => team !== undefined)
    if (placed !== undefined)
      return { refusal: { code: 'team.unknown', playerId: placed.playerId } }
    return { parts: [partOf(rules, players, -1)] }
  }
  const bySlot = new Map<number, MatchPlayer[]>()
  for (const player of players) {
    const slot = rules.teamNames.indexOf(player.team ?? '')
    if (slot < 0) return { refusal: { code: 'team.unknown', playerId: player.playerId } }
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), player])
  }
  return { parts: [...bySlot].map(([slot, members]) => partOf(rules, members, slot)) }
}

function partOf({ attributes }: RuleSet, players: readonly MatchPlayer[], slot: number): Part {
  return {
    slot,
    playerIds: players.map(({ playerId }) => playerId),
    values: attributes.map((attribute) =>
      players.map(({ attributes: given }) => {
        const value = Object.hasOwn(given, attribute.name) ? given[attribute.name] : undefined
        return value === undefined ? asAttribute(attribute.default!) : valueOf(value)
      }),
    ),
  }
}

function valueOf(value: AttributeValue): Attribute {
  if ('S' in value) return value.S
  if ('N' in value) return value.N
  return asAttribute('SL' in value ? value.SL : value.SDM)
}

function asAttribute(value: string | number | string[] | Record<string, number>): Attribute {
  if (typeof value !== 'object') return value
  return Array.isArray(value) ? [...new Set(value)] : new Map(Object.entries(value))
}

function makeEntry(
  rules: RuleSet,
  ticket: MatchTicket,
  arrival: number,
  parts: readonly Part[],
): Entry {
  const priorities = { high: -1, normal: 0, low: 1 }
  const priority = rules.large ? -1 : priorities[rules.document.algorithm.backfillPriority]
  const bare: Entry = {
    ticket,
    createdAt: ticket.createdAt,
    arrival,
    size: ticket.players.length,
    backfill: ticket.backfill,
    priority: ticket.backfill ? priority : 0,
    parts,
    key: '',
    kinds: 0,
    lows: [],
    highs: [],
    latencies: latenciesOf(rules, ticket.players),
    cell: undefined,
    older: undefined,
    younger: undefined,
    stage: 0,
    searched: -1,
    givenUp: 0,
    pending: false,
  }
  const ranges = rules.windows.map(({ attribute, party }) => {
    const values = valuesOf(bare, attribute) as readonly number[]
    return party === undefined ? values : aggregated(values, party)
  })
  const key = rules.keys.map(({ attribute }) => valuesOf(bare, attribute)[0])
  return {
    ...bare,
    key: key.length === 0 ? '' : JSON.stringify(key),
    lows: ranges.map((values) => Math.min(...values)),
    highs: ranges.map((values) => Math.max(...values)),
  }
}

/** For each way in which a latency rule counts a party: the regions that all of its players named. */
function latenciesOf(
  { document, stages }: RuleSet,
  players: readonly MatchPlayer[],
): Map<PartyNumber, Map<string, number>> {
  const ways = new Set<PartyNumber>(stages.length > 0 ? ['avg'] : [])
  for (const rule of document.rules) {
    if (rule.type === 'latency') ways.add(rule.partyAggregation ?? 'avg')
  }
  const regions = Object.keys(players[0]!.latencies ?? {}).filter((region) =>
    players.every(({ latencies }) => latencies !== undefined && Object.hasOwn(latencies, region)),
  )
  return new Map(
    [...ways].map((way) => [
      way,
      new Map(
        regions.map((region) => [
          region,
          one(
            players.map((each) => each.latencies![region]!),
            way,
          ),
        ]),
      ),
    ]),
  )
}

/** The kinds of teams in which a ticket breaks no rule by itself, at one stage at least. */
function fitOf(rules: RuleSet, entry: Entry): { kinds: number } | { refusal: Refusal } {
  const { document, stages } = rules
  const latency = document.rules.some(({ type }) => type === 'latency')
  if (latency && entry.latencies.get('avg')!.size === 0 && stages[0]!.latency.length > 0)
    return { refusal: { code: 'latency.missing' } }
  const guilty = new Set<string>()
  let kinds = 0
  let roomy = false
  for (const [kind, slots] of rules.kinds.entries()) {
    const lineup = aloneIn(rules, entry, slots[0]!)
    for (const stage of stages) {
      if (lineup.teams.some((team, slot) => sizeOf(team) > stage.max[slot]!)) continue
      roomy = true
      const names = brokenBy(stage, lineup)
      if (names.length === 0) kinds |= 1 << kind
      for (const name of names) guilty.add(name)
    }
  }
  if (kinds !== 0) return { kinds }
  return {
    refusal: roomy
      ? { code: 'ticket.unmatchable', rules: [...guilty] }
      : { code: 'ticket.too_large' },
  }
}

/** The rules that are false for these tickets whoever joins them. */
export function brokenBy(stage: RuleSet['stages'][number], lineup: Lineup): string[] {
  const names = stage.enforced.filter((rule) => rule.judge(lineup) === broken)
  const far = stage.latency.filter(({ maxLatency, partyAggregation }) => {
    return regionsWithin([{ maxLatency, partyAggregation }], lineup.members).length === 0
  })
  return [...names, ...far].map(({ name }) => name)
}

const sizeOf = (team: readonly Part[]): number => {
  let size = 0
  for (const { playerIds } of team) size += playerIds.length
  return size
}

/** A ticket alone in a match: in that team, or where its players are. */
export function aloneIn({ teamNames }: RuleSet, entry: Entry, slot: number): Lineup {
  const teams = teamNames.map((_, i) =>
    entry.parts.filter((part) => (part.slot < 0 ? slot : part.slot) === i),
  )
  return { teams, members: [entry] }
}
