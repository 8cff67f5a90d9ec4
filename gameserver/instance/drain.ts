// All characters leave, a bounded number at a time: five hundred leaves at once would slow one another down
// at the store.
import type { CloseReason } from '#shared/protocol/close.ts'
import type { Character } from './character.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Instance } from './instance.ts'
import { leave } from './leaving.ts'
import type { Destination } from './leaving.ts'

const atOnce = 32

/**
 * Resolves when those who go are out, and no leave is under way. Admission is shut before, for them. Everybody goes by
 * default, and stays where he is; with `to` he goes on there, as far as it says where.
 */
export async function drainInstance(
  instance: Instance,
  checkpoints: Checkpoints,
  how: {
    reason: CloseReason
    goes?: (character: Character) => boolean
    to?: (character: Character) => Destination | undefined
  },
): Promise<void> {
  const { reason, goes = () => true, to = () => undefined } = how
  // First one row that holds them all: a process that is killed half-way loses no position.
  await checkpoints.final()
  const waiting = [...instance.roster.all()].filter(goes)
  const work = async () => {
    for (;;) {
      const character = waiting.pop()
      if (character === undefined) return
      // Some leave by themselves meanwhile.
      if (instance.roster.find(character.claimed.characterId) !== character) continue
      await leave(instance, character, reason, to(character))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await instance.leaves.settled()
}
