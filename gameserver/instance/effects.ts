// Effects that characters of an instance wait for: sent to the worker, and their outcomes to the world. An
// effect is saved with its character from the tick that asks for it to the tick that takes its outcome in,
// so a host that takes the character over asks for it again: the same id takes effect once.
import type { EffectAnswer, EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import { effectsPerCharacterMax, effectsPerInstanceMax } from '#shared/limits.ts'
import { resultAnswer, resultKind } from '#shared/rules/played-match.ts'
import { tallyOfKind, tallyTotal } from '#shared/rules/tally.ts'
import type { WorldEvent, WorldInput } from '../sim/world.ts'
import type { Character } from './character.ts'
import { controlFrame } from './frames.ts'
import type { Instance } from './instance.ts'

/** Pause before a call that the worker refused is made again. */
const retryMs = 1000

/** A game's system asks for an effect. */
export function effectAsked(
  instance: Instance,
  { entity, effect: asked, per }: Extract<WorldEvent, { event: 'effectAsked' }>,
): void {
  const character = instance.roster.findEntity(entity.id)
  if (character === undefined) return
  // The epoch of a stay is that of no other stay of the character.
  const stay = per === 'stay' ? `${character.claimed.epoch}~` : ''
  const effect = { ...asked, id: stay + asked.id }
  const name = nameOf(effect)
  if (character.effects.has(name)) return
  if (
    character.effects.size >= effectsPerCharacterMax ||
    waiting(instance) >= effectsPerInstanceMax
  ) {
    const outcome: EffectOutcome = { outcome: 'refused', refused: 'full' }
    instance.inputs.push({ input: 'effect', id: entity.id, effect, outcome })
    return
  }
  character.effects.set(name, effect)
  send(instance, character, effect)
}

/** Sends again what waited when the character was saved last. It is in the world now. */
export function resendEffects(instance: Instance, character: Character): void {
  for (const effect of character.effects.values()) send(instance, character, effect)
}

/** The tick has taken the outcomes in: they are not saved any more. */
export function forgetEffects(instance: Instance, inputs: readonly WorldInput[]): void {
  for (const input of inputs) {
    if (input.input !== 'effect') continue
    if (input.outcome.outcome === 'refused' && input.outcome.refused === 'full') continue
    instance.roster.findEntity(input.id)?.effects.delete(nameOf(input.effect))
  }
}

/** Sends a player the total of his tally, or his result. One without a socket reads it when he is back. */
export function sendOutcome(
  { roster }: Instance,
  { entity, effect, outcome }: Extract<WorldEvent, { event: 'effect' }>,
): void {
  if (outcome.outcome !== 'done') return
  const told = toldOf(effect, outcome.answer)
  if (told !== undefined) roster.findEntity(entity.id)?.viewer?.connection.send(controlFrame(told))
}

function toldOf({ kind, id }: WaitingEffect, answer: EffectAnswer | undefined) {
  const tally = tallyOfKind(kind)
  if (tally !== undefined) return { kind: 'tally' as const, tally, ...tallyTotal.parse(answer) }
  if (kind !== resultKind) return undefined
  return { kind: 'result' as const, match: id, ...resultAnswer.parse(answer) }
}

function send(instance: Instance, character: Character, effect: WaitingEffect): void {
  untilClear(instance, character, effect).catch((error: unknown) =>
    instance.log.error('an effect failed', { kind: effect.kind, error }),
  )
}

async function untilClear(
  instance: Instance,
  character: Character,
  effect: WaitingEffect,
): Promise<void> {
  const { characterId, accountId, name, epoch } = character.claimed
  const here = () => instance.roster.find(characterId) === character
  while (here()) {
    try {
      const call = { ...effect, characterId, accountId, name, epoch }
      const outcome = await instance.persistence.effect(call)
      // Another host owns the character: that one asks for it again.
      if (outcome === 'fenced' || !here()) return
      instance.inputs.push({ input: 'effect', id: character.entity!.id, effect, outcome })
      return
    } catch (error) {
      // The worker repeats what the store leaves unclear. Here the worker itself is too far behind.
      instance.log.warn('an effect could not be handed to the worker', { kind: effect.kind, error })
      await instance.runtime.sleep(retryMs)
    }
  }
}

function waiting({ roster }: Instance): number {
  let count = 0
  for (const { effects } of roster.all()) count += effects.size
  return count
}

function nameOf({ kind, id }: WaitingEffect): string {
  return `${kind} ${id}`
}
