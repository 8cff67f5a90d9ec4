// A changing request takes effect once, however often it is sent (rule 4).
//
// The argument: the effect and the row of the operation's id are written in one transaction, which is
// conditioned on that row being absent. So at most one transaction of an id ever happens, and a row that
// is found says that it happened and with which answer. A transaction whose outcome is unclear is sent
// again unchanged: if it had landed, the repeat meets its own row. One that was unclear and is then
// refused may still be on its way; so the refusal is written under the id first, which bars it.
import { createHash } from 'node:crypto'
import type { OperationId } from '../api/endpoint.ts'
import { createBackoff } from '../backoff.ts'
import { operationKeptMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import type { Item, Key, Put, Store, Write } from './store.ts'
import { StoreError, expiresAt, failureOf, live } from './store.ts'

export type OperationDeps = { store: Store; runtime: Runtime }

/** How long an unclear or busy commit is repeated in all. A caller of HTTP waits no longer. */
const commitMaxMs = 5000
/** Bounds the repeats where waiting takes no time. */
const attemptsMax = 40
/** The first wait, and the longest. */
const backoffMs = { baseMs: 20, maxMs: 500 }
const rowVersion = 1

/** The id of an operation: `name` says which it is, `request` what it asks for. Both are plain data. */
export function operationOf(name: unknown[], request: unknown): OperationId {
  return { hash: digest(canonicalJson(name)), fingerprint: digest(canonicalJson(request)) }
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

/** One write of a commit, and the name of its refusal. */
export type Step<Name extends string> = {
  write: Write
  /**
   * Why the commit is refused when the condition of this write is not met; a function may look at the
   * row that did not meet it. Default `busy`.
   */
  otherwise?: Name | ((row: Item | undefined) => Name)
}

export type Commit<T, Name extends string> = {
  /** The effect; at most 99. */
  steps: readonly Step<Name>[]
  /** Plain JSON, remembered under the id. Never a secret. */
  answer: T
  /** An earlier commit of this id failed, so it may still take effect. */
  unclear?: boolean
  /** The id is remembered without end. Default: as long as a client may send it. */
  forGood?: boolean
}

/**
 * - `done`: it happened now. `repeated`: it had happened under this id, with this answer.
 * - `mismatch`: the id was used with another request.
 * - `refused`: a condition was not met. `busy` is not remembered: the same id may yet succeed.
 */
export type Outcome<T, Name extends string> =
  | { outcome: 'done' | 'repeated'; answer: T }
  | { outcome: 'mismatch' }
  | { outcome: 'refused'; refused: Name | 'busy' }

/**
 * Makes the writes of all steps happen once under the operation's id. One store trip when nothing is in
 * the way. Throws StoreError: a permanent refusal at once, a passing failure after up to 5 s; the same
 * id may then be sent again and learns how it ended.
 */
export async function commit<T, Name extends string = never>(
  deps: OperationDeps,
  op: OperationId,
  request: Commit<T, Name>,
): Promise<Outcome<T, Name>> {
  const { runtime } = deps
  const started = runtime.now()
  const backoff = createBackoff(runtime, backoffMs)
  const { answer, unclear = false, forGood = false } = request
  const row = remember(op, { answer: JSON.stringify(answer) }, started, forGood)
  const progress: Progress = { row, unclear }
  for (let attempt = 0; ; attempt++) {
    const begun = runtime.now()
    try {
      return await tryCommit(deps, op, request, progress)
    } catch (error) {
      if (!(error instanceof StoreError) || failureOf(error) !== 'passing') throw error
      const waitMs = backoff.next()
      // The next attempt may take as long as this one: a silent store is waited for each time.
      const ended = runtime.now()
      const nextEnds = ended + waitMs + (ended - begun)
      if (attempt >= attemptsMax || nextEnds - started > commitMaxMs) throw error
      await runtime.sleep(waitMs)
    }
  }
}

/** `unclear`: an attempt is not known to have failed, so it may still take effect. */
type Progress = { readonly row: Put; unclear: boolean }

/** Throws StoreError while the outcome is not settled. */
async function tryCommit<T, Name extends string>(
  deps: OperationDeps,
  op: OperationId,
  { steps, answer, forGood = false }: Commit<T, Name>,
  progress: Progress,
): Promise<Outcome<T, Name>> {
  try {
    await deps.store.transact([...steps.map(({ write }) => write), { put: progress.row }])
    return { outcome: 'done', answer }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    progress.unclear ||= error.unclear
    const cancelled = readCancellation(error, steps.length)
    // A twin of this request holds the row. This reads again before it judges the refusal.
    if (cancelled === 'twin')
      throw new StoreError('conflict', 'a twin is under way', { cause: error })
    if (cancelled === 'other') throw error
    // A refusal does not say that the row is absent: DynamoDB need not report every reason.
    const found = error.items[steps.length] ?? (await readRow(deps.store, op))
    const row = live(found, deps.runtime.now())
    if (row !== undefined) return readOutcome<T, Name>(row, op)
    // The row expired or vanished in between: the next attempt settles it.
    if (cancelled === 'known') throw new StoreError('conflict', 'the row changed', { cause: error })
    const refused = refusalOf(steps, error)
    // "Try again" is no outcome: a write still on its way may decide it, and the repeat finds that outcome.
    if (progress.unclear && refused !== 'busy') await bar(deps, op, refused, forGood)
    return { outcome: 'refused', refused }
  }
}

function refusalOf<Name extends string>(
  steps: readonly Step<Name>[],
  error: StoreError,
): Name | 'busy' {
  const index = error.reasons.indexOf('condition')
  const otherwise = steps[index]?.otherwise ?? 'busy'
  return typeof otherwise === 'function' ? otherwise(error.items[index]) : otherwise
}

/** How the operation of this id ended; undefined when nothing is known of it. One trip. */
export async function recall<T, Name extends string = never>(
  { store, runtime }: OperationDeps,
  op: OperationId,
): Promise<Outcome<T, Name> | undefined> {
  const row = live(await readRow(store, op), runtime.now())
  return row === undefined ? undefined : readOutcome<T, Name>(row, op)
}

/**
 * Ends an operation as refused by what its caller has read, unless it has ended before. `unclear`: an earlier
 * commit of this id failed, so the refusal is written under the id. One trip, or two. Throws StoreError; the
 * same id may then be refused or committed again.
 */
export async function refuse<T, Name extends string>(
  deps: OperationDeps,
  op: OperationId,
  request: { refused: Name; unclear: boolean; forGood?: boolean },
): Promise<Outcome<T, Name>> {
  const { refused, unclear, forGood = false } = request
  const known = await recall<T, Name>(deps, op)
  if (known !== undefined) return known
  if (unclear) await bar(deps, op, refused, forGood)
  return { outcome: 'refused', refused }
}

/**
 * `known`: the row of the id is there. `twin`: another transaction holds it. `refused`: a condition of
 * the effect was not met.
 */
function readCancellation(
  error: StoreError,
  rowIndex: number,
): 'known' | 'twin' | 'refused' | 'other' {
  if (error.kind !== 'cancelled' || error.refusal !== undefined) return 'other'
  if (error.reasons[rowIndex] === 'condition') return 'known'
  if (error.reasons[rowIndex] === 'conflict') return 'twin'
  return error.reasons.includes('condition') ? 'refused' : 'other'
}

function rowKey(op: OperationId): Key {
  return { pk: `OP#${op.hash}`, sk: 'OP' }
}

/** The row of an operation, to be put where none is that still counts. */
function remember(
  op: OperationId,
  outcome: { answer: string } | { refused: string },
  now: number,
  forGood: boolean,
): Put {
  return {
    table: 'core',
    item: {
      ...rowKey(op),
      v: rowVersion,
      fingerprint: op.fingerprint,
      ...outcome,
      ...(forGood ? {} : { expires: expiresAt(now + operationKeptMs) }),
    },
    condition: 'attribute_not_exists(pk) OR expires <= :now',
    values: { ':now': Math.floor(now / 1000) },
  }
}

async function readRow(store: Store, op: OperationId): Promise<Item | undefined> {
  return await store.get({ table: 'core', key: rowKey(op), consistent: true })
}

function readOutcome<T, Name extends string>(row: Item, op: OperationId): Outcome<T, Name> {
  if (row['fingerprint'] !== op.fingerprint) return { outcome: 'mismatch' }
  const { answer, refused } = row
  if (typeof answer === 'string') return { outcome: 'repeated', answer: JSON.parse(answer) as T }
  if (typeof refused === 'string') return { outcome: 'refused', refused: refused as Name }
  throw new Error(`the row of operation ${op.hash} holds neither answer nor refusal`)
}

/**
 * Writes the refusal under the id, so that no attempt which is still on its way can take effect.
 * When that cannot be done, or when it has taken effect by now, the next attempt settles it.
 */
async function bar(
  deps: OperationDeps,
  op: OperationId,
  refused: string,
  forGood: boolean,
): Promise<void> {
  try {
    await deps.store.put(remember(op, { refused }, deps.runtime.now(), forGood))
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    throw new StoreError('conflict', 'the operation was settled meanwhile', { cause: error })
  }
}
