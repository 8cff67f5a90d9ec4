// How a stay ends. A leave saves the character and gives it up; a fence saves nothing, for another owner
// has the character already.
import type { Saved } from '#shared/ownership/saved.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import type { ClaimedCharacter } from '../persistence/persistence.ts'
import { nextSave, savedOf } from './character.ts'
import type { Character } from './character.ts'
import { redirectFrame } from './frames.ts'
import type { Instance } from './instance.ts'

/** Where a character goes on, units. `sentTo`: in this instance, if it has room then. */
export type Destination = Pick<Saved, 'zone' | 'x' | 'y' | 'sentTo'>

/** Where a character came from into a private instance. */
export function outsideOf({ claimed }: Character): Destination | undefined {
  const { outside } = claimed.saved
  return outside && { zone: outside.zone, x: outside.x, y: outside.y }
}

/**
 * Saves a character and gives it up; its socket is then closed with `reason`. With `to` the character is saved there,
 * and its client follows. Resolves when the store is clear. Never rejects.
 */
export async function leave(
  instance: Instance,
  character: Character,
  reason: CloseReason,
  to?: Destination,
): Promise<void> {
  const here = savedOf(character, instance.world, instance.zone.id)
  const saved = to === undefined ? here : { ...here, ...to }
  const { socket } = character
  remove(instance, character)
  const outcome = await instance.leaves.save(nextSave(character, saved))
  if (outcome === 'fenced') {
    socket?.end('fenced')
    return
  }
  if (outcome === 'refused') {
    instance.log.error('a character could not be saved', {
      characterId: character.claimed.characterId,
    })
    socket?.end('internal')
    return
  }
  if (to !== undefined && socket?.state === 'playing') {
    socket.connection.send(redirectFrame(to.zone))
  }
  socket?.end(reason)
}

/** Where a character stands; undefined before its first tick. */
export function whereIs({ zone }: Instance, { entity }: Character): Destination | undefined {
  return entity && { zone: zone.id, x: entity.x, y: entity.y }
}

/** Starts a leave and does not wait for it. The leave handles its outcome; any other error is a defect. */
export function startLeave(
  instance: Instance,
  character: Character,
  reason: CloseReason,
  to?: Destination,
): void {
  leave(instance, character, reason, to).catch((error: unknown) =>
    instance.log.error('a leave failed', { error }),
  )
}

/** Ends a stay without saving: another host owns the character, or a later stay does. */
export function fence(instance: Instance, character: Character, reason: CloseReason): void {
  remove(instance, character)
  character.socket?.end(reason)
  const { characterId, epoch } = character.claimed
  // The worker may have ended, with all that it knew.
  instance.persistence.forget(characterId, epoch).catch(() => undefined)
}

/** Undoes a claim that was void when it was answered. It was never in the world. */
export async function undoClaim(instance: Instance, claimed: ClaimedCharacter): Promise<void> {
  const { characterId, epoch, saveNumber, saved } = claimed
  await instance.leaves.save({ characterId, epoch, saveNumber: saveNumber + 1, saved })
}

function remove(instance: Instance, character: Character): void {
  const { characterId, epoch } = character.claimed
  instance.log.info('character out', { characterId, epoch })
  instance.roster.remove(character)
  character.viewer = undefined
  instance.returning.delete(character)
  if (character.entity !== undefined) {
    instance.inputs.push({ input: 'leave', id: character.entity.id })
  }
}
