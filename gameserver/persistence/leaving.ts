// The leave of a character: the host saves it and gives up its ownership.
import { createBackoff } from '#shared/backoff.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { CharacterRows } from '#shared/ownership/guard.ts'
import { leaveWrites, letGoWrites } from '#shared/ownership/transitions.ts'
import type { Runtime } from '#shared/runtime.ts'
import { RowError } from '#shared/store/row.ts'
import { StoreError, failureOf } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { HostPlaces } from './host-places.ts'
import type { Leaving, Persistence } from './persistence.ts'
import { failed } from './store-watch.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

/** Pauses between repeats of a write whose outcome is unclear. */
const repeatMs = { baseMs: 250, maxMs: 2000 }

type LeaveOutcome = Awaited<ReturnType<Persistence['leave']>>

type Stayed = { characterId: string; epoch: number }
type Ownership = 'ours' | 'lost' | 'unavailable' | 'refused'

export type Leaver = {
  /** Whether this host still owns a character, as its guard says. */
  ownership(stay: Stayed): Promise<Ownership>
  /** Saves a character and gives it up; see Persistence.leave. */
  leave(leaving: Leaving): Promise<LeaveOutcome>
  /** The same for a claim that never became a stay. */
  untilClear(leaving: Leaving): Promise<LeaveOutcome>
  /** See Persistence.letGo. */
  letGo: Persistence['letGo']
}

export function createLeaver(deps: {
  store: Store
  runtime: Runtime
  host: { realmId: string; bootId: string }
  stays: Stays
  places: HostPlaces
  log: Log
}): Leaver {
  const { store, runtime, host, stays, places, log } = deps
  const { realmId, bootId } = host

  async function untilClear(leaving: Leaving): Promise<LeaveOutcome> {
    const backoff = createBackoff(runtime, repeatMs)
    let unclear = false
    for (;;) {
      try {
        const leftAt = runtime.now()
        await store.transact(leaveWrites({ ...leaving, realmId, bootId, leftAt }))
        return 'left'
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        const failure = failureOf(error)
        if (failure === 'permanent') return 'refused'
        if (failure === 'condition') {
          const owned = await ownership(leaving)
          // Not ours any more: our own earlier try, if one was unclear, or another owner.
          if (owned === 'lost') return unclear ? 'left' : 'fenced'
          if (owned === 'refused') return 'refused'
        }
        unclear ||= error.unclear
      }
      await runtime.sleep(backoff.next())
    }
  }

  /** Reads from the guard whether the stay still owns the character. */
  async function ownership({ characterId, epoch }: Stayed): Promise<Ownership> {
    try {
      const guard = (await readRows(store, realmId, characterId))?.guard
      if (guard === undefined) return 'unavailable'
      return guard.owner === bootId && guard.epoch === epoch ? 'ours' : 'lost'
    } catch (error) {
      if (error instanceof RowError) log.error('the owner of a character is not known', { error })
      return failed(error)
    }
  }

  return {
    ownership,
    untilClear,
    async leave(leaving) {
      const outcome = await untilClear(leaving)
      const { characterId, epoch, instance } = leaving
      const stay = stayOf(stays, characterId, epoch)
      // The character is back already, in another instance of this host: that is another stay.
      if (stay === undefined) return outcome
      stays.delete(characterId)
      if (!stay.synthetic) await places.release(instance, characterId, stay)
      return outcome
    },
    async letGo(characterId, epoch) {
      try {
        await store.transact(letGoWrites({ realmId, characterId, bootId, epoch }))
        return 'left'
      } catch (error) {
        // It is not ours at this epoch any more.
        if (error instanceof StoreError && failureOf(error) === 'condition') return 'fenced'
        return failed(error)
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
