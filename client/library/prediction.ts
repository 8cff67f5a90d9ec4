// One's own movement and abilities, shown before the server answers.
//
// The client applies each command with the server's own integer step and keeps it until a snapshot
// acknowledges it. A snapshot has the exact body after command `ack`. If that is what was predicted, there
// is nothing to do. If not, the commands after `ack` are applied again from there. Since both sides run the
// same step, a correction has another cause: a command that came too late, a wall that the client does not
// know, or a body that was moved by something else.
//
// What slows, roots or pushes the player is announced by the number of the command at which it takes effect,
// so it is predicted as well, and so is what an ability does to its user (shared/rules/own-state.ts). A count
// of steps is here the number of a command.
import {
  endsCast,
  plainState,
  rebased,
  stepOwn,
  whyNotUse,
  withCastEnded,
  withChange,
  withUse,
} from '#shared/rules/own-state.ts'
import type { AbilityRule, Announced, OwnState, RuleRefusal, Use } from '#shared/rules/own-state.ts'
import type { Body, Command } from '#shared/rules/movement.ts'
import type { SelfSection } from '#shared/protocol/own-section.ts'
import type { Walls } from '#shared/rules/walls.ts'

/**
 * Commands kept without an answer: 64 are 3.2 s at 20 Hz. Beyond that the body waits for the server: on a
 * dead connection each further step would be taken back.
 */
const unackedMax = 64

/** What a snapshot says of the player's own state; `plain`: it is that of a plain walker. */
export type ToldState = Pick<SelfSection, 'state' | 'announced'> | 'plain' | undefined

export type Prediction = {
  /** Applies a command and gives its number; undefined when too many wait for an answer. */
  step(command: Command, use?: Use): number | undefined
  /**
   * Takes the acknowledged command and the body after it, and the state where the snapshot tells it.
   * - `agreed`: as predicted.
   * - `corrected`: the rest was applied again from there.
   * - `jumped`: the server is ahead of what was sent; numbering goes on `lead` after it.
   */
  acknowledge(
    ack: number,
    own: Body,
    lead: number,
    told?: ToldState,
  ): 'agreed' | 'corrected' | 'jumped'
  /** Why the next command cannot use an ability; undefined when it can, as far as is known. */
  whyNotUse(use: Use): RuleRefusal | undefined
  /** Steps until the next command may use an ability; 0 when it may now. */
  stepsUntil(ability: number): number
  /** The uses that the server has not answered for, as far as they are allowed. */
  uses(): readonly Use[]
  /** Replaces the walls (content was loaded again). */
  setWalls(walls: Walls): void
  /** The body after the newest command, and after the one before it. */
  readonly body: Body
  readonly previous: Body
  /** What moves the body, after the newest command. */
  readonly state: OwnState
  /** The number of the next command. */
  readonly next: number
  readonly unacked: number
}

/** After the command with this number. */
type Stage = { number: number; body: Body; state: OwnState }
type Pending = Stage & { command: Command; use: Use | undefined; used: boolean }

/** `nextCommand`, the own body and its state come from WELCOME and the first snapshot. */
export function createPrediction(
  own: Body,
  nextCommand: number,
  tickHz: number,
  walls: Walls,
  rules: readonly AbilityRule[] = [],
  first: ToldState = 'plain',
): Prediction {
  let base: Stage = { number: nextCommand - 1, body: { ...own }, state: plainState }
  let announced: readonly Announced[] = []
  let pending: Pending[] = []
  let next = nextCommand
  let previous = base.body

  const head = (): Stage => pending.at(-1) ?? base

  const takeTold = (told: Exclude<ToldState, undefined>, ack: number): OwnState => {
    announced = told === 'plain' ? [] : told.announced
    return told === 'plain' ? plainState : rebased(told.state, 0, ack + 1)
  }
  base.state = takeTold(first ?? 'plain', base.number)

  /** The state in the step of a command, before what the command uses. */
  const stateAt = (before: Stage, number: number): OwnState => {
    let { state } = before
    for (const { at, change } of announced) {
      if (at > before.number && at <= number) state = withChange(state, change, at)
    }
    return endsCast(state, number) ? withCastEnded(rules, state, number) : state
  }

  const apply = (before: Stage, each: Pending): void => {
    const { number, command, use } = each
    let state = stateAt(before, number)
    each.used = use !== undefined && whyNotUse(rules, state, use, before.body, number) === undefined
    if (each.used) state = withUse(rules, state, use!, before.body, command.heading, number)
    const body = { ...before.body }
    stepOwn(body, command, state, number, tickHz, walls)
    each.body = body
    each.state = state
  }

  /** Applies what is pending from the base again. Returns whether the newest body differs from `before`. */
  const replay = (before: Body): boolean => {
    let stage = base
    for (const each of pending) {
      apply(stage, each)
      stage = each
    }
    const { body } = stage
    // What is drawn lies between the last two bodies: both move, so that the way drawn keeps its shape.
    previous = {
      ...previous,
      x: previous.x + body.x - before.x,
      y: previous.y + body.y - before.y,
    }
    return !same(before, body)
  }

  return {
    step(command, use) {
      if (pending.length >= unackedMax) return undefined
      const before = head()
      const each = { ...before, number: next++, command, use, used: false }
      apply(before, each)
      previous = before.body
      pending.push(each)
      return each.number
    },
    acknowledge(ack, told, lead, toldState) {
      const newest = head().body
      const known = pending.findLast(({ number }) => number <= ack) ?? base
      const asExpected = known.number === ack && same(known.body, told)
      const ahead = ack >= next
      const state = toldState === undefined ? stateAt(known, ack) : takeTold(toldState, ack)
      pending = pending.filter(({ number }) => number > ack)
      announced = announced.filter(({ at }) => at > ack)
      base = { number: ack, body: { ...told }, state }
      // With a number below the server's count every further command would come too late as well.
      if (ahead) next = ack + 1 + lead
      if (asExpected && toldState === undefined) return 'agreed'
      return replay(newest) ? (ahead ? 'jumped' : 'corrected') : 'agreed'
    },
    whyNotUse(use) {
      const before = head()
      return whyNotUse(rules, stateAt(before, next), use, before.body, next)
    },
    stepsUntil(ability) {
      const { castAbility, castUntil, readyAt } = head().state
      const free = castAbility < 0 ? 0 : castUntil
      return Math.max(0, free - next, (readyAt.get(ability) ?? 0) - next)
    },
    uses: () => pending.flatMap(({ used, use }) => (used ? [use!] : [])),
    setWalls(changed) {
      walls = changed
      replay(head().body)
    },
    get body() {
      return head().body
    },
    get previous() {
      return previous
    },
    get state() {
      return head().state
    },
    get next() {
      return next
    },
    get unacked() {
      return pending.length
    },
  }
}

function same(a: Body, b: Body): boolean {
  return a.x === b.x && a.y === b.y && a.heading === b.heading && a.speed === b.speed
}
