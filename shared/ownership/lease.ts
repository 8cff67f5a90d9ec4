// The lease row: one for each host process, renewed every second. It says whether the process may still be
// alive. A lease never decides who owns a character. The guard does. The lease only shows others when they
// may take the character over.
//
// The key carries the boot id, never a machine or slot name: a host that came back quickly would make
// its dead predecessor look alive. A lease row that is absent is dead.
import * as z from 'zod'
import {
  clockOffMaxMs,
  hostRowsKeptMs,
  leaseDeadAfterMs,
  leaseReadGapMs,
  leaseRenewMs,
} from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { readRow } from '../store/row.ts'
import { expiresAt, StoreError } from '../store/store.ts'
import type { Item, Key, Store, Write } from '../store/store.ts'
import { removeCard, removeCopies } from './listing.ts'
import { enterRing, leaveRing } from './ring.ts'

const leaseRow = z.object({
  /** Number of the last renewal. */
  renewal: z.int(),
  /** The process has ended, or owns no character any more. */
  ended: z.boolean().default(false),
  /** The renewal that another host saw standing still. */
  suspect: z.int().optional(),
  /** When the last renewal was sent, Unix ms by the host's clock. A host of an older version sends no time. */
  at: z.number().optional(),
})

/** What a lease row says of the life of its host. */
export type Lease = z.infer<typeof leaseRow>

/** What a lease row says of the host itself. */
export const hostRow = z.object({
  address: z.string(),
  instances: z.array(z.object({ realmId: z.string(), zone: z.string(), instance: z.string() })),
  /** The version of its content. */
  content: z.string().default(''),
})

export type HostInstance = z.infer<typeof hostRow>['instances'][number]

/** A judgement over the owner of a character. */
export type Observation =
  /** Dead: the row was absent, ended, or not renewed. `check` repeats that as a condition. */
  { dead: true; check: Write } | { dead: false }

export function hostPartition(bootId: string): string {
  return `HOST#${bootId}`
}

export function leaseKey(bootId: string): Key {
  return { pk: hostPartition(bootId), sk: 'LEASE' }
}

/** Writes the row of a new host. Fails with `condition` when the boot id is not new. */
export async function createLease(
  store: Store,
  now: number,
  host: {
    bootId: string
    address: string
    protocol: number
    content: string
    /** `x` of the key whose signatures prove that it is this host (shared/keys/host.ts). */
    publicKey: string
    instances: HostInstance[]
  },
): Promise<void> {
  await store.put({
    table: 'volatile',
    condition: 'attribute_not_exists(pk)',
    item: {
      ...leaseKey(host.bootId),
      v: 1,
      renewal: 0,
      at: now,
      address: host.address,
      protocol: host.protocol,
      content: host.content,
      publicKey: host.publicKey,
      instances: host.instances.map((at) => ({ ...at })),
      expires: expiresAt(now + hostRowsKeptMs),
    },
  })
  for (const realmId of new Set(host.instances.map((at) => at.realmId))) {
    await enterRing(store, now, realmId, host.bootId)
  }
}

/**
 * The lease of a host; undefined when there is none. One trip, strong by default. Throws RowError for a row that
 * this version cannot read. No character of that host can then be taken over until the row has expired.
 */
export async function readLease(
  store: Pick<Store, 'get'>,
  bootId: string,
  { consistent = true }: { consistent?: boolean } = {},
): Promise<Lease | undefined> {
  const key = leaseKey(bootId)
  return readRow(leaseRow, await store.get({ table: 'volatile', key, consistent }))
}

/** A host, and what its lease row says of it; undefined when there is none. One trip, strong. */
export async function readHost(
  store: Store,
  bootId: string,
): Promise<(Lease & z.infer<typeof hostRow>) | undefined> {
  const row = await store.get({ table: 'volatile', key: leaseKey(bootId), consistent: true })
  return readRow(leaseRow.extend(hostRow.shape), row)
}

/** `x` of a host's public key while its lease is not ended. Read strongly. One trip. */
export async function readHostKey(store: Store, bootId: string): Promise<string | undefined> {
  const row = await store.get({ table: 'volatile', key: leaseKey(bootId), consistent: true })
  const x = row?.['publicKey']
  return row?.['ended'] === true || typeof x !== 'string' ? undefined : x
}

/**
 * Renews with a number higher than any before. `lost`: the row is absent or ended; the host must end every
 * stay. A renewal that arrives after a later one changes nothing and counts as `held`.
 * Other failures of the store are thrown: whether the lease holds is then not known.
 */
export async function renewLease(
  store: Store,
  now: number,
  bootId: string,
  renewal: number,
): Promise<'held' | 'lost'> {
  try {
    await store.update({
      table: 'volatile',
      key: leaseKey(bootId),
      update: 'SET renewal = :n, #at = :now, expires = :expires',
      condition: 'attribute_exists(pk) AND attribute_not_exists(ended) AND renewal < :n',
      names: { '#at': 'at' },
      values: { ':n': renewal, ':now': now, ':expires': expiresAt(now + hostRowsKeptMs) },
    })
    return 'held'
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    const row = error.items[0]
    return row !== undefined && row['ended'] !== true ? 'held' : 'lost'
  }
}

/**
 * Ends the lease: the process of the boot id has ended, or owns no character any more. Others may take over
 * its characters at once, and its instances take no more players. Call it only after the process was seen to
 * end, or from the process itself. Safe to repeat; nothing happens when the row is absent.
 */
export async function endLease(store: Store, bootId: string): Promise<void> {
  let row: Item
  try {
    row = await store.update({
      table: 'volatile',
      key: leaseKey(bootId),
      update: 'SET ended = :true',
      condition: 'attribute_exists(pk)',
      values: { ':true': true },
    })
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'condition') return
    throw error
  }
  for (const at of readRow(hostRow, row).instances) {
    await leaveRing(store, at.realmId, bootId)
    await removeCard(store, at.realmId, { zone: at.zone, bootId, instance: at.instance })
  }
}

/** Condition: the row is as it was read. Its host has not renewed it since. */
function unchanged(bootId: string, renewal: number): Write {
  return {
    check: {
      table: 'volatile',
      key: leaseKey(bootId),
      condition: 'renewal = :n',
      values: { ':n': renewal },
    },
  }
}

/** Judges the owner of a character from its lease, read strongly. */
export function judgeLease(bootId: string, lease: Lease | undefined): Observation {
  const key = leaseKey(bootId)
  if (lease === undefined) {
    return {
      dead: true,
      check: { check: { table: 'volatile', key, condition: 'attribute_not_exists(pk)' } },
    }
  }
  if (!lease.ended) return { dead: false }
  return {
    dead: true,
    check: {
      check: {
        table: 'volatile',
        key,
        condition: 'ended = :true AND renewal = :n',
        values: { ':true': true, ':n': lease.renewal },
      },
    },
  }
}

/**
 * Judges a lease, read strongly, by the mark of another host (`suspectLease`). The mark is enough for a
 * take-over, which fences a host that wakes. It does not prove that the process has ended.
 */
export function judgeSuspect(bootId: string, { renewal, suspect }: Lease): Observation {
  if (suspect !== renewal) return { dead: false }
  return { dead: true, check: unchanged(bootId, renewal) }
}

/** The reads of a lease that is not renewed: the same number, and since when. */
export type Sighting = {
  bootId: string
  renewal: number
  /** First and latest successful read of this number, ms by one clock. */
  since: number
  last: number
}

/**
 * Adds one more read of a lease to what an observer has seen of it. A lease is dead if its number stayed the
 * same for `leaseDeadAfterMs`, in reads at most `leaseReadGapMs` apart. After a larger gap the observation
 * begins anew, because the gap hides what happened. A number counts from the answer to its first read until the
 * last one was sent: never for too long, however slow they were.
 */
export function sightLease(
  before: Sighting | undefined,
  bootId: string,
  { renewal }: Lease,
  { sent, answered }: { sent: number; answered: number },
): Sighting {
  const goesOn =
    before?.bootId === bootId && before.renewal === renewal && isNear(before.last, sent)
  if (!goesOn) return { bootId, renewal, since: answered, last: answered }
  return { ...before, last: Math.max(sent, before.last) }
}

/**
 * The sighting of another observer, by the clock of this one. The time from one to the other does not count:
 * two clocks would measure it. Undefined when it is too old to go on with.
 */
export function takeSighting(told: Sighting, now: number): Sighting | undefined {
  if (!isNear(told.last, now)) return undefined
  return { ...told, since: now - (told.last - told.since), last: now }
}

function isNear(last: number, now: number): boolean {
  return Math.abs(now - last) <= leaseReadGapMs
}

/** The judgement over a sighting: dead, with the condition that nothing has moved since. */
export function judgeSighting(sighting: Sighting): Observation {
  if (sighting.last - sighting.since < leaseDeadAfterMs) return { dead: false }
  return { dead: true, check: unchanged(sighting.bootId, sighting.renewal) }
}

/**
 * Writes down for everybody that the lease has been seen unchanged for `leaseSuspectAfterMs`: until it is
 * renewed its holder may be taken for dead (`judgeSuspect`), and newcomers are not sent there. Nothing
 * happens when it has renewed or ended.
 */
export async function suspectLease(store: Store, sighting: Sighting): Promise<void> {
  let row: Item
  try {
    row = await store.update({
      table: 'volatile',
      key: leaseKey(sighting.bootId),
      update: 'SET suspect = :n',
      condition: 'renewal = :n AND attribute_not_exists(ended)',
      values: { ':n': sighting.renewal },
    })
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'condition') return
    throw error
  }
  for (const { realmId, zone, instance } of readRow(hostRow, row).instances) {
    await removeCopies(store, realmId, { zone, bootId: sighting.bootId, instance })
  }
}

/** A renewal that lives comes by then. */
const renewedByMs = 2 * leaseRenewMs

/**
 * How far the clock of a host is ahead of the reader's, ms; negative when it is behind. Undefined when it is
 * within a minute, and when the host does not renew its lease: its time is then only old. `lease`: as it was
 * just read, strongly. One trip more, after 2 s, for a host that seems behind.
 */
export async function clockOff(
  { store, runtime }: { store: Store; runtime: Pick<Runtime, 'now' | 'sleep'> },
  bootId: string,
  lease: Lease,
): Promise<number | undefined> {
  const ahead = aheadOf(lease, runtime.now())
  if (lease.ended || Math.abs(ahead) <= clockOffMaxMs) return undefined
  if (ahead > 0) return ahead
  await runtime.sleep(renewedByMs)
  const again = await readLease(store, bootId)
  if (again === undefined || again.renewal === lease.renewal) return undefined
  const still = aheadOf(again, runtime.now())
  return Math.abs(still) <= clockOffMaxMs ? undefined : still
}

/** Without its time nothing is known of a host's clock. */
function aheadOf({ at }: Lease, now: number): number {
  return (at ?? now) - now
}
