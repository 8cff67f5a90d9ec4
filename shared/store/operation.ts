// A changing request takes effect once, however often it is sent (rule 4).
//
// The argument: the effect and the row of the operation's id are written in one transaction, which is
// conditioned on that row being absent. So at most one transaction of an id ever happens, and whoever
// finds the row knows that it happened and with which answer. A transaction whose outcome is unclear
// is sent again unchanged: if it had landed, the repeat meets its own row. One that was unclear and is
// then refused may still be on its way; so the refusal is written under the id first, which bars it.
import { createHash } from 'node:crypto'
import type { OperationId } from '../api/endpoint.ts'
import { operationKeptMs, operationMaxAgeMs, operationMaxAheadMs } from '../limits.ts'
import type { ProblemCode } from '../problem.ts'
import { PROBLEMS, Problem } from '../problem.ts'
import type { Runtime } from '../runtime.ts'
import { birthOfId } from '../runtime.ts'
import type { Item, Key, Put, Store, Write } from './store.ts'
import { StoreError, expiresAt, live } from './store.ts'

export type OperationDeps = { store: Store; runtime: Runtime }

/** How long an unclear or busy commit is repeated in all. A caller of HTTP waits no longer. */
const commitMaxMs = 5000
/** Bounds the repeats where waiting takes no time. */
const attemptsMax = 40
/** Waits grow from about this to about that, in ms. */
const backoffFirstMs = 20
const backoffMaxMs = 500
const rowVersion = 1

/**
 * Reads a client's Idempotency-Key. `scope` is who sends it: the account or, before there is one, the
 * address; `route` the method and path of the declaration; `request` the parsed params and body.
 * Throws Problem operation.missing, .invalid, .too_old or .from_future.
 */
export function parseOperationId(
  header: string | undefined,
  sent: { scope: string; route: string; request: unknown; now: number },
): OperationId {
  if (header === undefined || header === '') throw new Problem('operation.missing')
  const id = header.toLowerCase()
  const birth = birthOfId(id)
  if (birth === undefined) throw new Problem('operation.invalid')
  if (birth < sent.now - operationMaxAgeMs) throw new Problem('operation.too_old')
  if (birth > sent.now + operationMaxAheadMs) throw new Problem('operation.from_future')
  return {
    hash: digest(canonicalJson([sent.scope, sent.route, id])),
    fingerprint: digest(canonicalJson(sent.request)),
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** JSON with the keys of objects in order and without what is undefined: equal data, equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([k, entry]) => `${JSON.stringify(k)}:${canonicalJson(entry)}`).join(',')}}`
}

export type Commit<T> = {
  /** The effect; at most 99 writes. */
  writes: Write[]
  /** Plain JSON, remembered under the id. Never a secret. */
  answer: T
  /**
   * Names the refusal for the write whose condition failed (`index` into `writes`) and the row that
   * failed it. Default: world.busy.
   */
  refuse?: (index: number, item: Item | undefined) => Problem | undefined
}

/**
 * Makes the writes happen once under the operation's id and answers `answer`; a repeat answers what
 * was remembered. One store trip when nothing is in the way. Throws Problem: what `refuse` says,
 * operation.mismatch, world.busy, store.unavailable.
 */
export async function commit<T>(
  deps: OperationDeps,
  op: OperationId,
  request: Commit<T>,
): Promise<T> {
  const { runtime } = deps
  const started = runtime.now()
  const progress: Progress = {
    row: remember(op, { answer: JSON.stringify(request.answer) }, started),
    unclear: false,
  }
  for (let attempt = 0; ; attempt++) {
    const begun = runtime.now()
    try {
      return await tryCommit(deps, op, request, progress)
    } catch (error) {
      // Problems are outcomes; of the store's failures only the passing ones are worth a repeat.
      const problem = storeProblem(error)
      if (problem === undefined) throw error
      const waitMs = backoffMs(runtime, attempt)
      // The next attempt may take as long as this one: a silent store is waited for each time.
      const ended = runtime.now()
      const nextEnds = ended + waitMs + (ended - begun)
      if (attempt >= attemptsMax || nextEnds - started > commitMaxMs) throw problem
      await runtime.sleep(waitMs)
    }
  }
}

/** `unclear`: an attempt is not known to have failed, so it may still take effect. */
type Progress = { readonly row: Put; unclear: boolean }

/** Throws Problem when the outcome is settled, StoreError when it is not. */
async function tryCommit<T>(
  deps: OperationDeps,
  op: OperationId,
  { writes, answer, refuse }: Commit<T>,
  progress: Progress,
): Promise<T> {
  try {
    await deps.store.transact([...writes, { put: progress.row }])
    return answer
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    progress.unclear ||= error.unclear
    const outcome = readCancellation(error, writes.length)
    if (outcome === 'other') throw error
    // A refusal does not say that the row is absent: DynamoDB need not report every reason.
    const found = error.items[writes.length] ?? (await readRow(deps.store, op))
    const row = live(found, deps.runtime.now())
    if (row !== undefined) return readAnswer<T>(row, op)
    // The row expired or vanished in between: the next attempt settles it.
    if (outcome === 'known') throw new StoreError('conflict', 'the row changed', { cause: error })
    const index = error.reasons.indexOf('condition')
    const problem =
      refuse?.(index, error.items[index]) ?? new Problem('world.busy', { retryAfterS: 1 })
    // "Try again" is no outcome: whatever is still on its way may settle it, and the repeat learns it.
    if (progress.unclear && problem.code !== 'world.busy') await bar(deps, op, problem)
    throw problem
  }
}

/** What was answered under this id, if anything was. Throws Problem operation.mismatch. */
export async function recall<T>(
  { store, runtime }: OperationDeps,
  op: OperationId,
): Promise<{ answer: T } | undefined> {
  const row = live(await readRow(store, op), runtime.now())
  return row === undefined ? undefined : { answer: readAnswer<T>(row, op) }
}

/**
 * The Problem to answer with when the store failed in a way that passes: store.unavailable or
 * world.busy. Undefined for all other errors, which are defects or outcomes of a condition.
 */
export function storeProblem(error: unknown): Problem | undefined {
  if (!(error instanceof StoreError)) return undefined
  const busy = () => new Problem('world.busy', { retryAfterS: 1, cause: error })
  const unavailable = () => new Problem('store.unavailable', { retryAfterS: 2, cause: error })
  switch (error.kind) {
    case 'unavailable':
    case 'throttled':
      return unavailable()
    case 'conflict':
      return busy()
    case 'cancelled':
      if (error.reasons.includes('conflict')) return busy()
      return error.reasons.includes('throttled') ? unavailable() : undefined
    case 'condition':
    case 'invalid':
      return undefined
  }
}

/** `known`: the row of the id is there; `refused`: a condition of the effect failed. */
function readCancellation(error: StoreError, rowIndex: number): 'known' | 'refused' | 'other' {
  if (error.kind !== 'cancelled') return 'other'
  if (error.reasons[rowIndex] === 'condition') return 'known'
  // A twin of this request holds the row: look again before judging what it has changed.
  if (error.reasons[rowIndex] === 'conflict') return 'other'
  return error.reasons.includes('condition') ? 'refused' : 'other'
}

function rowKey(op: OperationId): Key {
  return { pk: `OP#${op.hash}`, sk: 'OP' }
}

/** The row of an operation, to be put where none is that still counts. */
function remember(
  op: OperationId,
  outcome: { answer: string } | { refused: ProblemCode },
  now: number,
): Put {
  return {
    table: 'core',
    item: {
      ...rowKey(op),
      v: rowVersion,
      fingerprint: op.fingerprint,
      ...outcome,
      expires: expiresAt(now + operationKeptMs),
    },
    condition: 'attribute_not_exists(pk) OR expires <= :now',
    values: { ':now': Math.floor(now / 1000) },
  }
}

async function readRow(store: Store, op: OperationId): Promise<Item | undefined> {
  return await store.get({ table: 'core', key: rowKey(op), consistent: true })
}

function readAnswer<T>(row: Item, op: OperationId): T {
  if (row['fingerprint'] !== op.fingerprint) throw new Problem('operation.mismatch')
  const { answer, refused } = row
  if (typeof answer === 'string') return JSON.parse(answer) as T
  if (typeof refused === 'string' && refused in PROBLEMS) throw new Problem(refused as ProblemCode)
  throw new Error(`the row of operation ${op.hash} holds neither answer nor refusal`)
}

/**
 * Writes the refusal under the id, so that no attempt which is still on its way can take effect.
 * When that cannot be done, or when it has taken effect by now, the next attempt settles it.
 */
async function bar(deps: OperationDeps, op: OperationId, problem: Problem): Promise<void> {
  try {
    await deps.store.put(remember(op, { refused: problem.code }, deps.runtime.now()))
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    throw new StoreError('conflict', 'the operation was settled meanwhile', { cause: error })
  }
}

/** Grows by doubling; half of it is chance, so that twins part. */
function backoffMs(runtime: Pick<Runtime, 'randomBytes'>, attempt: number): number {
  const full = Math.min(backoffMaxMs, backoffFirstMs * 2 ** attempt)
  return full / 2 + (full / 2) * (runtime.randomBytes(1)[0]! / 256)
}
