// Where members of a party enter: to each other if there is room, and if not they are told why.
import { describe, expect, it } from 'vitest'
import { cardKey } from '#shared/ownership/card.ts'
import { parseCharacterRows, readCharacterRows, saveUpdate } from '#shared/ownership/guard.ts'
import { closedAt } from '#shared/ownership/listing.ts'
import { party } from './party.ts'
import { openRealm, realmId } from './realm.ts'
import type { Realm } from './realm.ts'

/** Fills an instance up to so many players. */
async function fill(realm: Realm, bootId: string, count: number) {
  const key = cardKey(realmId, { zone: 'hub', bootId, instance: 'hub-1' })
  const names = { '#count': 'count' }
  const values = { ':n': count }
  await realm.store.update({ table: 'volatile', key, update: 'SET #count = :n', names, values })
}

async function enterInto(realm: Realm, who: { characterId: string; accountId: string }) {
  const admission = await realm.enterAs(who)
  const { bootId } = await realm.open(admission.ticket)
  return { bootId, party: admission.party, admission }
}

describe('a member of a party', () => {
  it('comes into the instance where the others are, though newcomers go elsewhere', async () => {
    const realm = await openRealm()
    const one = await realm.host()
    const two = await realm.host()
    const [ada, bram, cato] = await party(realm, 3)
    const first = await enterInto(realm, ada)
    expect(first.party).toBeUndefined()
    const home = first.bootId === one.bootId ? one : two
    await home.claim(await realm.open(first.admission.ticket))
    // Newcomers go to the other one from 80 % on.
    await fill(realm, home.bootId, 85)
    const stranger = await enterInto(realm, await realm.character())
    expect(stranger.bootId).not.toBe(home.bootId)
    for (const mate of [bram, cato]) {
      expect(await enterInto(realm, mate)).toMatchObject({
        bootId: home.bootId,
        party: 'together',
      })
    }
  })

  it('is told when there is no room with them, and when they are in another zone', async () => {
    const realm = await openRealm()
    const one = await realm.host()
    const [ada, bram] = await party(realm, 2)
    const first = await enterInto(realm, ada)
    await one.claim(await realm.open(first.admission.ticket))
    const two = await realm.host()
    await fill(realm, one.bootId, closedAt({ capacity: 100 }))
    expect(await enterInto(realm, bram)).toMatchObject({ bootId: two.bootId, party: 'full' })

    const forest = await realm.host('forest')
    const [cato, dunja] = await party(realm, 2)
    const { items } = await realm.store.query(readCharacterRows(realmId, cato.characterId))
    const { epoch, saveNumber, saved } = parseCharacterRows(realmId, cato.characterId, items)!.state
    const inForest = { ...cato, realmId, epoch, saveNumber, saved: { ...saved, zone: 'forest' } }
    await realm.store.update(saveUpdate(inForest))
    expect((await enterInto(realm, cato)).bootId).toBe(forest.bootId)
    expect(await enterInto(realm, dunja)).toMatchObject({ bootId: two.bootId, party: 'elsewhere' })
  })

  it('costs one trip beside the others for who is in no party, and two in sequence more for who is', async () => {
    const realm = await openRealm()
    await realm.host()
    realm.counted.reset()
    await realm.enterAs(await realm.character())
    expect(realm.counted.sequential()).toBeLessThanOrEqual(5)
    const [ada, bram] = await party(realm, 2)
    await realm.enterAs(ada)
    realm.counted.reset()
    await realm.enterAs(bram)
    expect(realm.counted.sequential()).toBeLessThanOrEqual(7)
  })
})
