// A zone host whose clock is off by a minute: it gets players, and keeps their places.
import { describe, expect, it } from 'vitest'
import { hostClocks } from '#functions/world/host-clocks.ts'
import { createHostPlaces } from '#gameserver/persistence/host-places.ts'
import {
  clockSlackMs,
  instanceLongGoneMs,
  instanceSilentMs,
  cardsKnownMax,
  placeLapsesMs,
} from '#shared/limits.ts'
import { findInstances } from '#shared/ownership/card.ts'
import {
  findRoom,
  openInstance,
  removeCard,
  sweepRoom,
  writeCopy,
} from '#shared/ownership/listing.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import type { Card } from '#shared/ownership/card.ts'
import {
  clockOff,
  createLease,
  readLease,
  renewLease,
  suspectLease,
} from '#shared/ownership/lease.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { readPlaces } from '#shared/ownership/places.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { openHost } from './open-host.ts'
import { openRealm, realmId } from './realm.ts'
import { seededRuntime } from './seeded-runtime.ts'

const minute = 60_000
const everyone = { isLive: () => true, isFresh: () => true }
const at = { zone: 'hub', bootId: 'b1', instance: 'hub-1' }
const entry = { ...at, address: 'ws://a/zone', protocol: 2, state: 'open' as const, capacity: 100 }
const now = 1_000_000_000
const card = (more: Partial<Card> = {}): Card => ({
  ...entry,
  count: 0,
  players: 0,
  seenAt: now,
  heartbeat: 1,
  changes: 0,
  ...more,
})

describe('a card', () => {
  it.each([-minute, 0, minute])('is heard when the clock of its host is off by %i ms', (off) => {
    const isLive = createLiveness()
    for (let heartbeat = 1; heartbeat < 20; heartbeat++) {
      const then = now + heartbeat * 4000
      expect(isLive(card({ heartbeat, seenAt: then + off }), then)).toBe(true)
    }
  })

  it.each([-minute, 0, minute])('is silent 12 s after its last heartbeat, off by %i ms', (off) => {
    const isLive = createLiveness()
    const last = card({ heartbeat: 7, seenAt: now + off })
    expect(isLive(last, now)).toBe(true)
    expect(isLive(last, now + instanceSilentMs)).toBe(true)
    expect(isLive(last, now + instanceSilentMs + 1)).toBe(false)
    // A host that has woken.
    expect(isLive(card({ heartbeat: 8, seenAt: now + off + 20_000 }), now + 20_000)).toBe(true)
  })

  it('that is old at its first sight is silent at once, until its heartbeat rises', () => {
    const isLive = createLiveness()
    const old = card({ seenAt: now - instanceSilentMs - clockSlackMs - 1 })
    expect(isLive(old, now)).toBe(false)
    expect(isLive(old, now + 1)).toBe(false)
    expect(isLive({ ...old, heartbeat: 2 }, now + 4000)).toBe(true)
  })

  it('has copies of former orders, which are judged by the clock of the host that wrote both', () => {
    const isLive = createLiveness()
    const newest = card({ heartbeat: 9, seenAt: now + minute })
    expect(isLive(newest, now)).toBe(true)
    expect(isLive(card({ heartbeat: 6, seenAt: now + minute - instanceSilentMs }), now)).toBe(true)
    expect(isLive(card({ heartbeat: 5, seenAt: now + minute - instanceSilentMs - 1 }), now)).toBe(
      false,
    )
    expect(isLive(newest, now)).toBe(true)
  })

  it('is heard when the clock of the reader is set back', () => {
    const isLive = createLiveness()
    expect(isLive(card(), now)).toBe(true)
    expect(isLive(card(), now - minute)).toBe(true)
    expect(isLive(card(), now - minute + instanceSilentMs + 1)).toBe(false)
  })

  it('is one of a bounded number that are remembered', () => {
    const isLive = createLiveness()
    expect(isLive(card(), now)).toBe(true)
    for (let i = 0; i < cardsKnownMax; i++) isLive(card({ bootId: `other-${i}` }), now)
    // The card was forgotten, so it is judged like a new one.
    expect(isLive(card(), now + instanceSilentMs + 1)).toBe(true)
  })
})

describe('a listing', () => {
  it('is not swept of a host that is a minute behind', async () => {
    const store = createMemoryStore()
    await openInstance(store, now - minute - 4000, realmId, entry)
    await sweepRoom(store, now, realmId, 'hub')
    expect(await findRoom(store, everyone, realmId, 'hub')).toHaveLength(1)
    await sweepRoom(store, now + instanceLongGoneMs, realmId, 'hub')
    expect(await findRoom(store, everyone, realmId, 'hub')).toEqual([])
  })

  it('loses a host that stops, whatever was written beside the removal of its card', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const [card] = await findInstances(realm.store, realmId, 'hub')
    await removeCard(realm.store, realmId, card!)
    await writeCopy(realm.store, realm.runtime.now(), realmId, card!)
    expect(await findRoom(realm.store, everyone, realmId, 'hub')).toHaveLength(1)
    expect(await host.setState('draining')).toBe('done')
    expect(await findRoom(realm.store, everyone, realmId, 'hub')).toEqual([])
  })

  it('loses a host that another one sees silent', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const { bootId } = host
    const { renewal } = (await readLease(realm.store, bootId))!
    const sighting = { bootId, renewal, since: 0, last: 6000 }
    await suspectLease(realm.store, { ...sighting, renewal: sighting.renewal + 1 })
    expect(await findRoom(realm.store, everyone, realmId, 'hub')).toHaveLength(1)
    await suspectLease(realm.store, sighting)
    expect(await findRoom(realm.store, everyone, realmId, 'hub')).toEqual([])
    // It was only slow.
    await host.checkpoint('hub-1', [])
    expect(await findRoom(realm.store, everyone, realmId, 'hub')).toHaveLength(1)
  })
})

describe('enter', () => {
  it.each([-minute, minute])('finds a host whose clock is off by %i ms', async (off) => {
    const realm = await openRealm()
    await openInstance(realm.store, realm.runtime.now() + off, realmId, entry)
    expect((await realm.enterAs(await realm.character())).address).toBe(entry.address)
  })

  it('passes by a dead host 12 s after it has met it first', async () => {
    const realm = await openRealm()
    await openInstance(realm.store, realm.runtime.now() + minute, realmId, entry)
    const who = await realm.character()
    expect((await realm.enterAs(who)).address).toBe(entry.address)
    realm.runtime.advance(instanceSilentMs + 1)
    const other = await realm.host()
    expect((await realm.enterAs(who)).address).toBe(`ws://${other.bootId}/zone`)
  })
})

describe('a reservation', () => {
  it.each([-minute, 0, minute])('is kept and released by a host off by %i ms', async (off) => {
    const realm = await openRealm()
    const { store, runtime } = realm
    const places = createHostPlaces({
      store,
      runtime,
      clocks: { now: () => runtime.now() + off, monotonic: () => runtime.now() },
      host: {
        bootId: 'b1',
        realmId,
        address: entry.address,
        protocol: 2,
        contentVersion: 'test',
        publicKey: 'none',
        instances: [{ instance: 'hub-1', zone: 'hub', capacity: 100 }],
      },
      stays: new Map(),
    })
    await places.open()
    await places.setState('open')
    await realm.enterAs(await realm.character())
    const held = async () => (await readPlaces(store, realmId, at, 10, undefined)).places.length
    await places.reconcile('hub-1', [])
    runtime.advance(placeLapsesMs)
    await places.reconcile('hub-1', [])
    expect(await held()).toBe(1)
    runtime.advance(4000)
    await places.reconcile('hub-1', [])
    expect(await held()).toBe(0)
    expect((await findInstances(store, realmId, 'hub'))[0]!.count).toBe(0)
  })
})

describe('an enter by a function that has read no card yet', () => {
  it('prefers a host that writes to a fuller one that crashed a minute ago', async () => {
    const realm = await openRealm()
    const { deps, runtime } = realm
    const crashed = await realm.host()
    await realm.enterAs(await realm.character())
    await crashed.checkpoint('hub-1', [])
    runtime.advance(minute)
    const host = await realm.host()
    deps.isLive = createLiveness()
    const { ticket } = await realm.enterAs(await realm.character())
    expect((await realm.open(ticket)).bootId).toBe(host.bootId)
  })

  it.each([-minute, minute])('finds a host that writes when it is off by %i ms', async (off) => {
    const realm = await openRealm()
    const { deps, runtime } = realm
    const host = await realm.host()
    deps.runtime = { ...runtime, now: () => runtime.now() + off }
    deps.isLive = createLiveness()
    const { ticket } = await realm.enterAs(await realm.character())
    expect((await realm.open(ticket)).bootId).toBe(host.bootId)
  })
})

describe('the place of the character that an account played before', () => {
  it.each([-minute, 0, minute])('is free when the function is off by %i ms', async (off) => {
    const realm = await openRealm()
    const { store, deps, runtime } = realm
    const { bootId } = await realm.host()
    const first = await realm.character()
    const second = await realm.character(first.accountId)
    await realm.enterAs(first)
    // Another function, which has read no card yet.
    deps.runtime = { ...runtime, now: () => runtime.now() + off }
    deps.isLive = createLiveness()
    await realm.enterAs(second)
    const { places } = await readPlaces(store, realmId, { ...at, bootId }, 10, undefined)
    expect(places.map(({ characterId }) => characterId)).toEqual([second.characterId])
  })
})

describe('a claim', () => {
  it.each([-minute, 0, minute])('that lands late is undone by a host off by %i ms', async (off) => {
    const runtime = seededRuntime(1)
    const memory = createMemoryStore({ runtime })
    let underWay: Parameters<Store['update']>[0] | undefined
    const landsAt = runtime.now() + 20_000
    const store: Store = {
      ...memory,
      async update(request) {
        if (request.values?.[':ticket'] === undefined) return await memory.update(request)
        underWay = request
        throw new StoreError('unavailable', 'no answer', { unclear: true })
      },
      async query(request) {
        const landed = runtime.now() >= landsAt ? underWay : undefined
        if (landed !== undefined) {
          underWay = undefined
          await memory.update(landed)
        }
        return await memory.query(request)
      },
    }
    const realm = await openRealm({ store })
    const host = await openHost({
      store,
      runtime,
      clocks: { now: () => runtime.now() + off, monotonic: runtime.now },
      realmId,
      zone: 'hub',
      capacity: 10,
    })
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    expect(await host.claim(ticket)).toEqual({ outcome: 'unavailable' })
    const guard = async () => {
      return await memory.get({ table: 'core', key: guardKey(realmId, who.characterId) })
    }
    await expect.poll(guard).toMatchObject({ state: 'offline', epoch: 2 })
  })
})

describe('the time in a lease row', () => {
  async function offOf(off: number, more: { renews?: boolean; runsFor?: number } = {}) {
    const runtime = seededRuntime(1)
    const store: Store = createMemoryStore({ runtime })
    const host = { bootId: 'b1', address: '', protocol: 2, content: '', publicKey: '' }
    await createLease(store, runtime.now() + off, { ...host, instances: [] })
    runtime.advance(more.runsFor ?? 0)
    const lease = (await readLease(store, 'b1'))!
    const sleep = async (ms: number) => {
      runtime.advance(ms)
      if (more.renews !== false) await renewLease(store, runtime.now() + off, 'b1', 1)
    }
    return await clockOff({ store, runtime: { ...runtime, sleep } }, 'b1', lease)
  }

  it('names a clock that is off by more than a minute, and no other', async () => {
    expect(await offOf(minute)).toBeUndefined()
    expect(await offOf(-minute)).toBeUndefined()
    expect(await offOf(61_000)).toBe(61_000)
    expect(await offOf(-61_000)).toBe(-61_000)
  })

  it('names the host in /health, by its name in the fleet or its boot id', async () => {
    const realm = await openRealm()
    const { store, runtime } = realm
    const host = { address: '', protocol: 2, content: '', publicKey: '' }
    const open = async (bootId: string, off: number, more: { lease?: boolean } = {}) => {
      const then = runtime.now() + off
      await openInstance(store, then, realmId, { ...entry, bootId })
      if (more.lease !== false) await createLease(store, then, { ...host, bootId, instances: [] })
    }
    await open('right', minute)
    await open('ahead', 61_000)
    await open('behind', -61_000)
    // It died a while ago, and its card is left.
    await open('dead', -10 * minute, { lease: false })
    const sleep = async (ms: number) => {
      runtime.advance(ms)
      await renewLease(store, runtime.now() - 61_000, 'behind', 1)
    }
    const name = 'hub-1'
    const labels = {}
    const known = {
      name,
      bootId: 'ahead',
      address: '',
      port: 0,
      state: 'allocated' as const,
      labels,
    }
    const deps = { store, runtime: { ...runtime, sleep }, fleet: { list: async () => [known] } }
    expect(await hostClocks(deps, realmId, ['hub', 'forest'])).toEqual({
      'clock:hub-1': false,
      'clock:behind': false,
    })
  })

  it('says nothing of a host that does not renew', async () => {
    expect(await offOf(0, { renews: false, runsFor: 10 * minute })).toBeUndefined()
  })
})
