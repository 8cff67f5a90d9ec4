// Who has a place in an instance, whatever is late: reservations, members, checkpoints.
import { expect, it } from 'vitest'
import { copyBan, forGood } from '#shared/ownership/ban.ts'
import { findInstances, releasePlace, takePlace } from '#shared/ownership/places.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Update } from '#shared/store/store.ts'
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

async function placeOf({ store }: Realm, { characterId }: Who): Promise<number | undefined> {
  const [row] = await findInstances(store, realmId, 'hub')
  return row!.places.get(characterId)
}

async function join(realm: Realm, host: Host, who: Who): Promise<void> {
  await host.claim(await realm.open((await realm.enterAs(who)).ticket))
}

it('a place is given back at once by who leaves before the first checkpoint', async () => {
  const realm = await openRealm()
  const host = await realm.host()
  // Tickets count in seconds, places in milliseconds.
  realm.runtime.advance(123)
  const who = await realm.character()
  await join(realm, host, who)
  await host.leave({ ...entry(who, 1, 1), instance: 'hub-1' })
  expect(await placeOf(realm, who)).toBeUndefined()
})

it('a place is not given back by who gives back an earlier one late, whatever the clocks of functions say', async () => {
  const realm = await openRealm()
  const host = await realm.host()
  const who = await realm.character()
  await realm.enterAs(who)
  const earlier = { ticketExpires: (await placeOf(realm, who))! }
  const [row] = await findInstances(realm.store, realmId, 'hub')
  const giveBack = async () =>
    await releasePlace(realm.store, realmId, row!, who.characterId, earlier)
  await giveBack()
  // By a function whose clock is behind, or in the same millisecond.
  realm.runtime.advance(-100)
  await join(realm, host, who)
  const later = await placeOf(realm, who)
  expect(later).toBeGreaterThan(earlier.ticketExpires)
  await giveBack()
  expect(await placeOf(realm, who)).toBe(later)
})

it('a place is given back at once by a claim that a ban has made void', async () => {
  const realm = await openRealm()
  const host = await realm.host()
  const who = await realm.character()
  const { ticket } = await realm.enterAs(who)
  await copyBan(realm.store, realmId, who.accountId, { until: forGood, version: 1 })
  expect(await host.claim(await realm.open(ticket))).toEqual({ outcome: 'refused' })
  await expect.poll(async () => await placeOf(realm, who)).toBeUndefined()
})

it('a checkpoint of a player who has left does not take the place he has reserved since', async () => {
  const realm = await openRealm()
  const host = await realm.host()
  const who = await realm.character()
  await join(realm, host, who)
  await host.checkpoint('hub-1', [entry(who, 1, 1)])
  await host.leave({ ...entry(who, 1, 2), instance: 'hub-1' })
  const { expiresAt } = await realm.enterAs(who)
  expect(await placeOf(realm, who)).toBe(expiresAt)
  // It began before he left, and its store trips come after.
  await host.checkpoint('hub-1', [entry(who, 1, 2)])
  expect(await placeOf(realm, who)).toBe(expiresAt)
  await host.checkpoint('hub-1', [])
  expect(await placeOf(realm, who)).toBe(expiresAt)
})

it.each(['member', 'nobody'] as const)(
  'a write that made him a $0 lands late and leaves his next place as it is',
  async (made) => {
    let holding = false
    let late: (() => Promise<unknown>) | undefined
    const runtime = seededRuntime(1)
    const memory = createMemoryStore({ runtime })
    const held = (update: Update) =>
      holding && update.update.includes('places') && !update.update.includes('seenAt')
    const realm = await openRealm({
      store: {
        ...memory,
        update: async (update) => {
          if (!held(update)) return await memory.update(update)
          late = async () => await memory.update(update)
          return update.key
        },
      },
    })
    const host = await realm.host()
    const who = await realm.character()
    await join(realm, host, who)
    if (made === 'nobody') {
      await host.checkpoint('hub-1', [entry(who, 1, 1)])
      expect(await placeOf(realm, who)).toBeLessThanOrEqual(0)
    }
    holding = true
    await host.checkpoint('hub-1', made === 'member' ? [entry(who, 1, 2)] : [])
    holding = false
    await host.leave({ ...entry(who, 1, 3), instance: 'hub-1' })
    realm.runtime.advance(1000)
    const { expiresAt, ticket } = await realm.enterAs(who)
    if (made === 'member') {
      await expect(late!()).rejects.toMatchObject({ kind: 'condition' })
      expect(await placeOf(realm, who)).toBe(expiresAt)
      return
    }
    await host.claim(await realm.open(ticket))
    await host.checkpoint('hub-1', [entry(who, 3, 4)])
    await expect(late!()).rejects.toMatchObject({ kind: 'condition' })
    expect(await placeOf(realm, who)).toBeLessThanOrEqual(0)
  },
)

it('of two enters in the same millisecond each gives back only what is its own', async () => {
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
  await releasePlace(realm.store, realmId, at, who.characterId, { ticketExpires: until })
  expect(await placeOf(realm, who)).toBe(until + 1)
})

it('a member whose place another of his enters took over is a member again when that has lapsed', async () => {
  const realm = await openRealm()
  const host = await realm.host()
  const who = await realm.character()
  await join(realm, host, who)
  // Its function took a place and died before it could give it back.
  await realm.store.update({
    table: 'volatile',
    key: { pk: `R#${realmId}#Z#hub`, sk: `${host.bootId}#hub-1` },
    update: 'SET places.#character = :expires',
    names: { '#character': who.characterId },
    values: { ':expires': realm.runtime.now() + 30_500 },
  })
  const mark = await placeOf(realm, who)
  await host.checkpoint('hub-1', [entry(who, 1, 1)])
  expect(await placeOf(realm, who)).toBe(mark)
  realm.runtime.advance(41_000)
  await host.prove()
  await host.checkpoint('hub-1', [entry(who, 1, 2)])
  expect(await placeOf(realm, who)).toBeLessThanOrEqual(0)
})
