// Hosts watch one another, so that a silent one is known to be dead before its players ask: an `enter`
// would have to look on for 7 s first. Each looks at the next hosts of its zones in the order of boot ids,
// and the first host of a zone also at the lone host of the next zone. A host that nobody watches, because
// both fell silent together, is judged by the enters that meet it.
import { leaseRenewMs, leaseSuspectAfterMs } from '#shared/limits.ts'
import { leaseKey, sightLease, suspectLease } from '#shared/ownership/lease.ts'
import type { Sighting } from '#shared/ownership/lease.ts'
import { findInstances } from '#shared/ownership/card.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Clocks } from './lease-keeper.ts'

/** How often it is found out whom to watch: new hosts are not in danger at once. */
const lookRoundMs = 5000
/** Rows of hosts that wrote nothing for so long are of the dead, and are watched no more. */
const longGoneMs = 60_000
/** A read that was under way for longer says too little about when it was true. */
const slowReadMs = 1000
/** Two: the second one is watched by the first, which may be the silent one. */
const watchedOfZone = 2
/** Zones without a host that are passed over in search of the next one. */
const zonesAsked = 8

export function createLeaseWatch(deps: {
  store: Store
  runtime: Runtime
  clocks: Clocks
  host: {
    bootId: string
    realmId: string
    instances: readonly { zone: string }[]
    /** All zones of the realm. */
    zones: readonly string[]
  }
}): { run(signal: AbortSignal): Promise<void> } {
  const { store, runtime, clocks } = deps
  const { bootId, realmId, zones } = deps.host
  const own = new Set(deps.host.instances.map(({ zone }) => zone))
  const sightings = new Map<string, Sighting>()
  let watched: string[] = []
  let lookedAt = Number.NEGATIVE_INFINITY

  /** Boot ids of the other hosts of a zone, in their order. */
  async function othersOf(zone: string): Promise<string[]> {
    const entries = await findInstances(store, realmId, zone)
    const lately = clocks.now() - longGoneMs
    const ids = entries.filter(({ seenAt }) => seenAt > lately).map((entry) => entry.bootId)
    return [...new Set(ids)].filter((id) => id !== bootId).sort()
  }

  async function lookRound(): Promise<void> {
    const found = new Set<string>()
    for (const zone of own) {
      const others = await othersOf(zone)
      const before = others.filter((id) => id < bootId)
      const ring = [...others.slice(before.length), ...before]
      for (const id of ring.slice(0, watchedOfZone)) found.add(id)
      if (before.length > 0) continue
      const alone = await loneHostAfter(zone)
      if (alone !== undefined) found.add(alone)
    }
    watched = [...found]
    for (const id of sightings.keys()) if (!found.has(id)) sightings.delete(id)
  }

  /** The host of the next zone that has any, if it is the only one there. */
  async function loneHostAfter(zone: string): Promise<string | undefined> {
    const at = zones.indexOf(zone)
    const after = [...zones.slice(at + 1), ...zones.slice(0, at)].filter((one) => !own.has(one))
    for (const one of after.slice(0, zonesAsked)) {
      const hosts = await othersOf(one)
      if (hosts.length > 0) return hosts.length === 1 ? hosts[0] : undefined
    }
    return undefined
  }

  async function look(id: string): Promise<void> {
    // Of this process alone, and it never runs ahead: an observation by it is never too long.
    const sent = clocks.monotonic()
    const row = await store.get({ table: 'volatile', key: leaseKey(id), consistent: true })
    const answered = clocks.monotonic()
    const before = sightings.get(id)
    sightings.delete(id)
    if (row === undefined || row['ended'] === true || row['suspect'] === row['renewal']) return
    if (answered - sent > slowReadMs) return
    const sighting = sightLease(before, id, row, before === undefined ? answered : sent)
    sightings.set(id, sighting)
    if (sighting.last - sighting.since >= leaseSuspectAfterMs) await suspectLease(store, sighting)
  }

  async function round(): Promise<void> {
    if (clocks.monotonic() - lookedAt >= lookRoundMs) {
      await lookRound()
      lookedAt = clocks.monotonic()
    }
    await Promise.all(watched.map(look))
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await round().catch((error: unknown) => {
          // What was not read is a gap in the observation.
          if (!(error instanceof StoreError)) throw error
        })
        await runtime.sleep(leaseRenewMs, signal).catch(() => undefined)
      }
    },
  }
}
