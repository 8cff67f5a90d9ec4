// Writing a checkpoint: its rows, and the slots of its parts (layout and argument in checkpoint.ts).
import { Packr } from 'msgpackr'
import { checkpointPartBytes } from '../limits.ts'
import { Writer } from '../protocol/bytes.ts'
import type { Key, Put, Value } from '../store/store.ts'
import {
  checkpointKey,
  checkpointPartKey,
  checkpointPartOf,
  checkpointVersion,
} from './checkpoint.ts'
import type { CheckpointEntry } from './checkpoint.ts'
import { packedFields, toStored } from './saved.ts'
import type { Saved } from './saved.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const headBytes = 3

/** `parts` before `head`, all of them. Empty `parts`: the head holds everything. */
export type CheckpointRows = { parts: Put[]; head: Put }

/**
 * The rows of an instance's checkpoint. Each is written only over one with a lower number: a late one never
 * replaces a newer. `slot`: where parts go, if there are any; no head that may have landed may name it.
 */
export function checkpointRows(
  bootId: string,
  instance: string,
  number: number,
  entries: readonly CheckpointEntry[],
  slot = 0,
): CheckpointRows {
  const packed = split(entries.map((entry) => ({ entry, bytes: packEntry(entry) })))
  const key = checkpointKey(bootId, instance)
  if (packed.length === 1) return { parts: [], head: rowPut(key, number, { data: packed[0]! }) }
  return {
    parts: packed.map((data, part) =>
      rowPut(checkpointPartKey(bootId, instance, slot, part), number, { data }),
    ),
    head: rowPut(key, number, { parts: packed.length, slot }),
  }
}

function rowPut(key: Key, number: number, fields: Record<string, Value>): Put {
  return {
    table: 'core',
    condition: 'attribute_not_exists(pk) OR #number < :number',
    names: { '#number': 'number' },
    values: { ':number': number },
    item: { ...key, v: checkpointVersion, number, ...fields },
  }
}

type Packed = { entry: CheckpointEntry; bytes: Uint8Array }

/** In as few parts as it takes for each to fit. */
function split(packed: readonly Packed[]): Uint8Array[] {
  let total = headBytes
  for (const { bytes } of packed) total += bytes.length
  for (let count = Math.ceil(total / checkpointPartBytes); ; count++) {
    const parts: Packed[][] = Array.from({ length: count }, () => [])
    for (const one of packed) parts[checkpointPartOf(one.entry.characterId, count)]!.push(one)
    const data = parts.map(joinEntries)
    // Ids that end alike stay together: a part of one entry always fits.
    const fits = data.every(({ length }, part) => {
      return length <= checkpointPartBytes || parts[part]!.length === 1
    })
    if (fits || count > packed.length) return data
  }
}

function joinEntries(packed: readonly Packed[]): Uint8Array {
  const w = new Writer(1024).u8(checkpointVersion).u16(packed.length)
  for (const { bytes } of packed) w.raw(bytes)
  return w.copy()
}

function packEntry({ characterId, epoch, saveNumber, saved }: CheckpointEntry): Uint8Array {
  const w = new Writer(64)
  const hex = characterId.replaceAll('-', '')
  for (let i = 0; i < 32; i += 2) w.u8(Number.parseInt(hex.slice(i, i + 2), 16))
  const bytes = packSaved(saved)
  return w.u32(epoch).u32(saveNumber).u32(bytes.length).raw(bytes).copy()
}

/** Version, packed fields in their order, and all other fields by name, if there are any. */
function packSaved(saved: Saved): Uint8Array {
  const { v, ...rest } = toStored(saved)
  const values = packedFields.map((field) => rest[field])
  for (const field of packedFields) delete rest[field]
  return packr.pack([v, ...values, ...(Object.keys(rest).length === 0 ? [] : [rest])])
}

/** Whether two saved states are stored alike. */
export function sameSaved(a: Saved, b: Saved): boolean {
  const [one, other] = [packSaved(a), packSaved(b)]
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
