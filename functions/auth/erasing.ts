// The end of an account, as its own rows say it. In `core`:
//   ERASURES  <ms>#<account>   to be looked at then: to be closed, and once it is closed, to be erased
//   ACCOUNT#<id>  ACCOUNT      `eraseAt` and `closing`, the same
//
// Both change in one transaction. Until it is closed a log-in keeps the account. Nobody logs in to one that is closed;
// its last access token ends before it is erased, so no request of its player writes anything after that.
import * as z from 'zod'
import { eraseSettlesMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Step } from '#shared/store/commit.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'
import type { List } from '../http/page.ts'
import { accountKey } from './store.ts'
import type { AccountRow } from './store.ts'

const pk = 'ERASURES'
/** A host that is cut off, or a store that is busy, may be back by then. */
const laterMs = 10 * 60 * 1000

const erasureRow = z.object({
  accountId: z.string(),
  /** When it is looked at next, Unix ms. */
  at: z.int(),
  askedAt: z.int(),
  closed: z.boolean(),
})

export type Erasure = z.infer<typeof erasureRow>

const skOf = (at: number) => String(at).padStart(15, '0')
const keyOf = ({ at, accountId }: Pick<Erasure, 'at' | 'accountId'>): Key => ({
  pk,
  sk: `${skOf(at)}#${accountId}`,
})

const put = (row: Erasure): Write => ({
  put: { table: 'core', item: { ...keyOf(row), v: 1, ...row } },
})

const remove = (row: Pick<Erasure, 'at' | 'accountId'>): Write => ({
  delete: { table: 'core', key: keyOf(row), condition: 'attribute_exists(pk)' },
})

/** Of an account that is `read` as it is, and not closed. Its sessions end. */
function change(
  accountId: string,
  read: { eraseAt?: number | undefined },
  to: { at: number; closing: boolean },
): Write {
  const asRead = read.eraseAt === undefined ? 'attribute_not_exists(eraseAt)' : 'eraseAt = :was'
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: 'SET eraseAt = :at, closing = :closing, era = if_not_exists(era, :one) + :one',
      condition: `attribute_exists(pk) AND ${asRead} AND (attribute_not_exists(closing) OR closing = :no)`,
      values: {
        ':at': to.at,
        ':closing': to.closing,
        ':one': 1,
        ':no': false,
        ...(read.eraseAt === undefined ? {} : { ':was': read.eraseAt }),
      },
    },
  }
}

/**
 * An account is to be closed at a moment, if nobody logs in to it before; sooner than was asked before, never later.
 * All its sessions end. Throws auth.erasing when it is closed already.
 */
export function askErase(
  accountId: string,
  account: Pick<AccountRow, 'eraseAt' | 'closing'>,
  { now, at }: { now: number; at: number },
): { steps: Step<ProblemCode>[]; at: number } {
  if (account.closing === true) throw new Problem('auth.erasing')
  const { eraseAt } = account
  if (eraseAt !== undefined && eraseAt <= at) return { steps: [], at: eraseAt }
  const before = eraseAt === undefined ? [] : [remove({ accountId, at: eraseAt })]
  const writes = [
    change(accountId, account, { at, closing: false }),
    ...before,
    put({ accountId, at, askedAt: now, closed: false }),
  ]
  return { steps: writes.map((write) => ({ write })), at }
}

/** What a log-in does to an account that is to be erased: it stays. Throws auth.erasing when it is closed. */
export function keepAccount(
  accountId: string,
  { eraseAt, closing }: Pick<AccountRow, 'eraseAt' | 'closing'>,
): Step<ProblemCode>[] {
  if (closing === true) throw new Problem('auth.erasing')
  if (eraseAt === undefined) return []
  const kept: Write = {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: 'REMOVE eraseAt, closing',
      condition: 'eraseAt = :at AND closing = :no',
      values: { ':at': eraseAt, ':no': false },
    },
  }
  return [{ write: kept }, { write: remove({ accountId, at: eraseAt }) }]
}

/** Those that are to be looked at by now, the longest due first. One trip. */
export async function readErasures(store: Store, now: number, limit: number): Promise<Erasure[]> {
  const { items } = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk AND sk < :end',
    values: { ':pk': pk, ':end': skOf(now + 1) },
    limit,
    consistent: true,
  })
  return items.map((item) => readRow(erasureRow, item))
}

/** All of them, the next one first. */
export const erasureList: List<typeof erasureRow> = {
  name: 'personal.erasures',
  query: { table: 'core', keyCondition: 'pk = :pk', values: { ':pk': pk } },
  row: erasureRow,
  positionOf: ({ at, accountId }) => ({ at, id: accountId }),
  keyAt: ({ at, id }) => keyOf({ at, accountId: id }),
}

/** Closes an account whose time has come; false when it has been kept meanwhile. One trip. Throws StoreError. */
export async function closeAccount(store: Store, now: number, row: Erasure): Promise<boolean> {
  const { accountId, askedAt } = row
  const at = now + eraseSettlesMs
  return await unlessChanged(
    store.transact([
      change(accountId, { eraseAt: row.at }, { at, closing: true }),
      remove(row),
      put({ accountId, at, askedAt, closed: true }),
    ]),
  )
}

/** After the last domain, with the audit of it. One trip. */
export async function endErasure(store: Store, row: Erasure, audit: Write): Promise<void> {
  await store.transact([remove(row), audit])
}

/** A closed account is looked at again later; false when another run was faster. One trip. Throws StoreError. */
export async function postponeErasure(store: Store, now: number, row: Erasure): Promise<boolean> {
  return await unlessChanged(store.transact([remove(row), put({ ...row, at: now + laterMs })]))
}

/** False when something was not as it was read. Throws StoreError. */
async function unlessChanged(writing: Promise<void>): Promise<boolean> {
  try {
    await writing
    return true
  } catch (error) {
    if (!(error instanceof StoreError) || !error.reasons.includes('condition')) throw error
    return false
  }
}
