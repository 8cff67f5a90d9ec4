// The store seam: DynamoDB's own operations and expressions, and nothing that DynamoDB lacks.
// Every table has a string partition key `pk` and a string sort key `sk`. Expressions are sent to DynamoDB
// as they are written here; the in-memory implementation evaluates the same expressions.

export type TableName = 'core' | 'ledger' | 'volatile'

/** What an attribute may hold. Numbers are integers within 2^53; bytes are Uint8Array. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | Value[]
  | { [attribute: string]: Value }

export type Key = { pk: string; sk: string }
export type Item = Key & { [attribute: string]: Value }

/** Names (`#n`) and values (`:v`) that an expression speaks of. */
export type Bindings = { names?: Record<string, string>; values?: Record<string, Value> }

export type Get = {
  table: TableName
  key: Key
  /** true: reads all writes answered before it. Default false, which may be a second old. */
  consistent?: boolean
}

export type Query = Bindings & {
  table: TableName
  /** KeyConditionExpression, e.g. `pk = :pk AND begins_with(sk, :prefix)`. */
  keyCondition: string
  /** FilterExpression, applied after `limit` has been counted, as DynamoDB does. */
  filter?: string
  limit?: number
  descending?: boolean
  /** The last key of the page before. */
  after?: Key
  consistent?: boolean
}

export type Page = { items: Item[]; next?: Key }

type Conditioned = Bindings & {
  table: TableName
  /** ConditionExpression. */
  condition?: string
}
export type Put = Conditioned & { item: Item }
export type Update = Conditioned & {
  key: Key
  /** UpdateExpression. */
  update: string
}
export type Delete = Conditioned & { key: Key }
export type Check = Conditioned & { key: Key; condition: string }

export type Write = { put: Put } | { update: Update } | { delete: Delete } | { check: Check }

/**
 * Failures are StoreError; see there. Every method may fail with `unavailable` or `throttled`.
 * Expressions may use no list indexes (emulators disagree about them) and are refused with `invalid`.
 */
export interface Store {
  get(request: Get): Promise<Item | undefined>
  query(request: Query): Promise<Page>
  put(request: Put): Promise<void>
  /** Returns the item after the update (ReturnValues ALL_NEW). */
  update(request: Update): Promise<Item>
  delete(request: Delete): Promise<void>
  /** All or nothing; at most 100 writes, each to another item. */
  transact(writes: Write[]): Promise<void>
}

/**
 * - `condition`: the condition of a single write was not met; `item` is the row as it was, if any.
 * - `cancelled`: a transaction did not happen; `reasons` has one entry a write.
 * - `conflict`: a single write met a transaction in flight; nothing happened, repeat it.
 * - `throttled`: nothing happened, repeat later.
 * - `unavailable`: no answer, or a 5xx. A write MAY have happened (`unclear` is true then).
 * - `invalid`: the store will never take it, see `refusal`: a permanent refusal.
 */
export type StoreErrorKind =
  | 'condition'
  | 'cancelled'
  | 'conflict'
  | 'throttled'
  | 'unavailable'
  | 'invalid'

/**
 * Why the store will never take a request: no permission, a row beyond 400 KB (or a transaction beyond
 * 4 MB), anything else that is wrong with it.
 */
export type PermanentRefusal = 'forbidden' | 'tooLarge' | 'malformed'

export type CancelReason = 'none' | 'condition' | 'conflict' | 'throttled' | 'invalid'

export class StoreError extends Error {
  readonly kind: StoreErrorKind
  /** For `cancelled`: one a write, in order. */
  readonly reasons: CancelReason[]
  /** The row that failed the condition; for `cancelled` one for each write. */
  readonly items: (Item | undefined)[]
  /** true when a write may have happened although no answer came. */
  readonly unclear: boolean
  /** Why the refusal is permanent; undefined when it is not. */
  readonly refusal: PermanentRefusal | undefined

  constructor(
    kind: StoreErrorKind,
    message: string,
    more: {
      reasons?: CancelReason[]
      items?: (Item | undefined)[]
      unclear?: boolean
      /** Default `malformed`, where the kind or a reason is `invalid`. */
      refusal?: PermanentRefusal
      cause?: unknown
    } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'StoreError'
    this.kind = kind
    this.reasons = more.reasons ?? []
    this.items = more.items ?? []
    this.unclear = more.unclear ?? false
    const permanent = kind === 'invalid' || this.reasons.includes('invalid')
    this.refusal = permanent ? (more.refusal ?? 'malformed') : undefined
  }
}

/**
 * What a failure means for its caller. `condition`: a condition was not met, an outcome. `permanent`:
 * the store will never take it. `passing`: sent again later it may succeed, or have succeeded.
 */
export function failureOf(error: StoreError): 'condition' | 'permanent' | 'passing' {
  if (error.refusal !== undefined) return 'permanent'
  return error.kind === 'condition' || error.reasons.includes('condition') ? 'condition' : 'passing'
}

/** Rows with `expires` (Unix seconds) in the past count as absent; DynamoDB deletes them days late. */
export function live<T extends Item>(item: T | undefined, now: number): T | undefined {
  if (item === undefined) return undefined
  const expires = item['expires']
  return typeof expires === 'number' && expires * 1000 <= now ? undefined : item
}

/** The `expires` attribute for a moment: whole seconds, rounded up. */
export function expiresAt(ms: number): number {
  return Math.ceil(ms / 1000)
}
