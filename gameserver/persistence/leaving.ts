// How a character is saved and given up.
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { CharacterRows } from '#shared/ownership/guard.ts'
import { leaveWrites, letGoWrites } from '#shared/ownership/transitions.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { HostPlaces } from './host-places.ts'
import type { Leaving } from './persistence.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

/** Pause between repeats of a write whose outcome is unclear, ms. */
const repeatMs = 250

export type Leaver = {
  /** Saves a character and gives it up; see Persistence.leave. */
  leave(leaving: Leaving): Promise<'left' | 'fenced'>
  /** The same for a claim that never became a stay. */
  untilClear(leaving: Leaving): Promise<'left' | 'fenced'>
  /** See Persistence.letGo. */
  letGo(characterId: string, epoch: number): Promise<void>
}

export function createLeaver(deps: {
  store: Store
  runtime: Runtime
  host: { realmId: string; bootId: string }
  stays: Stays
  places: HostPlaces
}): Leaver {
  const { store, runtime, host, stays, places } = deps
  const { realmId, bootId } = host

  async function untilClear(leaving: Leaving): Promise<'left' | 'fenced'> {
    let unclear = false
    for (;;) {
      try {
        await store.transact(leaveWrites({ ...leaving, realmId, bootId }))
        return 'left'
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        if (error.kind === 'cancelled' && error.reasons.includes('condition')) {
          const rows = await readRows(store, realmId, leaving.characterId).catch(() => undefined)
          const guard = rows?.guard
          if (guard !== undefined) {
            const stillMine = guard.owner === bootId && guard.epoch === leaving.epoch
            // Not ours any more: our own earlier try, if one was unclear, or another owner.
            if (!stillMine) return unclear ? 'left' : 'fenced'
          }
        }
        unclear ||= error.unclear
      }
      await runtime.sleep(repeatMs)
    }
  }

  return {
    untilClear,
    async leave(leaving) {
      const outcome = await untilClear(leaving)
      const { characterId, epoch, instance } = leaving
      const stay = stayOf(stays, characterId, epoch)
      // Back already, in another instance of this host: what is held now is another stay.
      if (stay === undefined) return outcome
      stays.delete(characterId)
      if (!stay.synthetic) await places.release(instance, characterId, stay)
      return outcome
    },
    async letGo(characterId, epoch) {
      try {
        await store.transact(letGoWrites({ realmId, characterId, bootId, epoch }))
      } catch (error) {
        // Refused: it is not ours at this epoch any more. Unclear: the other `enter` asks again.
        if (!(error instanceof StoreError)) throw error
      }
    },
  }
}

/** The rows of a character, read strongly in one trip. */
export async function readRows(
  store: Store,
  realmId: string,
  characterId: string,
): Promise<CharacterRows | undefined> {
  const page = await store.query(readCharacterRows(realmId, characterId))
  return parseCharacterRows(realmId, characterId, page.items)
}
