// How a game's system asks for something durable. The outcome comes back as the event `effect` of a later
// tick. Effects are saved with the character: a host that takes it over asks for them again.
import {
  effectBodyMaxBytes,
  effectIdMaxChars,
  effectKindMaxChars,
  effectStayMaxChars,
} from '#shared/limits.ts'
import { isPlayer } from './slots.ts'
import type { Entity, World } from './world.ts'

/**
 * Asks for an effect of a player: once for each `id`, however often it is asked for. `kind` is registered
 * with the game; `Score.add(5)` of a tally is kind and body.
 *
 * An id names a fact, for good (`quest 7 done`). Entity ids and ticks name nothing for good, because the next
 * run of the instance uses them again. `per: 'stay'` makes the id one of the player's present stay in this
 * instance; the outcome then comes with the number of the stay before the id.
 *
 * Throws a RangeError for an id, a kind or a body that is too long, for texts that are not well-formed
 * Unicode, and for a body that JSON does not have.
 */
export function requestEffect(
  world: World,
  entity: Entity,
  effect: { id: string; kind: string; body: unknown; per?: 'stay' },
): void {
  const { id, kind, per } = effect
  if (!isPlayer(entity)) throw new RangeError(`effect ${kind}: it is asked for no player`)
  // The type of `stringify` does not say that there is no text of undefined and of functions.
  const body: string | undefined = JSON.stringify(effect.body)
  if (kind.length > effectKindMaxChars) throw new RangeError('the kind of an effect is too long')
  if (!id.isWellFormed() || !kind.isWellFormed()) {
    // It would be another one after it was saved.
    throw new RangeError(`the id of an effect ${kind} is not well-formed Unicode`)
  }
  if (id.length > effectIdMaxChars - (per === 'stay' ? effectStayMaxChars : 0))
    throw new RangeError(`the id of an effect ${kind} is too long`)
  if (body === undefined)
    throw new RangeError(`the body of an effect ${kind} is nothing that JSON has`)
  if (new TextEncoder().encode(body).length > effectBodyMaxBytes) {
    throw new RangeError(`the body of an effect ${kind} is too long`)
  }
  world.events.push({
    event: 'effectAsked',
    entity,
    effect: { id, kind, body },
    ...(per && { per }),
  })
}
