// What a player's body moves by besides the commands, and what the abilities wait for. Client and server step
// with it by the same functions, so a dash, a slow, a root and a mount are predicted like walking.
//
// Times are steps: `until` is the first step in which something is over. The server counts ticks and the
// client counts commands. Both rise by one in each step, so only what is left is ever sent. Within a step the
// order is: announced changes, a cast that ends, an ability that the command uses, the movement.
import { headingTo } from './heading.ts'
import { stepPlayer, walk } from './movement.ts'
import type { Body, Command } from './movement.ts'
import { playerRadius, speedOfSteps, stepsOf, walkSpeedSteps } from './units.ts'
import type { Walls } from './walls.ts'

/** A value of `scale` that leaves the speed as it is. */
export const scaleOne = 256
/** Steps that a slow, a root or a push may last: what its field on the wire holds. */
export const stepsMax = 0xffff

/** It is never changed in place: who holds one keeps it. */
export type OwnState = {
  /** Of walking, as speeds are told, and half the side of the body: a mount has others than a walker. */
  readonly speed: number
  readonly radius: number
  /** The part of the speed that is left, of 256. */
  readonly scale: number
  readonly scaleUntil: number
  readonly rootUntil: number
  /** The body moves so, whatever the commands say. */
  readonly pushHeading: number
  readonly pushSpeed: number
  readonly pushUntil: number
  /** The number of the ability that is being cast; -1 for none. */
  readonly castAbility: number
  readonly castUntil: number
  readonly castHeading: number
  /** By number of the ability: the first step in which it may be used again. */
  readonly readyAt: ReadonlyMap<number, number>
}

/** Of a player who walks, and for whom nothing else is in force. */
export const plainState: OwnState = {
  speed: walkSpeedSteps,
  radius: playerRadius,
  scale: scaleOne,
  scaleUntil: 0,
  rootUntil: 0,
  pushHeading: 0,
  pushSpeed: 0,
  pushUntil: 0,
  castAbility: -1,
  castUntil: 0,
  castHeading: 0,
  readyAt: new Map(),
}

/** A change of the movement. `steps`: how long it lasts, the step in which it takes effect included. */
export type Change =
  | { change: 'gait'; speed: number; radius: number }
  | { change: 'scale'; scale: number; steps: number }
  | { change: 'root'; steps: number }
  | { change: 'push'; heading: number; speed: number; steps: number }

/** A change that takes effect at the command with this number. */
export type Announced = { readonly at: number; readonly change: Change }

export const aimKinds = ['none', 'heading', 'place', 'entity'] as const
export type AimKind = (typeof aimKinds)[number]

/** Where an ability is aimed at. Positions in units. */
export type Aim =
  | { aim: 'none' }
  | { aim: 'heading'; heading: number }
  | { aim: 'place'; x: number; y: number }
  | { aim: 'entity'; id: number }

/** The use of an ability, by its number. */
export type Use = { ability: number; at: Aim }

/** How an ability moves who uses it. A `mount` that is on is taken off by the next use. */
export type Move =
  | { move: 'dash'; speed: number; steps: number }
  | { move: 'scale'; scale: number; steps: number }
  | { move: 'mount'; speed: number; radius: number }

/** What both sides know of an ability, in steps and units. */
export type AbilityRule = {
  readonly name: string
  readonly aim: AimKind
  /** Infinity for none. */
  readonly range: number
  readonly cooldownSteps: number
  readonly castSteps: number
  readonly move: Move | undefined
}

/** Why an ability is refused by what both sides know. */
export type RuleRefusal = 'unknown' | 'aim' | 'range' | 'casting' | 'cooldown' | 'rooted'

/** The state with a change that takes effect in step `now`. */
export function withChange(state: OwnState, change: Change, now: number): OwnState {
  switch (change.change) {
    case 'gait':
      return { ...state, speed: change.speed, radius: change.radius }
    case 'scale':
      return { ...state, scale: change.scale, scaleUntil: now + change.steps }
    case 'root':
      // It ends a dash. A push that comes later moves also who is rooted.
      return { ...state, rootUntil: now + change.steps, pushUntil: Math.min(state.pushUntil, now) }
    case 'push': {
      const { heading, speed, steps } = change
      return { ...state, pushHeading: heading, pushSpeed: speed, pushUntil: now + steps }
    }
  }
}

/** Why an ability cannot be used in step `now`; undefined when it can, as far as both sides know. */
export function whyNotUse(
  rules: readonly AbilityRule[],
  state: OwnState,
  { ability, at }: Use,
  { x, y }: Body,
  now: number,
): RuleRefusal | undefined {
  const rule = rules[ability]
  if (rule === undefined) return 'unknown'
  if (rule.aim !== at.aim) return 'aim'
  if (at.aim === 'place' && isFarther(at.x - x, at.y - y, rule.range)) return 'range'
  if (state.castAbility >= 0) return 'casting'
  if (now < (state.readyAt.get(ability) ?? 0)) return 'cooldown'
  if (rule.move?.move === 'dash' && now < state.rootUntil) return 'rooted'
  return undefined
}

/** Whether a way is longer than a range, in units. */
export function isFarther(dx: number, dy: number, range: number): boolean {
  return dx * dx + dy * dy > range * range
}

/**
 * The state after an ability was used in step `now`: its cool-down runs, and its cast begins or its movement
 * does. `facing`: the heading of the command.
 */
export function withUse(
  rules: readonly AbilityRule[],
  state: OwnState,
  { ability, at }: Use,
  { x, y }: Body,
  facing: number,
  now: number,
): OwnState {
  const rule = rules[ability]!
  const readyAt = new Map([...state.readyAt].filter(([, until]) => until > now))
  if (rule.cooldownSteps > 0) readyAt.set(ability, now + rule.cooldownSteps)
  const heading =
    at.aim === 'heading' ? at.heading : at.aim === 'place' ? headingTo(at.x - x, at.y - y) : facing
  const used = { ...state, readyAt }
  if (rule.castSteps === 0) return withMove(used, rule.move, heading, now)
  const castUntil = now + rule.castSteps
  return { ...used, castAbility: ability, castUntil, castHeading: heading }
}

/** Whether a cast ends in step `now`. */
export function endsCast(state: OwnState, now: number): boolean {
  return state.castAbility >= 0 && now >= state.castUntil
}

/** The state after the cast that ends in step `now`. */
export function withCastEnded(
  rules: readonly AbilityRule[],
  state: OwnState,
  now: number,
): OwnState {
  const { castAbility, castHeading } = state
  return withMove({ ...state, castAbility: -1 }, rules[castAbility]?.move, castHeading, now)
}

function withMove(state: OwnState, move: Move | undefined, heading: number, now: number): OwnState {
  switch (move?.move) {
    case undefined:
      return state
    case 'dash':
      // Who was rooted while he cast it does not dash.
      if (now < state.rootUntil) return state
      return withChange(state, { ...move, change: 'push', heading }, now)
    case 'scale':
      return withChange(state, { ...move, change: 'scale' }, now)
    case 'mount': {
      const { speed, radius } = isMounted(state) ? plainState : move
      return { ...state, speed, radius }
    }
  }
}

/** Whether the speed or the radius are not those of a walker. */
export function isMounted({ speed, radius }: OwnState): boolean {
  return speed !== plainState.speed || radius !== plainState.radius
}

/** The speed of walking in step `now`. */
function walkingSpeed(state: OwnState, now: number): number {
  if (now < state.rootUntil) return 0
  if (now >= state.scaleUntil) return state.speed
  return speedOfSteps((stepsOf(state.speed) * state.scale) >> 8)
}

/** The movement of step `now`: a push, or the command. */
export function stepOwn(
  body: Body,
  command: Command,
  state: OwnState,
  now: number,
  tickHz: number,
  walls: Walls,
): void {
  let { radius } = state
  // A mount that does not fit where it stands is as narrow as its rider until it does.
  if (radius > playerRadius && walls.blocked(body.x, body.y, radius)) radius = playerRadius
  if (now < state.pushUntil) walk(body, state.pushHeading, state.pushSpeed, tickHz, walls, radius)
  else stepPlayer(body, command, walkingSpeed(state, now), tickHz, walls, radius)
}

/** The first step from which on nothing is in force but speed and radius. */
export function activeUntil(state: OwnState): number {
  const { scaleUntil, rootUntil, pushUntil, castAbility, castUntil, readyAt } = state
  const cast = castAbility < 0 ? 0 : castUntil + 1
  return Math.max(scaleUntil, rootUntil, pushUntil, cast, ...readyAt.values())
}

/**
 * The state by another count of steps: what is left after `from` is left after `to`. So it is saved for the
 * wire (`to` 0) and taken from it (`from` 0). What is over is 0.
 */
export function rebased(state: OwnState, from: number, to: number): OwnState {
  const moved = (until: number) => (until > from ? until - from + to : 0)
  const ready = [...state.readyAt].flatMap(([ability, until]) =>
    until > from ? [[ability, moved(until)] as const] : [],
  )
  return {
    ...state,
    scaleUntil: moved(state.scaleUntil),
    rootUntil: moved(state.rootUntil),
    pushUntil: moved(state.pushUntil),
    castUntil: moved(state.castUntil),
    readyAt: new Map(ready),
  }
}
