// What a zone of a thousand open instances costs, counted in DynamoDB's units, and printed.
import { expect, it } from 'vitest'
import { offersOf } from '#functions/world/choice.ts'
import { readOffers } from '#functions/world/placement.ts'
import { createStatus } from '#functions/world/status.ts'
import { createLeaseWatch } from '#gameserver/persistence/lease-watch.ts'
import { createPlaceKeeper } from '#gameserver/persistence/place-keeper.ts'
import { cardKey, findInstances, readCard } from '#shared/ownership/card.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import { createLease, renewLease } from '#shared/ownership/lease.ts'
import { closedAt, openInstance } from '#shared/ownership/listing.ts'
import { releasePlaces, takePlace } from '#shared/ownership/places.ts'
import { newId } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { sizeOfItem } from '#shared/store/value.ts'
import { countUnits } from '../store/units.ts'
import { openRealm, realmId } from './realm.ts'

const capacity = 500
const address = `wss://zones.eu-central-1.example.org/${'0'.repeat(40)}/zone`

/** A realm whose hub has so many instances open, the first `full` of them full; their boot ids in order. */
async function openHubs(count: number, full: number) {
  const memory = createMemoryStore()
  const realm = await openRealm({ capacity, store: memory })
  const { runtime } = realm
  const boots: string[] = []
  for (let i = 0; i < count; i++) {
    const bootId = newId(runtime)
    boots.push(bootId)
    const at = { bootId, zone: 'hub', instance: 'hub-1' }
    const instances = [{ realmId, zone: 'hub', instance: 'hub-1' }]
    const host = { bootId, address, protocol: 2, content: 'test', publicKey: 'k'.repeat(43) }
    await createLease(memory, runtime.now(), { ...host, instances })
    const entry = { ...at, address, capacity, state: 'open' as const, protocol: 2 }
    await openInstance(memory, runtime.now(), realmId, entry)
    if (i < full) {
      const key = cardKey(realmId, at)
      const names = { '#count': 'count' }
      const values = { ':n': closedAt({ capacity }) }
      await memory.update({ table: 'volatile', key, update: 'SET #count = :n', names, values })
      const keeper = createPlaceKeeper({
        store: memory,
        runtime,
        clocks: { now: runtime.now, monotonic: runtime.now },
        realmId,
        ref: at,
        listed: true,
      })
      // As after its first checkpoint: full, so the copy that was written when it opened goes.
      await memory.delete({
        table: 'volatile',
        key: { pk: `R#${realmId}#Z#hub#ROOM`, sk: `15#${bootId}#hub-1` },
      })
      await keeper.reconcile('open', new Map())
    }
  }
  return { realm, memory, boots }
}

const print = (line: string) => process.stdout.write(`${line}\n`)

it.each([
  [1000, 54],
  [1000, 999],
])('of %i open hubs %i are full: placement finds room at 10 read units', async (count, full) => {
  const { realm, memory, boots } = await openHubs(count, full)
  const cards = await findInstances(memory, realmId, 'hub')
  expect(cards).toHaveLength(count)
  expect(cards.some(({ bootId }) => bootId === boots.at(-1))).toBe(true)
  const who = await realm.character()
  const page = await memory.query(readCharacterRows(realmId, who.characterId))
  const { guard } = parseCharacterRows(realmId, who.characterId, page.items)!
  const { store, units } = countUnits(memory)
  const offers = await readOffers({ ...realm.deps, store }, guard, 'hub')
  print(`placement among ${count} open hubs, ${full} full: ${units.read} read units`)
  expect(units.read).toBeLessThanOrEqual(10)
  // Those that are full with reservations stand last, for who has a place there.
  const offered = offers.filter(({ limit }) => limit > 0).map(({ card }) => card.bootId)
  for (const bootId of offered) expect(boots.indexOf(bootId)).toBeGreaterThanOrEqual(full)
  if (full === 999) expect(new Set(offered)).toEqual(new Set([boots.at(-1)]))
  const { ticket } = await realm.enterAs(who)
  expect(boots.indexOf((await realm.open(ticket)).bootId)).toBeGreaterThanOrEqual(full)
})

it('the newest hub is found as soon as it opens, though all others are full', async () => {
  const { realm, boots } = await openHubs(60, 60)
  const host = await realm.host()
  expect(boots).not.toContain(host.bootId)
  const { ticket } = await realm.enterAs(await realm.character())
  expect((await realm.open(ticket)).bootId).toBe(host.bootId)
})

it('a place costs the same with nobody there and with 499', async () => {
  const { realm, memory, boots } = await openHubs(1, 0)
  const at = { zone: 'hub', bootId: boots[0]!, instance: 'hub-1' }
  const { store, units, reset } = countUnits(memory)
  const until = realm.runtime.now() + 30_000
  for (const players of [0, 499]) {
    while ((await readCard(memory, realmId, at))!.count < players) {
      await takePlace(memory, realmId, at, newId(realm.runtime), until, capacity)
    }
    const characterId = newId(realm.runtime)
    const cost: number[] = []
    const spend = async (work: () => Promise<unknown>) => {
      reset()
      await work()
      cost.push(units.write)
    }
    await spend(async () => await takePlace(store, realmId, at, characterId, until, capacity))
    await spend(async () => {
      await releasePlaces({ ...realm.deps, store }, realmId, at, [{ characterId, until }])
    })
    print(`a place beside ${players}: ${cost[0]} write units to take, ${cost[1]} to release`)
    expect(cost[0]).toBeLessThanOrEqual(6)
    expect(cost[1]).toBeLessThanOrEqual(6)
    const row = (await memory.get({ table: 'volatile', key: cardKey(realmId, at) }))!
    print(`its card takes ${sizeOfItem(row)} bytes`)
    expect(sizeOfItem(row)).toBeLessThanOrEqual(300)
  }
})

it('watching costs a host under one read unit a second, however many hosts there are', async () => {
  const { realm, memory, boots } = await openHubs(200, 0)
  const { store, units } = countUnits(memory)
  const { runtime } = realm
  const stop = new AbortController()
  const seconds = 60
  const end = runtime.now() + seconds * 1000
  let renewal = 0
  const sleep = async (ms: number) => {
    await runtime.sleep(ms)
    renewal++
    for (const bootId of boots) await renewLease(memory, runtime.now(), bootId, renewal)
    if (runtime.now() >= end) stop.abort()
  }
  await createLeaseWatch({
    store,
    runtime: { ...runtime, sleep },
    clocks: { now: runtime.now, monotonic: runtime.now },
    host: { bootId: boots[198]!, realmId },
  }).run(stop.signal)
  print(`watching among 200 hosts: ${(units.read / seconds).toFixed(2)} read units a second`)
  expect(units.read / seconds).toBeLessThanOrEqual(1)
  expect(units.write).toBeLessThanOrEqual(2)
})

it('the state of a realm is read once in 5 s, however many ask', async () => {
  const { realm, memory } = await openHubs(100, 0)
  const { store, units, reset } = countUnits(memory)
  const status = createStatus({ ...realm.deps, store })
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await status(realmId)))
  const once = units.read
  expect(answers[19]!.zones[0]).toMatchObject({ zone: 'hub', instances: 100, capacity: 50_000 })
  reset()
  realm.runtime.advance(4999)
  await status(realmId)
  expect(units.read).toBe(0)
  realm.runtime.advance(1)
  await status(realmId)
  expect(units.read).toBe(once)
})

it('offers an instance that was below 80 % again up to 95 %, after all others', () => {
  const card = (bootId: string, count: number) => ({
    bootId,
    instance: 'i',
    zone: 'hub',
    address: '',
    protocol: 2,
    state: 'open' as const,
    capacity: 100,
    count,
    players: 0,
    seenAt: 0,
    heartbeat: 0,
    changes: 0,
  })
  const offers = offersOf({}, [card('a', 79), card('b', 10), card('c', 85)], {
    isFresh: () => true,
  })
  expect(offers.map((one) => `${one.card.bootId}${one.limit}`)).toEqual([
    'a80',
    'b80',
    'c95',
    'a95',
    'b95',
  ])
})
