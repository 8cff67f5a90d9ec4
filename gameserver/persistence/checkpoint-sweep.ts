// Deletes the checkpoints of hosts that are long dead. Everybody in them is saved first.
//
// Why nobody loses anything, however long he stays away. A take-over goes on with the state row or with the
// entry in the checkpoint, whichever has the higher save number, if its epoch is the guard's. The sweep writes
// each entry to its state row as its host would have: on condition of the same epoch and of no higher save
// number. If that succeeds, the row holds the entry. If it is refused, the entry would not be gone on with: the
// character has had another owner since, or the row is newer. So when all entries of a host are written, a
// take-over finds the same with the checkpoint and without. Owners do not change here.
// - A take-over that read the rows before is refused by its own condition on the save number, and reads again.
// - Nothing is deleted before all is written. A head goes before its parts: a head without them could not be
//   read. A row that was written meanwhile is not deleted.
// - The host writes nothing any more. Its lease row is absent, a day after its last renewal, so it cannot renew.
//   Five seconds later it saves nothing. What is still under way lands within the time that is waited.
// - A sweep that ends anywhere is repeated, by any host. All of it may be done twice.
import * as z from 'zod'
import { jitterMs } from '#shared/backoff.ts'
import {
  checkpointListKey,
  checkpointRow,
  checkpointVersion,
  readCheckpointRows,
  unpackCheckpoint,
} from '#shared/ownership/checkpoint.ts'
import { saveUpdate } from '#shared/ownership/guard.ts'
import { leaseKey } from '#shared/ownership/lease.ts'
import type { Runtime } from '#shared/runtime.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Key, Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'

/**
 * How often a host reads checkpoints of dead hosts, ms, and how many at once. A read costs ten units. Half of the
 * time is by chance: hosts that started together would all save the same characters.
 */
const sweepEveryMs = 10 * 60_000
const sweptAtOnce = 16
/** How long the lease row must have been absent, ms. Requests land up to 20 s late. */
const landedMs = 60_000

export type CheckpointSweep = {
  /** Looks at some hosts of the list. Throws as the store does: what is left is swept another time. */
  round(signal?: AbortSignal): Promise<void>
  run(signal: AbortSignal): Promise<void>
}

export function createCheckpointSweep(deps: {
  store: Store
  runtime: Runtime
  host: { bootId: string; realmId: string }
  log: Log
}): CheckpointSweep {
  const { store, runtime, log } = deps
  const { bootId, realmId } = deps.host
  // Each host begins behind itself.
  let after: Key | undefined = checkpointListKey(realmId, bootId)

  async function round(signal?: AbortSignal): Promise<void> {
    const { pk } = checkpointListKey(realmId, bootId)
    const values = { ':pk': pk }
    const limit = sweptAtOnce
    const page = await store.query({
      table: 'core',
      keyCondition: 'pk = :pk',
      values,
      limit,
      after,
    })
    after = page.next
    const gone: string[] = []
    for (const { sk } of page.items) if (await isGone(sk)) gone.push(sk)
    if (gone.length === 0) return
    await runtime.sleep(landedMs, signal)
    let failed: unknown
    for (const id of gone) {
      signal?.throwIfAborted()
      try {
        await sweepHost(store, realmId, id)
      } catch (error) {
        // One that cannot be swept keeps none of the others.
        if (error instanceof StoreError) failed ??= error
        else log.error('checkpoints of a dead host cannot be read', { host: id, error })
      }
    }
    if (failed !== undefined) throw failed
  }

  async function isGone(id: string): Promise<boolean> {
    const key = leaseKey(id)
    return (await store.get({ table: 'volatile', key, consistent: true })) === undefined
  }

  return {
    round,
    async run(signal) {
      for (;;) {
        const waitMs = sweepEveryMs / 2 + jitterMs(runtime, sweepEveryMs)
        await runtime.sleep(waitMs, signal).catch(() => undefined)
        if (signal.aborted) return
        await round(signal).catch((error: unknown) => {
          // What a dead host has left must not end those that live.
          if (error instanceof StoreError || signal.aborted) return
          log.error('the sweep of checkpoints failed', { error })
        })
      }
    },
  }
}

const versionOf = z.object({ v: z.number() })

/**
 * Saves everybody in the checkpoints of a dead host, then deletes these. Throws RowError before it deletes
 * anything, if a row cannot be read.
 */
async function sweepHost(store: Store, realmId: string, bootId: string): Promise<void> {
  const rows: { key: Key; number: number }[] = []
  let next: Key | undefined
  do {
    const page = await store.query(readCheckpointRows(bootId, next))
    // A host of a later version can read them, and will.
    if (page.items.some((item) => readRow(versionOf, item).v > checkpointVersion)) return
    for (const item of page.items) {
      const row = readRow(checkpointRow, item)
      if ('data' in row) await saveAll(store, realmId, row.data)
      rows.push({ key: { pk: item.pk, sk: item.sk }, number: row.number })
    }
    next = page.next
  } while (next !== undefined)
  for (const { key, number } of rows) {
    const condition = '#number = :number'
    const names = { '#number': 'number' }
    await store.delete({ table: 'core', key, condition, names, values: { ':number': number } })
  }
  await store.delete({ table: 'core', key: checkpointListKey(realmId, bootId) })
}

async function saveAll(store: Store, realmId: string, data: Uint8Array): Promise<void> {
  for (const entry of unpackCheckpoint(data)) {
    try {
      await store.update(saveUpdate({ ...entry, realmId }))
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    }
  }
}
