// Rows of the key ring, all under one partition of `core`, so that one query reads them.
//   HEAD      which key is the newest; every change of the ring is conditioned on it
//   SESSION   the sealed secret that session families are derived from
//   KEY#<id>  one signing key: public in the clear, private sealed
import * as z from 'zod'
import type { Item, Key, Store, Write } from '../store/store.ts'

const pk = 'KEYS'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

const headRow = z.object({ newest: z.string() })
const sessionRow = z.object({ sealed: bytes })
const signingRow = z.object({
  keyId: z.string(),
  /** The public key: `x` of the JWK (RFC 8037). */
  x: z.string(),
  sealed: bytes,
  createdAt: z.int(),
  /** Unix ms from which it signs: later than it is published, so that verifiers know it by then. */
  activeFrom: z.int(),
  /** Unix ms from which nothing signed by it is accepted. Set when its successor is made. */
  retireAt: z.int().optional(),
})

export type SigningRow = z.infer<typeof signingRow>
export type KeyRows = { newest: string; session: Uint8Array; keys: SigningRow[] }

/** All rows, read strongly; undefined when there is no ring yet. One trip. */
export async function readKeyRows(store: Store): Promise<KeyRows | undefined> {
  // A ring holds three keys at most (retired ones are deleted), so one page is all of it.
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': pk },
    consistent: true,
  })
  let newest: string | undefined
  let session: Uint8Array | undefined
  const keys: SigningRow[] = []
  for (const item of page.items) {
    if (item.sk === 'HEAD') newest = headRow.parse(item).newest
    else if (item.sk === 'SESSION') session = sessionRow.parse(item).sealed
    else if (item.sk.startsWith('KEY#')) keys.push(signingRow.parse(item))
  }
  return newest === undefined || session === undefined ? undefined : { newest, session, keys }
}

/** The first key and the session secret; conditioned on there being no ring. */
export function firstWrites(key: SigningRow, sealedSession: Uint8Array): Write[] {
  return [
    { put: { ...absent, item: { pk, sk: 'HEAD', v: 1, newest: key.keyId } } },
    { put: { ...absent, item: { pk, sk: 'SESSION', v: 1, sealed: sealedSession } } },
    { put: { ...absent, item: signingItem(key) } },
  ]
}

/** Adds the next key, ends the one before, deletes `gone`. Condition: the newest key is still as read. */
export function rotationWrites(
  next: SigningRow,
  before: { keyId: string; retireAt: number },
  gone: SigningRow[],
): Write[] {
  return [
    {
      update: {
        table: 'core',
        key: { pk, sk: 'HEAD' },
        update: 'SET newest = :next',
        condition: 'newest = :before',
        values: { ':next': next.keyId, ':before': before.keyId },
      },
    },
    { put: { ...absent, item: signingItem(next) } },
    {
      update: {
        table: 'core',
        key: keyOf(before.keyId),
        update: 'SET retireAt = :at',
        condition: 'attribute_exists(pk)',
        values: { ':at': before.retireAt },
      },
    },
    ...gone.map((key): Write => ({ delete: { table: 'core', key: keyOf(key.keyId) } })),
  ]
}

const absent = { table: 'core', condition: 'attribute_not_exists(pk)' } as const

function keyOf(keyId: string): Key {
  return { pk, sk: `KEY#${keyId}` }
}

function signingItem(key: SigningRow): Item {
  const { retireAt, ...rest } = key
  return { ...keyOf(key.keyId), v: 1, ...rest, ...(retireAt === undefined ? {} : { retireAt }) }
}
