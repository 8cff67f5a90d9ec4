// Hosts watch one another, so that a silent host is known to be dead before its players come back. Otherwise
// an `enter` has to observe it for 7 s first. Each host watches the next living hosts of the realm in the
// order of boot ids. If all watchers of a host fell silent with it, the `enter`s that meet it judge it.
//
// Reads need not be strong. Renewal numbers only rise. So a number that is read now, and is unchanged when
// the mark is written, did not change in between. The mark is written on that condition.
//
// Cost: three reads of half a unit each 2 s, and every 10 s the ring: under one read unit a second, however
// many hosts there are.
import { leaseSuspectAfterMs } from '#shared/limits.ts'
import { readLease, sightLease, suspectLease } from '#shared/ownership/lease.ts'
import type { Sighting } from '#shared/ownership/lease.ts'
import { enterRing, leaveRing, nextInRing } from '#shared/ownership/ring.ts'
import type { Runtime } from '#shared/runtime.ts'
import { RowError } from '#shared/store/row.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Clocks } from './lease-keeper.ts'

/** How often the leases are read. With the way it stays below `leaseReadGapMs`. */
const pollMs = 2000
/** How often the ring is read: new hosts are not in danger at once. */
const ringMs = 10_000
/** How often this host writes its own row of the ring again, and how long others must have been dead, ms. */
const ringAgainMs = 60_000
/** A read that was under way for longer says too little about when it was true. */
const slowReadMs = 1000
/** Each host watches so many living hosts. So each has three watchers, and two may fall silent with it. */
const watchedMax = 3
/** Rows of the ring read at once, so that a few dead ones do not hide the living. */
const ringPage = 8
/** Hosts taken for dead whose leases are read again with each read of the ring: one may have woken. */
const readAgainMax = 2

export function createLeaseWatch(deps: {
  store: Store
  runtime: Runtime
  clocks: Clocks
  host: { bootId: string; realmId: string }
}): { run(signal: AbortSignal): Promise<void> } {
  const { store, runtime, clocks } = deps
  const { bootId, realmId } = deps.host
  const sightings = new Map<string, Sighting>()
  /** Hosts that need no watching, and since when, by the monotonic clock. */
  const dead = new Map<string, number>()
  let ring: string[] = []
  let ringAt = Number.NEGATIVE_INFINITY
  let writtenAt = clocks.monotonic()

  async function readRing(): Promise<string[]> {
    const now = clocks.monotonic()
    if (now - writtenAt >= ringAgainMs) {
      await enterRing(store, clocks.now(), realmId, bootId)
      writtenAt = now
    }
    ring = await nextInRing(store, realmId, bootId, ringPage)
    ringAt = now
    for (const id of dead.keys()) if (!ring.includes(id)) dead.delete(id)
    for (const [id, since] of dead) {
      if (now - since < ringAgainMs) continue
      dead.delete(id)
      await leaveRing(store, realmId, id)
    }
    return [...dead.keys()].slice(0, readAgainMax)
  }

  async function watchLease(id: string): Promise<void> {
    // Of this process alone, and it never runs ahead: an observation by it is never too long.
    const sent = clocks.monotonic()
    const lease = await readLease(store, id, { consistent: false })
    const answered = clocks.monotonic()
    const before = sightings.get(id)
    sightings.delete(id)
    const deadSince = dead.get(id) ?? answered
    dead.delete(id)
    if (lease === undefined || lease.ended || lease.suspect === lease.renewal) {
      // Behind the others: all are read again in turn, before any leaves the ring.
      dead.set(id, deadSince)
      return
    }
    if (answered - sent > slowReadMs) return
    const sighting = sightLease(before, id, lease, { sent, answered })
    sightings.set(id, sighting)
    if (sighting.last - sighting.since >= leaseSuspectAfterMs) await suspectLease(store, sighting)
  }

  async function round(): Promise<void> {
    const again = clocks.monotonic() - ringAt >= ringMs ? await readRing() : []
    const watched = ring.filter((id) => !dead.has(id)).slice(0, watchedMax)
    for (const id of sightings.keys()) if (!watched.includes(id)) sightings.delete(id)
    await Promise.all([...watched, ...again].map(watchLease))
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await round().catch((error: unknown) => {
          // A failed read is a gap in the observation. A lease that this version cannot read is not watched.
          if (!(error instanceof StoreError) && !(error instanceof RowError)) throw error
        })
        await runtime.sleep(pollMs, signal).catch(() => undefined)
      }
    },
  }
}
