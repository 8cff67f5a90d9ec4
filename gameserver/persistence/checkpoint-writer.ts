// Writes the rows of a checkpoint in their order: parts to a slot that no head in the store may name, then
// the head (the argument is in shared/ownership/checkpoint.ts).
import { checkpointRows } from '#shared/ownership/checkpoint-rows.ts'
import { checkpointKey, checkpointListKey } from '#shared/ownership/checkpoint.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Store } from '#shared/store/store.ts'

/** Slots of parts that heads may name, after so many unclear answers in a row. */
const slotsMax = 8

/** The written state of an instance's checkpoint. */
type Written = {
  number: number
  /** It holds no character: there is nothing to write until a character comes in. */
  empty: boolean
  /** Slots of parts that the head in the store may name. */
  named: number[]
}

/** The writer of one host. Throws as the store does; a half-written checkpoint harms no reader. */
export function createCheckpointWriter(
  store: Pick<Store, 'get' | 'put'>,
  { realmId, bootId }: { realmId: string; bootId: string },
): (instance: string, entries: readonly CheckpointEntry[]) => Promise<void> {
  const written = new Map<string, Written>()
  let listed = false
  return async (instance, entries) => {
    const last = written.get(instance) ?? { number: 0, empty: true, named: [] }
    written.set(instance, last)
    if (entries.length === 0 && last.empty) return
    if (!listed) {
      await store.put({ table: 'core', item: { ...checkpointListKey(realmId, bootId), v: 1 } })
      listed = true
    }
    last.number++
    last.empty = false
    if (last.named.length >= slotsMax) last.named = await readNamed(store, bootId, instance)
    let slot = 0
    while (last.named.includes(slot)) slot++
    const { parts, head } = checkpointRows(bootId, instance, last.number, entries, slot)
    await Promise.all(parts.map((part) => store.put(part)))
    const named = parts.length > 0 ? [slot] : []
    try {
      await store.put(head)
    } catch (error) {
      // It may have landed all the same, or the one before stands: the parts of both must stay.
      last.named.push(...named)
      throw error
    }
    last.named = named
    last.empty = entries.length === 0
  }
}

/** The slot that the head names, where too many are in doubt. */
async function readNamed(
  store: Pick<Store, 'get'>,
  bootId: string,
  instance: string,
): Promise<number[]> {
  const key = checkpointKey(bootId, instance)
  const head = await store.get({ table: 'core', key, consistent: true })
  return typeof head?.['slot'] === 'number' ? [head['slot']] : []
}
