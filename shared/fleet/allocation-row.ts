// The rows of allocation requests: which process asks the fleet for a host, and which host it got.
//
// A row names one host, once and for all processes: the write has the condition that none is named yet. The
// host itself names itself too, before it opens (`claimRequest`). So of two hosts that one request took, as
// late as the second may come, one is named and the other gives itself back.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { readRow } from '../store/row.ts'
import { expiresAt, live, StoreError } from '../store/store.ts'
import type { Key, Put, Store, Value } from '../store/store.ts'
import type { FleetHost } from './fleet.ts'

/** The rows outlive anything that could still be under way. */
const rowKeptMs = 24 * 60 * 60 * 1000

/**
 * `ask`: the id of the attempt that asks the fleet for this request. `host`: the name of the host that it got;
 * `boot`, `address` and `port` are what the fleet says of it. A row of an older version has only the name.
 */
const requestRow = z.object({
  ask: z.string(),
  askedAt: z.number(),
  host: z.string().optional(),
  boot: z.string().optional(),
  address: z.string().optional(),
  port: z.number().optional(),
})

export type AllocationRequest = z.infer<typeof requestRow>

/** A host as a row names it. */
export type NamedHost = Pick<FleetHost, 'name' | 'bootId' | 'address' | 'port'>

/** The hash under which a request is known: 40 signs of the 63 that a label may have. No two share it. */
export function hashOf(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex').slice(0, 40)
}

function keyOf(request: string): Key {
  return { pk: `ALLOCATION#${request}`, sk: 'ROW' }
}

/** One trip, strong. */
export async function readRequest(
  store: Store,
  request: string,
  now: number,
): Promise<AllocationRequest | undefined> {
  const item = await store.get({ table: 'volatile', key: keyOf(request), consistent: true })
  return readRow(requestRow, live(item, now))
}

/** Writes the row in place of the row that was read, unless another process has changed it since. */
export async function writeRequest(
  store: Store,
  request: string,
  row: AllocationRequest,
  seen: AllocationRequest | undefined,
  now: number,
): Promise<boolean> {
  const known = Object.entries(row).filter(([, value]) => value !== undefined)
  try {
    await store.put({
      table: 'volatile',
      item: {
        ...(Object.fromEntries(known) as AllocationRequest & Record<string, Value>),
        ...keyOf(request),
        v: 1,
        expires: expiresAt(now + rowKeptMs),
      },
      ...conditionOf(seen, now),
    })
    return true
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'condition' || error.kind === 'conflict') return false
    if (!error.unclear) throw error
    // The write may have happened. The row shows it.
    const there = await readRequest(store, request, now)
    return there?.ask === row.ask && there.host === row.host
  }
}

/** Names the host in the row that was read, unless another process has changed it since. */
export async function nameHost(
  store: Store,
  request: string,
  row: AllocationRequest,
  host: NamedHost,
  now: number,
): Promise<boolean> {
  return await writeRequest(store, request, withHost(row, host), row, now)
}

function withHost(
  { ask, askedAt }: AllocationRequest,
  { name, bootId, address, port }: NamedHost,
): AllocationRequest {
  return { ask, askedAt, host: name, boot: bootId, address, port }
}

/**
 * For a host that was allocated for a request, before it opens. `surplus`: the request has another host, so
 * this one is to give itself back. Safe to repeat. Fails with StoreError: then nothing is known.
 */
export async function claimRequest(
  store: Store,
  request: string,
  host: NamedHost,
  now: number,
): Promise<'named' | 'surplus'> {
  for (;;) {
    const row = await readRequest(store, request, now)
    if (row?.host !== undefined) return row.host === host.name ? 'named' : 'surplus'
    // Without a row the process that asked has given up. The next one that asks gets this host.
    const named = withHost(row ?? { ask: host.name, askedAt: now }, host)
    if (await writeRequest(store, request, named, row, now)) return 'named'
  }
}

function conditionOf(
  seen: AllocationRequest | undefined,
  now: number,
): Pick<Put, 'condition' | 'values'> {
  if (seen === undefined) {
    // An expired row may still lie there.
    const condition = 'attribute_not_exists(pk) OR expires <= :now'
    return { condition, values: { ':now': Math.floor(now / 1000) } }
  }
  const { ask, host } = seen
  return host === undefined
    ? { condition: 'ask = :ask AND attribute_not_exists(host)', values: { ':ask': ask } }
    : { condition: 'ask = :ask AND host = :host', values: { ':ask': ask, ':host': host } }
}

/** Nothing came of this attempt. A row that stays only makes the next one wait. A host that is named stays so. */
export async function forgetRequest(store: Store, request: string, ask: string): Promise<void> {
  await store
    .delete({
      table: 'volatile',
      key: keyOf(request),
      condition: 'ask = :ask AND attribute_not_exists(host)',
      values: { ':ask': ask },
    })
    .catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
}
