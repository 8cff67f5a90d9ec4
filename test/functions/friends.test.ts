// Friends, requests and blocks over HTTP, and random histories of them on a store that fails.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockedMax, friendRequestsMax, friendsMax } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { codeOf, faulty, newAccount, openApi, settled } from './api.ts'
import type { TestApi } from './api.ts'

const inRealm = { realmId: 'local' }

type Person = Awaited<ReturnType<typeof person>>

/** A player with one character. Letters alone tell names apart, and not all of them. */
async function person(test: TestApi, name: string) {
  const { accessToken, accountId } = await newAccount(test, name)
  const client = test.client({ token: accessToken })
  const body = { name, race: 'human', job: 'mage' }
  const { characterId: as } = await client.characters.create({ params: inRealm, body })
  const of = (other: { playerId: string }) => ({ ...inRealm, playerId: other.playerId })
  return {
    playerId: accountId,
    name,
    as,
    ask: (other: { name: string }, operationId = newId(test.clock)) =>
      client.friends.ask({ params: inRealm, body: { as, name: other.name } }, { operationId }),
    accept: (other: { playerId: string }, operationId = newId(test.clock)) =>
      client.friends.accept({ params: of(other), body: { as } }, { operationId }),
    end: (other: { playerId: string }, operationId = newId(test.clock)) =>
      client.friends.end({ params: of(other) }, { operationId }),
    block: (other: { name: string }, operationId = newId(test.clock)) =>
      client.friends.block({ params: inRealm, body: { name: other.name } }, { operationId }),
    unblock: (other: { playerId: string }, operationId = newId(test.clock)) =>
      client.friends.unblock({ params: of(other) }, { operationId }),
    /** What each other one is to this one, by name. */
    async list(): Promise<Record<string, string>> {
      const all: Record<string, string> = {}
      let after: string | undefined
      do {
        const query = { limit: 7, ...(after === undefined ? {} : { after }) }
        const page = await client.friends.list({ params: inRealm, query })
        for (const { name: other, state } of page.entries) all[other] = state
        after = page.next
      } while (after !== undefined)
      return all
    },
    /** What this one was told. */
    async told() {
      const { entries } = await client.notifications.list({ params: inRealm })
      return entries.map((one) => `${one.kind} ${'name' in one && one.name}`)
    },
    client,
  }
}

const names = ['Ada', 'Bram', 'Cato', 'Dunja', 'Egon', 'Fenna']

async function people(count: number) {
  const test = await openApi()
  const all: Person[] = []
  for (const name of names.slice(0, count)) all.push(await person(test, name))
  test.trips.reset()
  return { test, all: all as [Person, Person, Person, Person, Person, Person] }
}

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
      ['Cato', 'Dunja', 'Egon', 'Fenna'].map(async (name) => await person(test, name)),
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
    expect(countsOf(test)).toEqual(rowsOf(test))
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

/** What the counts say, by player and state. */
function countsOf(test: TestApi) {
  const counts = new Map<string, number>()
  for (const { pk, sk, v: _, ...states } of test.memory.rows('core')) {
    if (!pk.startsWith('R#local#FRIENDS#') || sk !== 'COUNT') continue
    for (const [state, count] of Object.entries(states)) {
      if (count !== 0) counts.set(`${pk} ${state}`, Number(count))
    }
  }
  return counts
}

/** What the lists say. */
function rowsOf(test: TestApi) {
  const counts = new Map<string, number>()
  for (const { pk, sk, state } of test.memory.rows('core')) {
    if (!pk.startsWith('R#local#FRIENDS#') || !sk.startsWith('P#')) continue
    const key = `${pk} ${state as string}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** What is so by the words of the API, kept as three sets. Pairs are `from to`. */
class Model {
  readonly friends = new Set<string>()
  readonly asked = new Set<string>()
  readonly blocks = new Set<string>()

  act(what: 'ask' | 'accept' | 'end' | 'block' | 'unblock', a: string, b: string): string {
    const [ab, ba] = [`${a} ${b}`, `${b} ${a}`]
    const open = this.asked.has(ba) && !this.blocks.has(ab)
    const befriend = () => {
      for (const pair of [ab, ba]) {
        this.asked.delete(pair)
        this.friends.add(pair)
      }
    }
    switch (what) {
      case 'ask':
        if (this.blocks.has(ab)) return 'friend.blocked'
        if (this.friends.has(ab) || this.asked.has(ab)) return 'friend.already'
        if (open) befriend()
        else this.asked.add(ab)
        return 'done'
      case 'accept':
        if (this.friends.has(ab)) return 'friend.already'
        if (!open) return 'friend.not_asked'
        befriend()
        return 'done'
      case 'end':
        if (!this.friends.has(ab) && !this.asked.has(ab) && !open) return 'friend.not_found'
        this.forget(ab, ba)
        return 'done'
      case 'block':
        this.forget(ab, ba)
        this.blocks.add(ab)
        return 'done'
      case 'unblock':
        if (!this.blocks.delete(ab)) return 'friend.not_found'
        this.forget(ab, ba)
        return 'done'
    }
  }

  forget(...pairs: string[]) {
    for (const pair of pairs) {
      this.friends.delete(pair)
      this.asked.delete(pair)
    }
  }

  /** What the other one is to a player, as his list shows it. */
  state(a: string, b: string): string | undefined {
    if (this.blocks.has(`${a} ${b}`)) return 'blocked'
    if (this.friends.has(`${a} ${b}`)) return 'friend'
    if (this.asked.has(`${a} ${b}`)) return 'sent'
    return this.asked.has(`${b} ${a}`) ? 'received' : undefined
  }
}

const acts = ['ask', 'accept', 'end', 'block', 'unblock'] as const
const history = fc.array(
  fc.record({ who: fc.nat(3), whom: fc.nat(3), what: fc.constantFrom(...acts) }),
  { minLength: 20, maxLength: 60 },
)
describe('a random history on a store that conflicts, throttles and loses requests and answers', () => {
  it('of one act after the other ends as the words of the API say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), history, async (seed, list) => {
        const { test, all } = await people(4)
        const model = new Model()
        test.faults.next = seededFaults(seed, faulty)
        for (const { who, whom, what } of list) {
          if (who === whom) continue
          const [a, b] = [all[who]!, all[whom]!]
          const id = newId(test.clock)
          const code = await settled(() => a[what](b, id))
          expect(code, `${a.name} ${what} ${b.name}`).toBe(model.act(what, a.name, b.name))
        }
        test.faults.next = undefined
        for (const a of all) {
          const expected: Record<string, string> = {}
          for (const b of all) {
            const state = a === b ? undefined : model.state(a.name, b.name)
            if (state !== undefined) expected[b.name] = state
          }
          expect(await a.list()).toEqual(expected)
        }
        expect(countsOf(test)).toEqual(rowsOf(test))
      }),
      { numRuns: 40 },
    )
  }, 120_000)

  it('of acts at once leaves each pair in one state, and the counts true', async () => {
    const whole = new Set([
      'undefined undefined',
      'sent received',
      'received sent',
      'friend friend',
      'blocked undefined',
      'undefined blocked',
      'blocked blocked',
      'sent blocked',
      'blocked sent',
    ])
    await fc.assert(
      fc.asyncProperty(fc.integer(), history, async (seed, list) => {
        const { test, all } = await people(4)
        test.faults.next = seededFaults(seed, faulty)
        for (let i = 0; i < list.length; i += 12) {
          const sent = list.slice(i, i + 12).map(async ({ who, whom, what }) => {
            const id = newId(test.clock)
            return await settled(() => all[who]![what](all[whom]!, id))
          })
          await Promise.all(sent)
        }
        test.faults.next = undefined
        const lists = await Promise.all(all.map((one) => one.list()))
        for (const [i, a] of all.entries()) {
          for (const [j, b] of all.entries()) {
            if (i < j) expect(whole).toContain(`${lists[i]![b.name]} ${lists[j]![a.name]}`)
          }
        }
        expect(countsOf(test)).toEqual(rowsOf(test))
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
