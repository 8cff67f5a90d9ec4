// Writes the saved state of all characters of an instance to the store.
import { stateSaveMs } from '#shared/limits.ts'
import { sameSaved } from '#shared/ownership/checkpoint-rows.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { saveUpdate } from '#shared/ownership/guard.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { createCheckpointWriter } from './checkpoint-writer.ts'
import type { HostPlaces } from './host-places.ts'
import type { HostIdentity } from './identity.ts'
import type { Clocks } from './lease-keeper.ts'
import type { LeaseView, Persistence } from './persistence.ts'
import { failed } from './store-watch.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

/** State rows saved with one checkpoint at most, so that a full hub does not come in one burst. */
const savesPerCheckpoint = 32

type Outcome = Awaited<ReturnType<Persistence['checkpoint']>>

/** See Persistence.checkpoint. */
export function createCheckpointing(deps: {
  store: Store
  clocks: Pick<Clocks, 'now'>
  host: HostIdentity
  stays: Stays
  places: HostPlaces
  lease: () => LeaseView
}): Persistence['checkpoint'] {
  const { store, clocks, host, stays, places, lease } = deps
  // Past the deadline nothing is saved: another owner may already have begun. A checkpoint is several writes, and
  // the deadline may pass between two of them.
  const isHeld = () => lease().held
  const putRows = createCheckpointWriter(
    {
      get: (request) => store.get(request),
      put: async (request) => {
        if (!isHeld()) throw new StoreError('unavailable', 'the lease is not held')
        await store.put(request)
      },
    },
    host,
  )

  /** The state rows of those who changed and were not saved for a minute. */
  async function saveChanged(entries: CheckpointEntry[]): Promise<Outcome> {
    let outcome: Outcome = 'saved'
    let budget = savesPerCheckpoint
    for (const entry of entries) {
      const last = stayOf(stays, entry.characterId, entry.epoch)
      if (last === undefined || clocks.now() - last.savedAt < stateSaveMs) continue
      if (sameSaved(last.saved, entry.saved)) continue
      if (budget-- === 0) break
      const saved = await save(entry)
      if (saved === 'unavailable') return saved
      if (saved === 'refused') outcome = saved
      last.savedAt = clocks.now()
      last.saved = entry.saved
    }
    return outcome
  }

  async function save(entry: CheckpointEntry): Promise<Outcome> {
    if (!isHeld()) return 'unavailable'
    try {
      await store.update(saveUpdate({ ...entry, realmId: host.realmId }))
    } catch (error) {
      // Another owner came, or a leave was faster. The guard has the last word, not this.
      if (!(error instanceof StoreError) || error.kind !== 'condition') return failed(error)
    }
    return 'saved'
  }

  async function saveAll(instance: string, entries: CheckpointEntry[]): Promise<Outcome> {
    const row = await putRows(instance, entries).then(() => 'saved' as const, failed)
    if (row === 'unavailable') return row
    // A permanent refusal of one part must not stop the save of the rest.
    const changed = await saveChanged(entries)
    return changed === 'saved' ? row : changed
  }

  return async (instance, entries) => {
    if (!isHeld()) return 'unavailable'
    const [saved, reconciled] = await Promise.all([
      saveAll(instance, entries),
      places.reconcile(instance, entries).then(() => 'saved' as const, failed),
    ])
    // The save counts even if the places could not be reconciled: the next checkpoint tries that again.
    return saved === 'saved' && reconciled === 'refused' ? reconciled : saved
  }
}
