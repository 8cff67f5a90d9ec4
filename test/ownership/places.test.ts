// Who has a place in an instance, with requests that are late, lost or at the same time.
import { describe, expect, it } from 'vitest'
import { copyBan, forGood } from '#shared/ownership/ban.ts'
import { cardKey, findInstances } from '#shared/ownership/card.ts'
import { placeKey, readPlaces, releasePlaces, takePlace } from '#shared/ownership/places.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store, Write } from '#shared/store/store.ts'
import { openRealm, realmId } from './realm.ts'
import { seededRuntime } from './seeded-runtime.ts'

type Realm = Awaited<ReturnType<typeof openRealm>>
type Who = { characterId: string; accountId: string }
type Host = Awaited<ReturnType<Realm['host']>>

const saved = { zone: 'hub', x: 1, y: 1, heading: 0 }
const entry = ({ characterId }: Who, epoch: number, saveNumber: number) => ({
  characterId,
  epoch,
  saveNumber,
  saved,
})

/** The place of a character; checks that the count of the card is the number of rows. */
async function placeOf({ store }: Realm, { characterId }: Who): Promise<number | undefined> {
  const [card] = await findInstances(store, realmId, 'hub')
  const { places } = await readPlaces(store, realmId, card!, 1000, undefined)
  expect(card!.count).toBe(places.length)
  return places.find((place) => place.characterId === characterId)?.until
}

const countOf = async ({ store }: Realm) => (await findInstances(store, realmId, 'hub'))[0]!.count

async function join(realm: Realm, host: Host, who: Who): Promise<void> {
  await host.claim(await realm.open((await realm.enterAs(who)).ticket))
}

/** A store that can hold a transaction back: it is applied when the test says so. */
function holdingStore(runtime = seededRuntime(1)) {
  const memory = createMemoryStore({ runtime })
  const held: Write[][] = []
  const at = { holding: false }
  const store: Store = {
    ...memory,
    async transact(writes) {
      if (!at.holding) return await memory.transact(writes)
      held.push(writes)
      throw new StoreError('unavailable', 'no answer', { unclear: true })
    },
  }
  return { store, at, late: async () => await memory.transact(held[0]!) }
}

describe('a place', () => {
  it('is released at once by a leave before the first checkpoint', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    // Tickets count in seconds, places in milliseconds.
    realm.runtime.advance(123)
    const who = await realm.character()
    await join(realm, host, who)
    await host.leave({ ...entry(who, 1, 1), instance: 'hub-1' })
    expect(await placeOf(realm, who)).toBeUndefined()
  })

  it('of an attempt whose answer was lost does not keep its own character out of a full instance', async () => {
    const { store, at, late } = holdingStore()
    const realm = await openRealm({ capacity: 2, store })
    const host = await realm.host()
    const who = await realm.character()
    await join(realm, host, who)
    await host.leave({ ...entry(who, 1, 1), instance: 'hub-1' })
    at.holding = true
    await expect(realm.enterAs(who)).rejects.toThrow()
    at.holding = false
    await late()
    // It is full up to what is kept for who comes back, and its host says so.
    await host.checkpoint('hub-1', [])
    expect(await countOf(realm)).toBe(1)
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
    })
    realm.allocations.length = 0
    const { ticket } = await realm.enterAs(who)
    expect((await host.claim(await realm.open(ticket))).outcome).toBe('claimed')
    expect(realm.allocations).toEqual([])
  })

  it('is not released by a late release of an earlier one, whatever the clocks of functions say', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await realm.enterAs(who)
    const earlier = { characterId: who.characterId, until: (await placeOf(realm, who))! }
    const [card] = await findInstances(realm.store, realmId, 'hub')
    const release = async () => await releasePlaces(realm.deps, realmId, card!, [earlier])
    await release()
    // From a function whose clock is behind, or in the same millisecond.
    realm.runtime.advance(-100)
    await join(realm, host, who)
    const later = await placeOf(realm, who)
    expect(later).toBeGreaterThan(earlier.until)
    await release()
    expect(await placeOf(realm, who)).toBe(later)
  })

  it('is released at once by a claim that a ban has made void', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const { ticket } = await realm.enterAs(who)
    await copyBan(realm.store, realmId, who.accountId, { until: forGood, version: 1 })
    expect(await host.claim(await realm.open(ticket))).toEqual({ outcome: 'refused' })
    await expect.poll(async () => await placeOf(realm, who)).toBeUndefined()
  })

  it('that he has reserved again is not touched by a checkpoint of before he left', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await join(realm, host, who)
    await host.checkpoint('hub-1', [entry(who, 1, 1)])
    await host.leave({ ...entry(who, 1, 2), instance: 'hub-1' })
    const { expiresAt } = await realm.enterAs(who)
    // It began before he left, and its store trips come after.
    await host.checkpoint('hub-1', [entry(who, 1, 2)])
    expect(await placeOf(realm, who)).toBe(expiresAt)
    await host.checkpoint('hub-1', [])
    expect(await placeOf(realm, who)).toBe(expiresAt)
  })

  it('that he has reserved again is not touched by a late release of the one that lapsed', async () => {
    const { store, at, late } = holdingStore()
    const realm = await openRealm({ store })
    const host = await realm.host()
    const who = await realm.character()
    await realm.enterAs(who)
    await host.checkpoint('hub-1', [])
    realm.runtime.advance(41_000)
    await host.prove()
    at.holding = true
    await host.checkpoint('hub-1', [])
    at.holding = false
    const { expiresAt } = await realm.enterAs(who)
    await expect(late()).rejects.toMatchObject({ kind: 'cancelled' })
    expect(await placeOf(realm, who)).toBe(expiresAt)
  })

  it('that is restored late, after he has left, lapses', async () => {
    const { store, at, late } = holdingStore()
    const realm = await openRealm({ store })
    const host = await realm.host()
    const who = await realm.character()
    await join(realm, host, who)
    const [card] = await findInstances(store, realmId, 'hub')
    const until = (await placeOf(realm, who))!
    await releasePlaces(realm.deps, realmId, card!, [{ ...who, until }])
    at.holding = true
    await host.checkpoint('hub-1', [entry(who, 1, 1)])
    at.holding = false
    await host.leave({ ...entry(who, 1, 2), instance: 'hub-1' })
    await late()
    expect(await placeOf(realm, who)).toBe(until)
    await host.checkpoint('hub-1', [])
    realm.runtime.advance(41_000)
    await host.prove()
    await host.checkpoint('hub-1', [])
    expect(await placeOf(realm, who)).toBeUndefined()
  })

  it('of two enters in the same millisecond is released by each only where it is its own', async () => {
    const realm = await openRealm()
    const { bootId } = await realm.host()
    const who = await realm.character()
    const at = { zone: 'hub', bootId, instance: 'hub-1' }
    const until = realm.runtime.now() + 30_000
    const take = async () => await takePlace(realm.store, realmId, at, who.characterId, until, 50)
    const [first, second] = [await take(), await take()]
    expect(first).toEqual({ ticketExpires: until, renewed: false })
    expect(second).toEqual({ ticketExpires: until + 1, renewed: true })
    // The second one was faster with the reservation.
    await releasePlaces(realm.deps, realmId, at, [{ ...who, until }])
    expect(await placeOf(realm, who)).toBe(until + 1)
  })

  it('of a player stays while he plays, whatever other reservation it stands for, and lapses after', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await join(realm, host, who)
    // A function renewed it and died before it could reserve.
    const at = { zone: 'hub', bootId: host.bootId, instance: 'hub-1' }
    const until = realm.runtime.now() + 30_500
    await takePlace(realm.store, realmId, at, who.characterId, until, 50)
    await host.checkpoint('hub-1', [entry(who, 1, 1)])
    realm.runtime.advance(41_000)
    await host.prove()
    await host.checkpoint('hub-1', [entry(who, 1, 1)])
    expect(await placeOf(realm, who)).toBe(until)
    await host.leave({ ...entry(who, 1, 2), instance: 'hub-1' })
    await host.checkpoint('hub-1', [])
    expect(await placeOf(realm, who)).toBeUndefined()
  })

  it('that a player has lost is restored while he plays, and released when he leaves', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await join(realm, host, who)
    const until = (await placeOf(realm, who))!
    const [card] = await findInstances(realm.store, realmId, 'hub')
    await releasePlaces(realm.deps, realmId, card!, [{ ...who, until }])
    await host.checkpoint('hub-1', [entry(who, 1, 1)])
    expect(await placeOf(realm, who)).toBe(until)
    await host.leave({ ...entry(who, 1, 2), instance: 'hub-1' })
    expect(await placeOf(realm, who)).toBeUndefined()
  })
})

describe('places', () => {
  it('of players who leave at once are released by few transactions', async () => {
    const realm = await openRealm({ capacity: 500 })
    const host = await realm.host()
    const all = await Promise.all(Array.from({ length: 60 }, () => realm.character()))
    for (const who of all) await join(realm, host, who)
    realm.counted.reset()
    await Promise.all(
      all.map(async (who) => await host.leave({ ...entry(who, 1, 1), instance: 'hub-1' })),
    )
    expect(await countOf(realm)).toBe(0)
    const releases = realm.counted.trips.filter(
      ({ operation, tables }) => operation === 'transact' && tables.includes('volatile'),
    )
    expect(releases.length).toBeLessThanOrEqual(4)
  })

  it('that lapsed together are released a few at a time, and those renewed since stay', async () => {
    const realm = await openRealm({ capacity: 500 })
    const host = await realm.host()
    const all = await Promise.all(Array.from({ length: 130 }, () => realm.character()))
    for (const who of all) await realm.enterAs(who)
    const checkpoint = async () => {
      await host.prove()
      await host.checkpoint('hub-1', [])
    }
    for (let i = 0; i < 3; i++) await checkpoint()
    realm.runtime.advance(29_000)
    for (let i = 0; i < 3; i++) await checkpoint()
    const back = all.slice(0, 5)
    for (const who of back) await realm.enterAs(who)
    realm.runtime.advance(12_000)
    await checkpoint()
    const left = await countOf(realm)
    expect(left).toBeGreaterThan(50)
    expect(left).toBeLessThan(130)
    for (let i = 0; i < 6; i++) await checkpoint()
    expect(await countOf(realm)).toBe(back.length)
    for (const who of back) expect(await placeOf(realm, who)).toBeDefined()
  })

  it.each([
    ['more than there are', 3],
    ['fewer than there are', -3],
  ])('whose count says %s are counted again, while others come and go', async (_, off) => {
    const realm = await openRealm({ capacity: 500 })
    const host = await realm.host()
    for (let i = 0; i < 70; i++) await realm.enterAs(await realm.character())
    await realm.store.update({
      table: 'volatile',
      key: cardKey(realmId, { zone: 'hub', bootId: host.bootId, instance: 'hub-1' }),
      update: 'SET #count = #count + :off',
      names: { '#count': 'count' },
      values: { ':off': off },
    })
    for (let i = 0; i < 18; i++) {
      await host.checkpoint('hub-1', [])
      if (i < 6) await realm.enterAs(await realm.character())
    }
    expect(await countOf(realm)).toBe(76)
    await placeOf(realm, await realm.character())
  })

  it('are not counted again where nothing is wrong, however much comes and goes', async () => {
    const realm = await openRealm({ capacity: 500 })
    const host = await realm.host()
    for (let i = 0; i < 60; i++) {
      const leaves = await realm.character()
      await join(realm, host, leaves)
      await realm.enterAs(await realm.character())
      await Promise.all([
        host.checkpoint('hub-1', [entry(leaves, 1, 1)]),
        host.leave({ ...entry(leaves, 1, 2), instance: 'hub-1' }),
      ])
      await placeOf(realm, leaves)
    }
    expect(await countOf(realm)).toBe(60)
  })

  it('count on the card by its own row: a place row that went by its age leaves no room behind', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await realm.enterAs(who)
    const ref = { zone: 'hub', bootId: host.bootId, instance: 'hub-1' }
    await realm.store.delete({ table: 'volatile', key: placeKey(realmId, ref, who.characterId) })
    for (let i = 0; i < 3; i++) await host.checkpoint('hub-1', [])
    expect(await countOf(realm)).toBe(0)
  })
})
