// A rule set, ready for the matcher: teams as slots, rules as functions, and what the pool can be divided by. The
// rules relax with the age of a match; each age at which something changes is a *stage*, with all of its rules ready.
import { matchPlayersMax, matchStagesMax, smallMatchPlayersMax } from '../limits.ts'
import { checkDocument } from './rule-checks.ts'
import { readExpansions, relaxed } from './expansions.ts'
import type { Scope } from './expression.ts'
import { divide } from './division.ts'
import type { Division } from './division.ts'
import type { Issue } from './issue.ts'
import { RuleSetError, issuesOf } from './issue.ts'
import { ruleSetSchema } from './rule-schema.ts'
import type { RuleDocument, RuleOf } from './rule-schema.ts'
import { compileRule } from './rules.ts'
import { operandsOf } from './compound.ts'
import { RuleFault } from './verdict.ts'
import type { Rule } from './rules.ts'

export type Stage = {
  readonly fromMs: number
  /** Players by slot. */
  readonly min: readonly number[]
  readonly max: readonly number[]
  readonly minTotal: number
  /** The same, also by kind of team. */
  readonly needs: { readonly players: number; readonly byKind: readonly number[] }
  readonly maxTotal: number
  /** Those that must hold, without latency rules. */
  readonly enforced: readonly Rule[]
  /** Of these, those that a search asks at each step. The pool and the windows stand for the others. */
  readonly asked: readonly Rule[]
  /** Latency rules that must hold, all of them in one region. */
  readonly latency: readonly RuleOf<'latency'>[]
  /** How far the values of a match may lie apart, by window. */
  readonly widths: readonly number[]
}

export type RuleSet = Division & {
  readonly document: RuleDocument
  readonly attributes: RuleDocument['playerAttributes']
  readonly teamNames: readonly string[]
  /** The kind of each slot, and the slots of each kind. */
  readonly kindOf: readonly number[]
  readonly kinds: readonly (readonly number[])[]
  readonly large: boolean
  /** A rule names one team of several of a kind (`Red_1`). */
  readonly namesSlots: boolean
  readonly selection: 'newest' | 'oldest'
  readonly stages: readonly Stage[]
}

/** Reads a rule set. Throws a RuleSetError that names each fault and its place. */
export function readRuleSet(value: unknown): RuleSet {
  const parsed = ruleSetSchema.safeParse(value)
  if (!parsed.success) throw new RuleSetError(issuesOf(parsed.error))
  const document = parsed.data
  const slots = slotsOf(document)
  const { scope } = slots
  const issues: Issue[] = checkDocument(document, slots.teamNames)
  if (issues.length > 0) throw new RuleSetError(issues)

  const operands = operandsIn(document)
  const expansions = readExpansions(document)
  issues.push(...expansions.issues)
  const times = [...new Set([0, ...expansions.times])].toSorted((a, b) => a - b)
  if (times.length > matchStagesMax)
    issues.push({ path: 'expansions', reason: `relax at more than ${matchStagesMax} ages` })
  if (issues.length > 0) throw new RuleSetError(issues)

  const large = roomOf(document) > smallMatchPlayersMax
  const staged = times.map((fromMs) => {
    const at = relaxed(document, expansions.steps, fromMs)
    return { fromMs, at, rules: compileRules(at, scope, operands, issues), large }
  })
  for (const { fromMs, at } of staged) issues.push(...sizeIssues(at, fromMs, large))
  if (issues.length > 0) throw new RuleSetError(issues)

  const division = divide(document, staged[0]!.rules, scope)
  return {
    ...division,
    document,
    attributes: document.playerAttributes,
    teamNames: slots.teamNames,
    kindOf: slots.kindOf,
    kinds: document.teams.map((_, kind) =>
      slots.kindOf.flatMap((of, i) => (of === kind ? [i] : [])),
    ),
    large,
    namesSlots: namesSlots(document),
    selection: document.algorithm.expansionAgeSelection,
    stages: staged.map(({ fromMs, at, rules }) =>
      stageOf(fromMs, at, rules, slots.kindOf, division),
    ),
  }
}

/** The stage of a match or ticket of that age. */
export function stageAt({ stages }: Pick<RuleSet, 'stages'>, ageMs: number): number {
  let stage = 0
  while (stage + 1 < stages.length && ageMs >= stages[stage + 1]!.fromMs) stage++
  return stage
}

type Slots = { teamNames: string[]; kindOf: number[]; scope: Scope }

function slotsOf(document: RuleDocument): Slots {
  const teamNames: string[] = []
  const kindOf: number[] = []
  const teams = new Map<string, { slots: readonly number[]; grouped: boolean }>()
  for (const [kind, { name, quantity }] of document.teams.entries()) {
    const own: number[] = []
    for (let i = 0; i < quantity; i++) {
      const slot = teamNames.length
      const team = quantity === 1 ? name : `${name}_${i + 1}`
      teamNames.push(team)
      kindOf.push(kind)
      own.push(slot)
      teams.set(team, { slots: [slot], grouped: false })
    }
    if (quantity > 1) teams.set(name, { slots: own, grouped: true })
  }
  const scope = { attributes: document.playerAttributes, teams, slotCount: teamNames.length }
  return { teamNames, kindOf, scope }
}

function namesSlots({ teams, rules }: RuleDocument): boolean {
  const text = JSON.stringify(rules)
  return teams.some(({ name, quantity }) => quantity > 1 && text.includes(`${name}_`))
}

function operandsIn(document: RuleDocument): Set<string> {
  return new Set(
    document.rules.flatMap((rule) => (rule.type === 'compound' ? operandsOf(rule.statement) : [])),
  )
}

function compileRules(
  document: RuleDocument,
  scope: Scope,
  operands: ReadonlySet<string>,
  issues: Issue[],
): Rule[] {
  const rules: Rule[] = []
  for (const [i, rule] of document.rules.entries()) {
    try {
      rules.push(compileRule(rule, scope, rules, operands))
    } catch (error) {
      if (!(error instanceof RuleFault)) throw error
      const path = `rules[${i}].${error.at}`
      if (!issues.some((issue) => issue.path === path)) issues.push({ path, reason: error.message })
    }
  }
  return rules
}

const roomOf = ({ teams }: RuleDocument) =>
  teams.reduce((sum, { maxPlayers, quantity }) => sum + maxPlayers * quantity, 0)

function sizeIssues(document: RuleDocument, fromMs: number, large: boolean): Issue[] {
  const when = fromMs === 0 ? '' : ` after ${fromMs / 1000} s`
  const issues: Issue[] = []
  for (const [i, { minPlayers, maxPlayers }] of document.teams.entries()) {
    if (minPlayers > maxPlayers)
      issues.push({ path: `teams[${i}].minPlayers`, reason: `is above maxPlayers${when}` })
  }
  const total = roomOf(document)
  if (total > matchPlayersMax)
    issues.push({ path: 'teams', reason: `hold more than ${matchPlayersMax} players${when}` })
  if (total > smallMatchPlayersMax !== large)
    issues.push({ path: 'teams', reason: `cross the border of large matches${when}` })
  return issues
}

function stageOf(
  fromMs: number,
  { teams }: RuleDocument,
  rules: readonly Rule[],
  kindOf: readonly number[],
  { windows, keys }: Division,
): Stage {
  const min = kindOf.map((kind) => teams[kind]!.minPlayers)
  const max = kindOf.map((kind) => teams[kind]!.maxPlayers)
  const sum = (sizes: readonly number[]) => sizes.reduce((total, each) => total + each, 0)
  const covered = new Set([
    ...keys.map(({ rule }) => rule),
    ...windows.filter(({ exact }) => exact).map(({ rule }) => rule),
  ])
  const enforced = rules.filter((rule) => rule.enforced && rule.document.type !== 'latency')
  return {
    fromMs,
    min,
    max,
    minTotal: sum(min),
    needs: { players: sum(min), byKind: teams.map((team) => team.minPlayers * team.quantity) },
    maxTotal: sum(max),
    enforced: enforced.filter(({ document }) => !document.type.endsWith('Sort')),
    asked: enforced.filter(({ breakable, name }) => breakable && !covered.has(name)),
    latency: rules.flatMap(({ enforced, document }) =>
      enforced && document.type === 'latency' ? [document] : [],
    ),
    widths: windows.map(({ rule, factor }) => {
      const { document } = rules.find(({ name }) => name === rule)!
      return factor * ((document as RuleOf<'distance' | 'batchDistance'>).maxDistance ?? Infinity)
    }),
  }
}
