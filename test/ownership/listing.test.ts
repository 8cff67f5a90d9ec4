// What newcomers find in a zone.
import { expect, it } from 'vitest'
import { cardKey, findInstances, readCard } from '#shared/ownership/card.ts'
import { findRoom, openInstance, sweepRoom } from '#shared/ownership/listing.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { realmId } from './realm.ts'

const now = 1_000_000_000

it('a card that cannot be read costs its own instance, not its zone', async () => {
  const store = createMemoryStore()
  const open = async (bootId: string) => {
    const ref = { zone: 'hub', bootId, instance: 'hub-1' }
    const entry = { ...ref, address: 'ws://a/zone', protocol: 2, capacity: 100 }
    await openInstance(store, now, realmId, { ...entry, state: 'open' })
    return ref
  }
  const odd = await open('b1')
  await open('b2')
  const copies = store.rows('volatile', `R#${realmId}#Z#hub#ROOM`)
  const keys = [cardKey(realmId, odd), copies.find(({ sk }) => sk.includes(odd.bootId))!]
  for (const { pk, sk } of keys) {
    await store.update({
      table: 'volatile',
      key: { pk, sk },
      update: 'SET #state = :newer REMOVE heartbeat',
      names: { '#state': 'state' },
      values: { ':newer': 'a state of later' },
    })
  }

  const found = [
    await findInstances(store, realmId, 'hub'),
    await findRoom(store, { isLive: () => true, isFresh: () => true }, realmId, 'hub'),
  ]
  expect(found.map((cards) => cards.map(({ bootId }) => bootId))).toEqual([['b2'], ['b2']])
  expect(await readCard(store, realmId, odd)).toBeUndefined()
  await sweepRoom(store, now + 24 * 60 * 60 * 1000, realmId, 'hub')
  expect(store.rows('volatile', `R#${realmId}#Z#hub#ROOM`)).toEqual([])
})
