// A checkpoint: the saved state of everybody in an instance, written every 4 s, so that a crash loses at
// most 5 s. checkpoint-rows.ts writes it, this reads it.
//
// It is one row, the head, as long as it fits. A larger one is split into parts, rows of their own, by the
// ids of the characters: a reader needs the head and one part. The head names the number of the checkpoint,
// how many parts it has, and the slot in which they lie. Why no reader mixes two numbers: parts are written
// first, to a slot that no head may name, each with the number; the head follows when all are there. A host
// that dies in between leaves the head of the checkpoint before, and its parts untouched.
//
// Rows stay until everybody in them is saved elsewhere: no time ends them, for a player may come back after a
// year to a host that died with him. A list says whose rows there are, so that they can be swept
// (gameserver/persistence/checkpoint-sweep.ts). A host is on it before its first checkpoint is written:
//   R#<realm>#CHECKPOINTS   <boot id>   core
//
// Layout of the data of a head or a part, little endian, version 2:
//   u8 version, u16 count, count x (16 bytes character id, u32 epoch, u32 save number,
//   u32 bytes, saved state as MessagePack: an array of version, packed fields in their order, and a
//   map of all other fields, if there are any: a reader of another version finds each by its name)
// Version 1 had, behind the save number: u8+text zone, i32 x, i32 y, u16 heading.
// 500 characters take about 24 KB.
import * as z from 'zod'
import { Reader } from '../protocol/bytes.ts'
import { readMsgpack } from '../protocol/msgpack.ts'
import { formatUuid } from '../runtime.ts'
import { readRow } from '../store/row.ts'
import { StoreError } from '../store/store.ts'
import type { Key, Store } from '../store/store.ts'
import type { Guard, SavedState } from './guard.ts'
import { hostPartition } from './lease.ts'
import { readSaved, packedFields } from './saved.ts'
import type { Saved } from './saved.ts'

export type CheckpointEntry = {
  characterId: string
  epoch: number
  saveNumber: number
  saved: Saved
}

export const checkpointVersion = 2

const ofVersion = { v: z.number(), number: z.number() }
const data = z.instanceof(Uint8Array)
/** A head that holds everything, or a part. */
const fullRow = z.object({ ...ofVersion, data })
/** The head of a split checkpoint. */
const splitRow = z.object({ ...ofVersion, parts: z.int(), slot: z.int() })
/** A head of either kind, or a part. A row that is none of these is an error: what is in it must not be lost. */
export const checkpointRow = z.union([fullRow, splitRow])

/** How often a reader begins again when the head and the part that it read do not belong together. */
const readAttempts = 3

export function checkpointKey(bootId: string, instance: string): Key {
  return { pk: hostPartition(bootId), sk: `CHECKPOINT#${instance}` }
}

/** A host that has written checkpoints, in the list of the realm. */
export function checkpointListKey(realmId: string, bootId: string): Key {
  return { pk: `R#${realmId}#CHECKPOINTS`, sk: bootId }
}

/** All heads and parts of a host, each head before its parts, a page at a time. Pass to `store.query`. */
export function readCheckpointRows(bootId: string, after: Key | undefined) {
  return {
    table: 'core' as const,
    keyCondition: 'pk = :pk AND begins_with(sk, :checkpoint)',
    values: { ':pk': hostPartition(bootId), ':checkpoint': 'CHECKPOINT#' },
    consistent: true,
    after,
  }
}

export function checkpointPartKey(
  bootId: string,
  instance: string,
  slot: number,
  part: number,
): Key {
  return { pk: hostPartition(bootId), sk: `CHECKPOINT#${instance}#${slot}#${part}` }
}

/** The part that holds a character. Ids end with random bits. */
export function checkpointPartOf(characterId: string, parts: number): number {
  return Number.parseInt(characterId.slice(-8), 16) % parts
}

/**
 * The data that holds the entry of a character, if there is one; undefined when the host has written no
 * checkpoint of the instance. One trip; two when it is split. Throws a StoreError as a read does, and
 * RowError.
 */
export async function readCheckpoint(
  store: Pick<Store, 'get'>,
  bootId: string,
  instance: string,
  characterId: string,
): Promise<Uint8Array | undefined> {
  for (let attempt = 0; attempt < readAttempts; attempt++) {
    const key = checkpointKey(bootId, instance)
    const head = readRow(checkpointRow, await store.get({ table: 'core', key, consistent: true }))
    if (head === undefined) return undefined
    if ('data' in head) return head.data
    const index = checkpointPartOf(characterId, head.parts)
    const partKey = checkpointPartKey(bootId, instance, head.slot, index)
    const part = readRow(
      fullRow,
      await store.get({ table: 'core', key: partKey, consistent: true }),
    )
    if (part?.number === head.number) return part.data
    // The host lives and has written on: the head names others by now.
  }
  throw new StoreError('unavailable', `the checkpoint of ${instance} changes while it is read`)
}

/** Throws on data that is no checkpoint: it is ours, so that is a defect. */
export function unpackCheckpoint(data: Uint8Array): CheckpointEntry[] {
  const r = new Reader(data)
  const version = r.u8()
  if (version < 1 || version > checkpointVersion) {
    throw new Error(`checkpoint version ${version}, expected ${checkpointVersion}`)
  }
  const count = r.u16()
  const entries: CheckpointEntry[] = []
  for (let i = 0; i < count && !r.failed; i++) {
    const characterId = formatUuid(r.raw(16))
    const epoch = r.u32()
    const saveNumber = r.u32()
    const saved = version === 1 ? readVersion1(r) : unpackSaved(r.raw(r.u32()))
    entries.push({ characterId, epoch, saveNumber, saved })
  }
  if (!r.done())
    throw new Error(`checkpoint of ${data.length} bytes does not hold ${count} entries`)
  return entries
}

function readVersion1(r: Reader): Saved {
  return readSaved({ v: 1, zone: r.text8(), x: r.i32(), y: r.i32(), heading: r.u16() })
}

function unpackSaved(bytes: Uint8Array): Saved {
  const [v, ...values] = readMsgpack(bytes) as unknown[]
  const stored: Record<string, unknown> = { v }
  for (const [index, field] of packedFields.entries()) stored[field] = values[index]
  return readSaved({ ...stored, ...(values[packedFields.length] as object | undefined) })
}

/**
 * Returns the saved state for a new owner. Both the state row and the checkpoint entry count only if their
 * epoch is the guard's epoch BEFORE the take-over; the higher save number wins. A comparison with the new
 * epoch would lose everything since the last save of the row. `data`: of `readCheckpoint`.
 */
export function recover(
  guard: Guard,
  state: SavedState,
  data: Uint8Array | undefined,
): { saved: Saved; saveNumber: number } {
  const entry =
    data === undefined
      ? undefined
      : unpackCheckpoint(data).find(
          (one) => one.characterId === guard.characterId && one.epoch === guard.epoch,
        )
  return entry !== undefined && entry.saveNumber > state.saveNumber
    ? { saved: entry.saved, saveNumber: entry.saveNumber }
    : { saved: state.saved, saveNumber: state.saveNumber }
}
