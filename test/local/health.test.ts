import { expect, test } from 'vitest'
import { createHealthProbe } from '#local/health.ts'
import type { Visit } from '#client/bots/synthetic.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import type { FleetHost } from '#shared/fleet/fleet.ts'
import { openInstance } from '#shared/ownership/listing.ts'
import { createLease } from '#shared/ownership/lease.ts'
import { createMemoryStore } from '#shared/store/memory.ts'

function hostOf(zone: string, state: FleetHost['state']): FleetHost {
  const labels = { [zoneLabel]: zone }
  return { name: zone, bootId: 'b', address: '127.0.0.1', port: 1, state, labels }
}

function setUp(hosts: FleetHost[]) {
  let now = 1_000_000
  let gone = false
  let visits = 0
  const visited: { next: Visit | Promise<Visit> } = { next: { ms: { login: 5 } } }
  const store = createMemoryStore({
    faults: () => (gone ? { kind: 'outage' } : undefined),
  })
  const health = createHealthProbe({
    store,
    fleet: { list: async () => hosts },
    realmId: 'local',
    zones: ['hub', 'forest'],
    startZone: 'hub',
    visit: async () => {
      visits++
      return await visited.next
    },
    runtime: { now: () => now, sleep: async (ms) => void (now += ms) },
  })
  const at = {
    pass: (ms: number) => (now += ms),
    losesStore: () => (gone = true),
    now: () => now,
    visits: () => visits,
  }
  return { health, store, at, visited }
}

test('all is well when the store answers and each zone has a host that is ready or allocated', async () => {
  const { health } = setUp([hostOf('hub', 'ready'), hostOf('forest', 'allocated')])
  expect((await health.last()).ok).toBe(false)
  await health.probe()
  expect(await health.last()).toMatchObject({ ok: true, checks: { 'zone:forest': true } })
})

test('a zone without a host, a host that is starting, and a store that is gone all show', async () => {
  const { health, at } = setUp([hostOf('hub', 'ready'), hostOf('forest', 'starting')])
  await health.probe()
  expect(await health.last()).toMatchObject({ ok: false, checks: { 'zone:forest': false } })
  at.losesStore()
  await health.probe()
  expect(await health.last()).toMatchObject({ ok: false, checks: { store: false } })
})

test('the start zone needs an instance that is open and was written lately, or a host to open', async () => {
  const { health, store, at } = setUp([hostOf('hub', 'allocated'), hostOf('forest', 'ready')])
  await health.probe()
  expect(await health.last()).toMatchObject({ ok: false, checks: { entry: false } })
  await openInstance(store, at.now(), 'local', {
    bootId: 'b',
    instance: 'hub-1',
    zone: 'hub',
    address: 'ws://127.0.0.1:1/zone',
    capacity: 500,
    state: 'open',
    protocol: 2,
  })
  await health.probe()
  expect((await health.last()).ok).toBe(true)
  at.pass(12_001)
  await health.probe()
  expect(await health.last()).toMatchObject({ checks: { entry: false } })
})

test('a result that is older than 15 s is no result', async () => {
  const { health, at } = setUp([hostOf('hub', 'ready'), hostOf('forest', 'ready')])
  await health.probe()
  at.pass(15_000)
  expect((await health.last()).ok).toBe(true)
  at.pass(1)
  expect(await health.last()).toMatchObject({ ok: false, checks: { fresh: false } })
})

test('the synthetic player visits when the parts are well, and its outcome is reported', async () => {
  const { health, at, visited } = setUp([hostOf('hub', 'ready'), hostOf('forest', 'ready')])
  await health.probe()
  expect(await health.last()).toMatchObject({
    ok: true,
    checks: { player: true },
    visit: { ms: { login: 5 } },
  })
  visited.next = { ms: { login: 5 }, failed: { stage: 'enter', code: 'world.full' } }
  await health.probe()
  expect(await health.last()).toMatchObject({
    ok: false,
    checks: { entry: true, player: false },
    visit: { failed: { stage: 'enter', code: 'world.full' } },
  })
  at.losesStore()
  await health.probe()
  expect(at.visits()).toBe(2)
  expect(await health.last()).toMatchObject({ ok: false, checks: { player: false } })
})

test('who asks for a probe while one is under way gets that one: nobody visits twice at once', async () => {
  const { health, at, visited } = setUp([hostOf('hub', 'ready'), hostOf('forest', 'ready')])
  const visit = Promise.withResolvers<Visit>()
  visited.next = visit.promise
  const both = Promise.all([health.probe(), health.probe()])
  visit.resolve({ ms: {} })
  await both
  expect(at.visits()).toBe(1)
})

test('a host whose clock is off by more than a minute is named', async () => {
  const { health, store, at } = setUp([hostOf('hub', 'ready')])
  const host = { bootId: 'b', address: '', protocol: 2, content: '', publicKey: '' }
  await createLease(store, at.now() + 61_000, { ...host, instances: [] })
  const card = { zone: 'hub', instance: 'hub-1', state: 'open' as const, capacity: 10 }
  await openInstance(store, at.now() + 61_000, 'local', { ...host, ...card })
  await health.probe()
  expect(await health.last()).toMatchObject({ ok: false, checks: { 'clock:hub': false } })
})
