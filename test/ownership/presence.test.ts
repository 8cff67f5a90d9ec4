// The presence of a host's players follows its claims, leaves and fences.
import { expect, it } from 'vitest'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { putShown } from '#shared/presence/circle.ts'
import { createPresence } from '#shared/presence/presence.ts'
import { openRealm, realmId } from './realm.ts'

it('who is claimed is in play until he leaves, is fenced, or wants to appear offline', async () => {
  const realm = await openRealm()
  const cache = createMemoryCache({ runtime: realm.runtime })
  const host = await realm.host('hub', true, { cache })
  const claimed = async (accountId: string) => {
    const who = await realm.character(accountId)
    const { ticket } = await realm.enterAs(who)
    const answer = await host.claim(await realm.open(ticket))
    if (answer.outcome !== 'claimed') throw new Error(answer.outcome)
    return answer.character
  }
  /** Presence as it is when the host has written all that it knows; its end is a moment at which it does. */
  const seen = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await host.release()
    const found = await createPresence({ cache, runtime: realm.runtime }).read(realmId, all)
    return [...found.values()].map((one) =>
      typeof one === 'string' ? one : 'zone' in one ? one.zone : 'lobby',
    )
  }
  const all = ['ada', 'bram', 'cato', 'synthetic']
  const [ada, bram] = [await claimed('ada'), await claimed('bram'), await claimed('cato')]
  await claimed('synthetic')
  expect(await seen()).toEqual(['hub', 'hub', 'hub', 'offline'])
  const { characterId, epoch, saveNumber, saved } = ada
  await host.leave({ characterId, epoch, saveNumber: saveNumber + 1, saved, instance: 'hub-1' })
  expect(await seen()).toEqual(['offline', 'hub', 'hub', 'offline'])
  // Another stay of the character.
  await host.forget(bram.characterId, bram.epoch - 1)
  expect(await seen()).toEqual(['offline', 'hub', 'hub', 'offline'])
  await host.forget(bram.characterId, bram.epoch)
  await realm.store.put(putShown({ realmId, accountId: 'cato' }, { appear: 'offline' }))
  expect(await seen()).toEqual(['offline', 'offline', 'hub', 'offline'])
  host.heard(JSON.stringify({ of: 'shown', accounts: ['cato'] }))
  expect(await seen()).toEqual(['offline', 'offline', 'offline', 'offline'])
  // A message that says nothing is a hint of the inbox.
  realm.counted.reset()
  host.heard('')
  expect(realm.counted.trips.map(({ operation }) => operation)).toEqual(['query'])
})
