// Everybody is saved and let go, a bounded number at a time: five hundred leaves at once would only
// stand in each other's way at the store.
import type { CloseReason } from '#shared/protocol/close.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Instance } from './instance.ts'

const atOnce = 32

/** Resolves when nobody is left in the instance and nobody is on the way out. Admission is shut before. */
export async function drainInstance(
  instance: Instance,
  checkpoints: Checkpoints,
  reason: CloseReason,
): Promise<void> {
  // First one row that holds them all, so that a process killed half-way loses nobody's place.
  await checkpoints.final()
  const waiting = instance.everybody()
  const work = async () => {
    for (;;) {
      const character = waiting.pop()
      if (character === undefined) return
      // Some leave by themselves meanwhile.
      if (instance.find(character.claimed.characterId) !== character) continue
      await instance.release(character, reason)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await instance.departures.settled()
}
