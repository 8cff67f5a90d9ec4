// The abilities of a schema as both sides step with them.
import type { AbilityRule, Move } from '../rules/own-state.ts'
import { stepsMax } from '../rules/own-state.ts'
import type { SchemaAbility } from './schema.ts'

/** Steps of a time in ms, at least so long. */
export function stepsOfMs(ms: number, tickHz: number): number {
  return Math.ceil((ms * tickHz) / 1000)
}

/** An ability at a tick rate. */
export function ruleOf(told: SchemaAbility, tickHz: number): AbilityRule {
  const { name, aim, range = Infinity, cooldownMs, castMs, move } = told
  return {
    name,
    aim,
    range,
    cooldownSteps: stepsOfMs(cooldownMs, tickHz),
    castSteps: stepsOfMs(castMs, tickHz),
    move: move && moveOf(move, tickHz),
  }
}

function moveOf(move: NonNullable<SchemaAbility['move']>, tickHz: number): Move {
  if (move.move === 'mount') return move
  const steps = Math.min(stepsMax, stepsOfMs(move.ms, tickHz))
  return move.move === 'dash'
    ? { move: 'dash', speed: move.speed, steps }
    : { move: 'scale', scale: move.scale, steps }
}
