// Friends, requests and blocks over HTTP. Random histories of them are in test/histories/.
import { describe, expect, it } from 'vitest'
import { blockedMax, friendRequestsMax, friendsMax } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf } from './api.ts'
import { brokenPairs, friendActs } from './friend-people.ts'
import { inRealm, people as peopleWith, person } from './people.ts'
import type { Person as Anybody } from './people.ts'

const withFriends = (who: Anybody) => ({ ...who, ...friendActs(who) })
type Person = ReturnType<typeof withFriends>

const people = async (count: number) => await peopleWith(count, withFriends)

describe('two players', () => {
  it('become friends when one asks and the other accepts, and both were told', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    expect(await ada.ask(bram)).toMatchObject({ name: 'Bram', state: 'sent' })
    expect(await ada.list()).toEqual({ Bram: 'sent' })
    expect(await bram.list()).toEqual({ Ada: 'received' })
    expect(await bram.told()).toEqual(['friend.asked Ada'])
    expect(await bram.accept(ada)).toMatchObject({ name: 'Ada', state: 'friend' })
    expect(await ada.list()).toEqual({ Bram: 'friend' })
    expect(await bram.list()).toEqual({ Ada: 'friend' })
    expect(await ada.told()).toEqual(['friend.accepted Bram'])
  })

  it('become friends when both ask, also at once', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    const states = await Promise.all([ada.ask(bram), bram.ask(ada)])
    expect(states.map(({ state }) => state).toSorted()).toEqual(['friend', 'sent'])
    expect(await ada.list()).toEqual({ Bram: 'friend' })
    expect(await bram.list()).toEqual({ Ada: 'friend' })
  })

  it('are nothing to each other after the end of any of it', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    const ends = [
      async () => await ada.end(bram),
      async () => await bram.end(ada),
      async () => {
        await bram.accept(ada)
        await ada.end(bram)
      },
      async () => {
        await bram.block(ada)
        await ada.ask(bram)
        await ada.end(bram)
        await bram.unblock(ada)
      },
    ]
    for (const end of ends) {
      await ada.ask(bram)
      await end()
      expect(await ada.list()).toEqual({})
      expect(await bram.list()).toEqual({})
    }
  })

  it('whose request and block meet are not friends, whatever the blocked one does', async () => {
    const { all } = await people(2)
    const [ada, bram] = all
    await bram.ask(ada)
    await ada.block(bram)
    expect(await bram.list()).toEqual({})
    // He is not told: his request looks like one that nobody answers.
    expect(await bram.ask(ada)).toMatchObject({ state: 'sent' })
    expect(await bram.list()).toEqual({ Ada: 'sent' })
    expect(await ada.list()).toEqual({ Bram: 'blocked' })
    expect(await ada.told()).toEqual(['friend.asked Bram'])
    expect(await codeOf(ada.accept(bram))).toBe('friend.not_asked')
    expect(await codeOf(ada.ask(bram))).toBe('friend.blocked')
    await ada.unblock(bram)
    expect(await ada.list()).toEqual({})
    expect(await bram.list()).toEqual({})
  })
})

describe('a refusal', () => {
  it('names why', async () => {
    const { test, all } = await people(3)
    const [ada, bram, cato] = all
    expect(await codeOf(ada.ask({ name: 'Nobody Here' }))).toBe('friend.unknown')
    expect(await codeOf(ada.ask(ada))).toBe('friend.self')
    expect(await codeOf(ada.block(ada))).toBe('friend.self')
    expect(await codeOf(ada.accept(ada))).toBe('friend.not_asked')
    expect(await codeOf(ada.end(ada))).toBe('friend.not_found')
    expect(await codeOf(ada.unblock(ada))).toBe('friend.not_found')
    expect(await codeOf(ada.accept(bram))).toBe('friend.not_asked')
    expect(await codeOf(ada.end(bram))).toBe('friend.not_found')
    expect(await codeOf(ada.unblock(bram))).toBe('friend.not_found')
    await ada.ask(bram)
    expect(await codeOf(ada.ask(bram))).toBe('friend.already')
    await bram.accept(ada)
    expect(await codeOf(bram.accept(ada))).toBe('friend.already')
    expect(await codeOf(bram.ask(ada))).toBe('friend.already')
    // As a character of another one, or one that is deleted.
    const body = { as: bram.as, name: 'Cato' }
    const asBram = ada.client.friends.ask({ params: inRealm, body })
    expect(await codeOf(asBram)).toBe('character.not_found')
    const params = { ...inRealm, characterId: cato.as }
    await cato.client.characters.delete({ params })
    expect(await codeOf(cato.ask(ada))).toBe('character.not_found')
    expect(await codeOf(ada.ask(cato))).toBe('friend.unknown')
    // Who is gone may still be blocked: his player is not.
    expect(await ada.block(cato)).toMatchObject({ name: 'Cato', state: 'blocked' })
    expect(test.logged).toEqual([])
  })

  it('does not take the place of an answer that was given before', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const operationId = newId(test.clock)
    const first = await ada.ask(bram, operationId)
    await bram.client.characters.delete({ params: { ...inRealm, characterId: bram.as } })
    await ada.client.characters.delete({ params: { ...inRealm, characterId: ada.as } })
    expect(await ada.ask(bram, operationId)).toEqual(first)
  })

  it('comes at the limits of either list, also when all come at once', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const key = (who: Person) => ({ pk: `R#local#FRIENDS#${who.playerId}`, sk: 'COUNT' })
    const count = async (who: Person, counts: Record<string, number>) => {
      await test.memory.put({ table: 'core', item: { ...key(who), v: 1, ...counts } })
    }
    await count(ada, { sent: friendRequestsMax })
    expect(await codeOf(ada.ask(bram))).toBe('friend.limit')
    await count(ada, { blocked: blockedMax })
    expect(await codeOf(ada.block(bram))).toBe('friend.limit')
    await count(bram, { received: friendRequestsMax })
    expect(await codeOf(ada.ask(bram))).toBe('friend.full')
    await count(bram, { friend: friendsMax })
    await ada.ask(bram)
    expect(await codeOf(bram.accept(ada))).toBe('friend.limit')
    await count(bram, { friend: friendsMax - 1, received: friendRequestsMax - 1 })
    const others = await Promise.all(
      ['Cato', 'Dunja', 'Egon', 'Fenna'].map(async (name) => withFriends(await person(test, name))),
    )
    const codes = await Promise.all(others.map((other) => codeOf(other.ask(bram))))
    expect(codes.toSorted()).toEqual(['done', 'friend.full', 'friend.full', 'friend.full'])
  })
})

describe('a request', () => {
  it('takes effect once, three times in turn and fifty times at once', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const acts = [
      (id: string) => ada.ask(bram, id),
      (id: string) => bram.accept(ada, id),
      (id: string) => ada.end(bram, id),
      (id: string) => ada.block(bram, id),
      (id: string) => ada.unblock(bram, id),
    ]
    for (const act of acts) {
      const id = newId(test.clock)
      const answers = new Set<string>()
      const send = async () => answers.add(JSON.stringify(await act(id)))
      await Promise.all(Array.from({ length: 50 }, send))
      for (let i = 0; i < 3; i++) await send()
      expect(answers.size).toBe(1)
    }
    expect(await bram.told()).toEqual(['friend.asked Ada'])
    expect(await ada.told()).toEqual(['friend.accepted Bram'])
    expect(brokenPairs(test)).toEqual([])
  })

  it('that was refused by what is so then cannot happen late', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const { sleep } = test.clock
    const lateMs = 5000
    test.faults.next = ({ operation }) => {
      if (operation !== 'transact') return undefined
      test.faults.next = undefined
      return { kind: 'applyLate', ms: lateMs }
    }
    let land: (() => void) | undefined
    test.clock.sleep = async (ms) => {
      if (ms === lateMs) return await new Promise<void>((resolve) => (land = resolve))
      // Before it is sent again, another one is faster.
      test.clock.sleep = sleep
      await ada.ask(bram)
    }
    expect(await codeOf(ada.ask(bram))).toBe('friend.already')
    await bram.end(ada)
    land!()
    await test.memory.settled()
    expect(await bram.list()).toEqual({})
    expect(await ada.list()).toEqual({})
  })

  it('costs three trips and what the name takes', async () => {
    const { test, all } = await people(2)
    const [ada, bram] = all
    const trips = async (act: () => Promise<unknown>) => {
      test.trips.reset()
      await act()
      return test.trips.trips.map(({ operation }) => operation)
    }
    const pair = ['get', 'get', 'transact']
    expect(await trips(() => ada.ask(bram))).toEqual(['get', 'get', 'get', ...pair])
    expect(await trips(() => bram.accept(ada))).toEqual(['get', ...pair])
    expect(await trips(() => ada.end(bram))).toEqual(pair)
    expect(await trips(() => ada.list())).toEqual(['query'])
    expect(await trips(() => ada.told())).toEqual(['query'])
  })
})
