// Says what is wrong with a match: from the facts of FlexMatch's documentation, by the rule set's JSON alone. It shares
// no code with the matcher and is as simple as it can be, so that both are hardly wrong in the same way.
import type { MatchTicket } from '#shared/matching/match-ticket.ts'

type Json = Record<string, unknown>
export type RuleSetJson = {
  playerAttributes?: { name: string; type: string; default?: unknown }[]
  teams: { name: string; minPlayers: number; maxPlayers: number; quantity?: number }[]
  rules?: Json[]
  expansions?: { target: string; steps: { waitTimeSeconds: number; value: unknown }[] }[]
  algorithm?: Json
}
export type MadeMatch = {
  tickets: readonly MatchTicket[]
  teams: readonly { name: string; playerIds: readonly string[] }[]
}

type Nested = number | string | undefined | Nested[]

/** What is wrong with it, in words; nothing for a match as it should be. */
export function faultsOf(original: RuleSetJson, made: MadeMatch, now: number): string[] {
  const times = made.tickets.map(({ createdAt }) => createdAt)
  const oldest = original.algorithm?.['expansionAgeSelection'] === 'oldest'
  const age = (now - (oldest ? Math.min(...times) : Math.max(...times))) / 1000
  const document = relax(original, age)
  const faults = [...seating(document, made)]
  const operands = new Set(
    (document.rules ?? []).flatMap((rule) =>
      rule['type'] === 'compound' ? String(rule['statement']).split(/[(),\s]+/) : [],
    ),
  )
  for (const rule of document.rules ?? []) {
    if (operands.has(String(rule['name'])) || rule['type'] === 'latency') continue
    if (holds(document, made, rule) === false) faults.push(`${String(rule['name'])} does not hold`)
  }
  const latency = (document.rules ?? []).filter(
    (rule) => rule['type'] === 'latency' && !operands.has(String(rule['name'])),
  )
  if (latency.length > 0 && regions(made, latency).length === 0) faults.push('no region suits all')
  return faults
}

function relax(original: RuleSetJson, age: number): RuleSetJson {
  const document = structuredClone(original)
  for (const { target, steps } of original.expansions ?? []) {
    const step = steps.filter(({ waitTimeSeconds }) => waitTimeSeconds <= age).at(-1)
    if (step === undefined) continue
    const [, component, names, property] = /^(\w+)\[(.*)\]\.(\w+)$/.exec(target)!
    const list = (component === 'teams' ? document.teams : document.rules!) as Json[]
    for (const name of names!.split(',')) {
      list.find((each) => each['name'] === name.trim())![property!] = step.value
    }
  }
  return document
}

function seating(document: RuleSetJson, { tickets, teams }: MadeMatch): string[] {
  const faults: string[] = []
  const seated = teams.flatMap(({ playerIds }) => playerIds)
  const expected = tickets.flatMap(({ players }) => players.map(({ playerId }) => playerId))
  if (
    seated.toSorted().join() !== expected.toSorted().join() ||
    new Set(seated).size < seated.length
  )
    faults.push('the players of teams and tickets differ')
  const sizes = document.teams.flatMap(({ name, quantity = 1, ...size }) =>
    Array.from({ length: quantity }, (_, i) => ({
      name: quantity === 1 ? name : `${name}_${i + 1}`,
      ...size,
    })),
  )
  if (sizes.map(({ name }) => name).join() !== teams.map(({ name }) => name).join())
    faults.push('the teams are others')
  for (const { name, minPlayers, maxPlayers } of sizes) {
    const count = teams.find((team) => team.name === name)?.playerIds.length ?? 0
    if (count < minPlayers || count > maxPlayers) faults.push(`${name} has ${count} players`)
  }
  for (const { ticketId, players, backfill } of tickets) {
    const where = players.map(({ playerId }) => teamOf(teams, playerId))
    if (backfill) {
      if (players.some(({ team }, i) => team !== where[i])) faults.push(`${ticketId} was moved`)
    } else if (new Set(where).size > 1) faults.push(`${ticketId} is torn apart`)
  }
  const backfills = tickets.filter(({ backfill }) => backfill).length
  if (backfills > 1) faults.push('two running matches')
  if (backfills === tickets.length) faults.push('nobody joins')
  return faults
}

const teamOf = (teams: MadeMatch['teams'], playerId: string) =>
  teams.find(({ playerIds }) => playerIds.includes(playerId))?.name

/** Undefined: not decided. */
function holds(document: RuleSetJson, made: MadeMatch, rule: Json): boolean | undefined {
  switch (rule['type']) {
    case 'comparison':
      return comparison(document, made, rule)
    case 'distance':
      return distance(document, made, rule)
    case 'batchDistance':
      return batch(document, made, rule)
    case 'collection':
      return collection(document, made, rule)
    case 'latency':
      return regions(made, [rule]).length > 0
    case 'compound':
      return statement(document, made, String(rule['statement']))
    default:
      return true
  }
}

/** Every value is fine: false as soon as one is not, else undefined if one is not known. */
function every(
  values: readonly Nested[],
  fine: (value: number | string) => boolean,
): boolean | undefined {
  const flat = values.flat(5) as (number | string | undefined)[]
  if (flat.some((value) => value !== undefined && !fine(value))) return false
  return flat.includes(undefined) ? undefined : true
}

function measured(document: RuleSetJson, made: MadeMatch, rule: Json): Nested[] {
  const texts = [rule['measurements']].flat() as string[]
  return texts.map((text) => value(document, made, text, rule['partyAggregation'] as string))
}

function referenceOf(document: RuleSetJson, made: MadeMatch, rule: Json): Nested {
  const reference = rule['referenceValue']
  if (typeof reference !== 'string' || !/teams?\s*\[/.test(reference)) return reference as Nested
  return value(document, made, reference, rule['partyAggregation'] as string)
}

function comparison(document: RuleSetJson, made: MadeMatch, rule: Json): boolean | undefined {
  const values = measured(document, made, rule)
  if (rule['referenceValue'] === undefined) {
    const flat = values.flat(5) as (number | string | undefined)[]
    const known = flat.filter((each) => each !== undefined)
    const different = new Set(known).size
    if (rule['operation'] === '=' ? different > 1 : different < known.length) return false
    return known.length < flat.length ? undefined : true
  }
  const to = referenceOf(document, made, rule)
  if (to === undefined) return undefined
  const operations: Record<string, (a: number | string, b: number | string) => boolean> = {
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '=': (a, b) => a === b,
    '!=': (a, b) => a !== b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
  }
  return every(values, (each) =>
    operations[String(rule['operation'])]!(each, to as number | string),
  )
}

function distance(document: RuleSetJson, made: MadeMatch, rule: Json): boolean | undefined {
  const to = referenceOf(document, made, rule) as number | undefined
  if (to === undefined) return undefined
  return every(measured(document, made, rule), (each) => {
    const away = Math.abs((each as number) - to)
    if (rule['maxDistance'] !== undefined && away > Number(rule['maxDistance'])) return false
    return rule['minDistance'] === undefined || away >= Number(rule['minDistance'])
  })
}

function batch(document: RuleSetJson, { tickets }: MadeMatch, rule: Json): boolean {
  const name = String(rule['batchAttribute'])
  const values = tickets.flatMap(({ players }): (number | string)[] => {
    const all = players.map((player) => attribute(document, player, name))
    return typeof all[0] === 'number'
      ? [party(all as number[], (rule['partyAggregation'] ?? 'avg') as string)]
      : (all as string[])
  })
  if (typeof values[0] !== 'number') return new Set(values).size === 1
  const numbers = values as number[]
  return Math.max(...numbers) - Math.min(...numbers) <= Number(rule['maxDistance'])
}

function collection(document: RuleSetJson, made: MadeMatch, rule: Json): boolean | undefined {
  const { minCount = 0, maxCount = Infinity } = rule as { minCount?: number; maxCount?: number }
  const fine = (count: number) => count >= minCount && count <= maxCount
  const reference = referenceOf(document, made, rule)
  let known = true
  for (const lists of measured(document, made, rule) as string[][][]) {
    if (rule['operation'] === 'contains') {
      if (!fine(lists.filter((list) => list.includes(String(reference))).length)) return false
    } else if (rule['operation'] === 'intersection') {
      if (lists.length === 0) known = false
      else if (
        !fine(new Set(lists[0]!.filter((text) => lists.every((list) => list.includes(text)))).size)
      )
        return false
    } else {
      if (reference === undefined) return undefined
      const items = [reference].flat() as string[]
      if (!lists.every((list) => fine(new Set(list.filter((text) => items.includes(text))).size)))
        return false
    }
  }
  return known ? true : undefined
}

function statement(document: RuleSetJson, made: MadeMatch, text: string): boolean | undefined {
  const found = /^\s*(and|or|not|xor)\s*\((.*)\)\s*$/s.exec(text)
  if (found === null) {
    const rule = document.rules!.find((each) => each['name'] === text.trim())!
    return holds(document, made, rule)
  }
  const inner = found[2]!
  let depth = 0
  const comma = inner.split('').findIndex((c) => {
    if (c === '(') depth++
    if (c === ')') depth--
    return c === ',' && depth === 0
  })
  const a = statement(document, made, comma < 0 ? inner : inner.slice(0, comma))
  if (found[1] === 'not') return a === undefined ? undefined : !a
  const b = statement(document, made, inner.slice(comma + 1))
  if (found[1] === 'and') return a === false || b === false ? false : a && b
  if (found[1] === 'or') return a === true || b === true ? true : a === false ? b : a
  return a === undefined || b === undefined ? undefined : a !== b
}

/** Regions that each of the rules allows to all tickets. */
function regions({ tickets }: MadeMatch, rules: readonly Json[]): string[] {
  const named = Object.keys(tickets[0]!.players[0]!.latencies ?? {})
  return named.filter((region) =>
    rules.every((rule) => {
      const all = tickets.map(({ players }) => {
        const each = players.map(({ latencies }) => latencies?.[region])
        if (each.includes(undefined)) return Infinity
        return party(each as number[], (rule['partyAggregation'] ?? 'avg') as string)
      })
      if (all.some((ms) => ms === Infinity || ms > Number(rule['maxLatency'] ?? Infinity)))
        return false
      if (rule['maxDistance'] === undefined) return true
      const reference =
        rule['distanceReference'] === 'min'
          ? Math.min(...all)
          : all.reduce((s, x) => s + x, 0) / all.length
      return all.every((ms) => Math.abs(ms - reference) <= Number(rule['maxDistance']))
    }),
  )
}

function party(numbers: readonly number[], how: string): number {
  if (how === 'min') return Math.min(...numbers)
  if (how === 'max') return Math.max(...numbers)
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}

function attribute(
  document: RuleSetJson,
  player: MatchTicket['players'][number],
  name: string,
): number | string | string[] {
  const given = player.attributes[name]
  const plain = given === undefined ? undefined : Object.values(given)[0]
  return (plain ?? document.playerAttributes!.find((each) => each.name === name)!.default) as string
}

function value(
  document: RuleSetJson,
  made: MadeMatch,
  text: string,
  how: string | undefined,
): Nested {
  const call = /^\s*(\w+)\s*\((.*)\)\s*$/s.exec(text)
  if (call !== null) return apply(call[1]!, value(document, made, call[2]!, how))
  const [, names, rest] = /^\s*teams?\s*\[(.*?)\]\.players(.*)$/.exec(text)!
  const chosen = names!.split(',').map((name) => name.trim())
  const many =
    chosen.length > 1 || chosen[0] === '*' || !made.teams.some(({ name }) => name === chosen[0])
  const teams = made.teams.filter(({ name }) =>
    chosen.some((one) => one === '*' || one === name || new RegExp(`^${one}_\\d+$`).test(name)),
  )
  const lists = teams.map(({ playerIds }) => {
    if (rest === '' || /playerid/i.test(rest!)) return [...playerIds]
    const name = /attributes\[(.*)\]/.exec(rest!)![1]!
    return made.tickets.flatMap(({ players }) => {
      const own = players
        .filter(({ playerId }) => playerIds.includes(playerId))
        .map((player) => attribute(document, player, name))
      return how === undefined || own.length === 0 ? own : asOne(own, how)
    })
  })
  return many ? lists : lists[0]!
}

function asOne(
  values: (number | string | string[])[],
  how: string,
): (number | string | string[])[] {
  if (typeof values[0] === 'number') return [party(values as number[], how)]
  if (typeof values[0] === 'string') return values
  const lists = values as string[][]
  const all = [...new Set(lists.flat())]
  return [how === 'union' ? all : all.filter((text) => lists.every((list) => list.includes(text)))]
}

function apply(name: string, of: Nested): Nested {
  const list = of as Nested[]
  if (name === 'flatten') return list.flat(1)
  const deep = list.some((each) => Array.isArray(each))
  if (name === 'set_intersection') {
    if (list.some((each) => Array.isArray(each) && each.some((one) => Array.isArray(one))))
      return list.map((each) => apply(name, each))
    const lists = list as string[][]
    return lists.length === 0
      ? undefined
      : [...new Set(lists[0]!.filter((text) => lists.every((other) => other.includes(text))))]
  }
  if (deep) return list.map((each) => apply(name, each))
  if (name === 'count') return list.length
  if (list.includes(undefined)) return undefined
  const numbers = list as number[]
  const sum = numbers.reduce((total, each) => total + each, 0)
  if (name === 'sum') return sum
  if (numbers.length === 0) return undefined
  const mean = sum / numbers.length
  const sorted = numbers.toSorted((a, b) => a - b)
  const functions: Record<string, number> = {
    min: sorted[0]!,
    max: sorted.at(-1)!,
    avg: mean,
    median: (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2,
    stddev: Math.sqrt(
      numbers.reduce((total, each) => total + (each - mean) ** 2, 0) / numbers.length,
    ),
  }
  return functions[name]
}
