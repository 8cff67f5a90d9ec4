// The player's abilities: what waits for the next command, what the server has not answered for yet, and what
// the player has left when it is paid.
import { ruleOf } from '#shared/components/abilities.ts'
import type { Schema } from '#shared/components/schema.ts'
import type { AbilityRefusal } from '#shared/protocol/control.ts'
import type { AbilityRule, Aim, Use } from '#shared/rules/own-state.ts'
import type { Prediction } from './prediction.ts'
import type { SeenParts } from './view.ts'

/**
 * Why an ability was not used. `busy`: another one waits for the same command. `lost`: the connection ended before the answer, so it may have been used.
 */
export type UseRefusal = AbilityRefusal | 'busy' | 'lost'

/** `command`: the number that its outcome will name. */
export type UseAnswer = { command: number } | { refused: UseRefusal }

export type Casting = { ability: string; left: number }

export type OwnAbilities = {
  /** Uses an ability with the next command. `paid`: see `withCosts`. */
  use(name: string, aim: Aim, parts: SeenParts): UseAnswer
  /** What the next command uses. It is taken once; `refused` when that command will not be made any more. */
  take(): { use: Use | undefined; refused: number | undefined }
  /** The command was made. */
  made(number: number): void
  /** An outcome came; the name of the ability, or undefined when nothing waits for it. */
  answered(command: number): string | undefined
  /** All that no outcome came for, at the end of a connection: by number, the name. */
  unanswered(): ReadonlyMap<number, string>
  /** Seconds until it may be used again, 0 when it may; undefined for a name that the zone does not have. */
  readyIn(name: string): number | undefined
  /** What the player casts, and in how many seconds it is done; undefined when he casts nothing. */
  casting(): Casting | undefined
  /** Components as they will be when the uses are paid that the server has not taken yet. */
  withCosts(parts: SeenParts): SeenParts
}

/** The rules of a zone's abilities. */
export function abilityRules(schema: Schema, tickHz: number): readonly AbilityRule[] {
  return schema.abilities.map((told) => ruleOf(told, tickHz))
}

export function createOwnAbilities(
  schema: Schema,
  tickHz: number,
  prediction: Prediction,
): OwnAbilities {
  const { abilities } = schema
  const numbers = new Map(abilities.map(({ name }, number) => [name, number]))
  const waiting = new Map<number, string>()
  let next: { number: number; use: Use } | undefined

  const left = (parts: SeenParts, ability: number): number => {
    const cost = abilities[ability]!.cost
    const value = cost && parts[cost.component]?.[cost.field]
    return typeof value === 'number' ? value - cost!.amount : 0
  }

  const withCosts = (parts: SeenParts): SeenParts => {
    let paid = parts
    for (const { ability } of prediction.uses()) {
      const { cost } = abilities[ability]!
      if (cost === undefined || paid[cost.component] === undefined) continue
      const of = { ...paid[cost.component], [cost.field]: left(paid, ability) }
      paid = { ...paid, [cost.component]: of }
    }
    return paid
  }

  return {
    use(name, at, parts) {
      const ability = numbers.get(name)
      if (ability === undefined) return { refused: 'unknown' }
      if (next !== undefined) return { refused: 'busy' }
      const use = { ability, at }
      const refused = prediction.whyNotUse(use)
      if (refused !== undefined) return { refused }
      if (left(withCosts(parts), ability) < 0) return { refused: 'cost' }
      next = { number: prediction.next, use }
      waiting.set(next.number, name)
      return { command: next.number }
    },
    take() {
      const taken = next
      if (taken === undefined) return { use: undefined, refused: undefined }
      // The server's count has jumped: the command that was promised is not made.
      if (taken.number === prediction.next) return { use: taken.use, refused: undefined }
      next = undefined
      return { use: undefined, refused: taken.number }
    },
    made(number) {
      if (next?.number === number) next = undefined
    },
    answered(command) {
      const name = waiting.get(command)
      waiting.delete(command)
      return name
    },
    unanswered: () => waiting,
    readyIn(name) {
      const ability = numbers.get(name)
      return ability === undefined ? undefined : prediction.stepsUntil(ability) / tickHz
    },
    casting() {
      const { castAbility, castUntil } = prediction.state
      const ability = abilities[castAbility]?.name
      if (ability === undefined) return undefined
      return { ability, left: Math.max(0, castUntil - prediction.next) / tickHz }
    },
    withCosts,
  }
}
