// Ranked lists and totals over HTTP and at size: 100,000 characters, 10,000 additions at once.
import { describe, expect, it } from 'vitest'
import { tallyRoutes } from '#functions/game/tallies.ts'
import { defineGame, routes } from '#shared/game/game.ts'
import { tallyEffect } from '#shared/game/tallying.ts'
import { domain, endpoint } from '#shared/api/endpoint.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { talliesMax } from '#shared/limits.ts'
import { tally } from '#shared/rules/tally.ts'
import { newId } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Store } from '#shared/store/store.ts'
import * as z from 'zod'
import { openRealm, realmId } from '../ownership/realm.ts'
import { countUnits } from '../store/units.ts'
import { newAccount, openApi } from './api.ts'
import { coreSchema } from '../parts.ts'

const Score = tally('score', { per: 'character', ranked: true })
const scoring = tallyEffect(Score)

type Entry = { rank: number; characterId: string; name: string; total: number }
type Ranked = { characterId: string; total: number; at: number }

/** The rows that an addition makes for a character who has none. `listed`: the entry of the list alone. */
async function putFirst(store: Store, one: Ranked, listed?: 'listed'): Promise<void> {
  const { characterId, total, at } = one
  const request = { realmId, characterId, accountId: '', name: 'Mira', id: '', now: at }
  const steps = scoring.steps({ ...request, body: { add: total } }, [undefined])
  if ('refused' in steps) throw new Error(steps.refused)
  const writes = steps.map(({ write }) => write)
  const entry = writes[1]!
  if (listed === undefined) await store.transact(writes)
  else if ('put' in entry) await store.put(entry.put)
}

async function page(store: Store, limit: number, after?: string) {
  return await tallyRoutes(store, [Score]).top({
    params: { realmId, tally: 'score' },
    query: { limit, ...(after !== undefined && { after }) },
    body: undefined,
    caller: { kind: 'anyone' },
    operation: undefined,
    address: '',
  })
}

/** All pages. `between`: called after each. */
async function walk(store: Store, limit: number, between = async () => {}): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let after: string | undefined; ;) {
    const found = await page(store, limit, after)
    entries.push(...found.entries)
    if (found.next === undefined) return entries
    after = found.next
    await between()
  }
}

const idOf = (i: number) => `00000000-0000-7000-8000-${String(i).padStart(12, '0')}`

/** A host that has these characters in play. */
async function openHost(store: Store, characterIds: Iterable<string>) {
  const realm = await openRealm({ store })
  const host = await realm.host('hub', true, { effects: [scoring] })
  for (const characterId of characterIds) {
    const key = guardKey(realmId, characterId)
    const item = { ...key, owner: host.bootId, epoch: 1, state: 'active', accountId: '' }
    await store.put({ table: 'core', item })
  }
  const add = async (characterId: string, id: string, n: number) =>
    await host.effect({
      ...Score.add(n),
      body: JSON.stringify(Score.add(n).body),
      characterId,
      accountId: '',
      name: 'Mira',
      epoch: 1,
      id,
    })
  return { realm, add }
}

describe('a ranked list of 100,000', () => {
  it('is right after 10,000 additions at once, and a page of ten costs at most 3 read units', async () => {
    const store = createMemoryStore()
    const expected = new Map<string, Ranked>()
    for (let i = 0; i < 100_000; i++) {
      // Many ties, and totals on both sides of zero.
      const one = { characterId: idOf(i), total: ((i * 7919) % 20_011) - 10_000 || 1, at: i }
      expected.set(one.characterId, one)
      await putFirst(store, one, i % 25 === 0 ? undefined : 'listed')
    }
    const ids = Array.from({ length: 4000 }, (_, i) => idOf(i * 25))
    const { realm, add } = await openHost(store, ids)
    const now = realm.runtime.now()
    const adds = Array.from({ length: 10_000 }, (_, i) => {
      const characterId = ids[(i * 31) % ids.length]!
      const n = ((i * 104_729) % 30_011) - 15_000 || 1
      const before = expected.get(characterId)!
      expected.set(characterId, { characterId, total: before.total + n, at: now })
      return { characterId, id: `${i}`, n }
    })
    const outcomes = await Promise.all(
      adds.map(({ characterId, id, n }) => add(characterId, id, n)),
    )
    expect(outcomes.filter((one) => one === 'fenced' || one.outcome !== 'done')).toEqual([])

    const entries = await walk(store, 50)
    expect(entries).toHaveLength(100_000)
    const wrong = entries.filter(
      ({ rank, characterId, total }, i) =>
        rank !== i + 1 || expected.get(characterId)?.total !== total,
    )
    expect(wrong).toEqual([])
    expect(new Set(entries.map(({ characterId }) => characterId)).size).toBe(100_000)
    const disordered = entries.filter(({ characterId, total }, i) => {
      const above = entries[i - 1]
      if (above === undefined || above.total > total) return false
      const [first, second] = [expected.get(above.characterId)!, expected.get(characterId)!]
      return above.total < total || first.at > second.at
    })
    expect(disordered).toEqual([])

    const counted = countUnits(store)
    expect((await page(counted.store, 10)).entries).toEqual(entries.slice(0, 10))
    expect(counted.units.read).toBeLessThanOrEqual(3)
  }, 120_000)
})

describe('the pages of a ranked list', () => {
  it('show each entry that does not change once, while others change', async () => {
    const store = createMemoryStore()
    for (let i = 0; i < 500; i++) {
      await putFirst(store, { characterId: idOf(i), total: 1 + (i % 9), at: i % 3 })
    }
    const moving = Array.from({ length: 50 }, (_, i) => idOf(i * 10))
    const { add } = await openHost(store, moving)
    let n = 0
    const entries = await walk(store, 7, async () => {
      for (let i = 0; i < 5; i++) {
        n++
        expect(await add(moving[n % 50]!, `${n}`, n % 2 === 0 ? n : -n)).toMatchObject({
          outcome: 'done',
        })
      }
    })
    const still = entries.filter(({ characterId }) => !moving.includes(characterId))
    expect(still).toHaveLength(450)
    expect(new Set(still.map(({ characterId }) => characterId)).size).toBe(450)
    // Nothing changes now: ties stand as they stood.
    expect(await walk(store, 7)).toEqual(await walk(store, 50))
  })

  it('are over when all have been shown, and take no cursor of another list', async () => {
    const store = createMemoryStore()
    expect(await page(store, 10)).toEqual({ entries: [] })
    for (let i = 0; i < 12; i++) await putFirst(store, { characterId: idOf(i), total: i, at: 0 })
    expect((await walk(store, 4)).map(({ rank }) => rank)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ])
    const other = Buffer.from(JSON.stringify([1, 'tallies.top gold.1', 1, 'a'])).toString(
      'base64url',
    )
    await expect(page(store, 4, other)).rejects.toMatchObject({ code: 'request.cursor' })
  })
})

describe('a character that is deleted', () => {
  it('is in no ranked list any more, and its account need not wait for that', async () => {
    const test = await openApi()
    const mine = test.client({ token: (await newAccount(test)).accessToken })
    const params = { realmId }
    const body = { name: 'Mira', race: 'human', job: 'mage' }
    const { characterId } = await mine.characters.create({ params, body })
    const other = { characterId: idOf(1), total: 3, at: 1 }
    for (const one of [other, { characterId, total: 5, at: 1 }]) await putFirst(test.memory, one)
    expect((await page(test.memory, 10)).entries).toHaveLength(2)
    const operationId = newId(test.clock)
    for (let i = 0; i < 2; i++) {
      await mine.characters.delete({ params: { ...params, characterId } }, { operationId })
    }
    const { entries } = await page(test.memory, 10)
    expect(entries).toMatchObject([{ rank: 1, characterId: other.characterId, total: 3 }])
  })
})

describe('the routes of tallies', () => {
  it('say that there is no such list, also of a tally that is not ranked', async () => {
    const { client } = await openApi()
    const top = client().tallies.top({ params: { realmId, tally: 'nosuch' } })
    await expect(top).rejects.toMatchObject({ status: 404, code: 'game.not_found' })
    const Steps = tally('steps', { per: 'character' })
    const { top: read } = tallyRoutes(createMemoryStore(), [Steps])
    const call = { params: { realmId, tally: 'steps' }, query: { limit: 10 } }
    await expect(
      read({
        ...call,
        body: undefined,
        caller: { kind: 'anyone' },
        operation: undefined,
        address: '',
      }),
    ).rejects.toMatchObject({ code: 'game.not_found' })
  })
})

describe('a game', () => {
  const define = (tallies: ReturnType<typeof tally>[], path = '/v1/game/look') =>
    defineGame({
      content: '',
      zone: { schema: coreSchema },
      tallies,
      routes: [
        routes(
          domain({
            name: 'game',
            description: '',
            endpoints: {
              look: endpoint({
                method: 'GET',
                path,
                summary: 'Look',
                identity: 'anyone',
                answer: z.object({}),
                errors: [],
                limits: [],
              }),
            },
          }),
          () => ({ look: async () => ({}) }),
        ),
      ],
    })
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => tally(`t${i}`, { per: 'account' }))

  it('is refused with two tallies of one name, with too many, and with routes in their place', () => {
    expect(() => define(many(talliesMax))).not.toThrow()
    expect(() => define(many(talliesMax + 1))).toThrow('41 tallies are too many')
    expect(() => define([...many(2), ...many(1)])).toThrow('one name')
    expect(() => tally('Score!', { per: 'account' })).toThrow()
    const path = '/v1/game/realms/{realmId}/tallies/best'
    expect(() => define([], path)).toThrow("for the core's routes")
  })
})
