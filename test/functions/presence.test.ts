// Presence over HTTP: who sees whom, and the hints that go to zone hosts.
import { describe, expect, it } from 'vitest'
import { ApiError } from '#shared/api/client.ts'
import { CacheError } from '#shared/cache/cache.ts'
import {
  blockersAtOnce,
  friendRequestsMax,
  guildMembersMax,
  statusMaxLength,
} from '#shared/limits.ts'
import { inboxChannel } from '#shared/ownership/inbox.ts'
import { hostKey, placeKey, writeEntry } from '#shared/presence/entry.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf } from './api.ts'
import type { TestApi } from './api.ts'
import { friendActs } from './friend-people.ts'
import { inRealm, people as peopleWith } from './people.ts'
import type { Person } from './people.ts'

const host = 'boot-1'

function withPresence(who: Person, test: TestApi) {
  const { playerId, as, name, client } = who
  return {
    ...who,
    ...friendActs(who),
    show: async (body: Shown, operationId = newId(test.clock)) =>
      await client.friends.show({ params: inRealm, body }, { operationId }),
    /** Presence by name; the state where there is none. */
    async list() {
      const { entries } = await client.friends.list({ params: inRealm })
      return Object.fromEntries(
        entries.map(({ name: of, state, presence }) => [of, presence ?? state]),
      )
    },
    /** As the host of this player says it. */
    async comesIn(more: { status?: string } = {}) {
      const entry = { characterId: as, name, zone: 'hub', since: 5, ...more }
      await test.cache.pipeline([
        ['HSET', hostKey(host), playerId, writeEntry(entry)],
        ['SET', placeKey('local', playerId), host],
      ])
    },
  }
}
type Shown = { appear: 'online' | 'offline'; status?: string }

async function people() {
  const { test, all } = await peopleWith(5, withPresence)
  const [ada, bram, cato, dunja, egon] = all
  const heard: unknown[] = []
  const listen = (message: string) => heard.push(JSON.parse(message))
  test.cache.subscribe(inboxChannel(host), listen, new AbortController().signal)
  /** What hosts were told so far; hints are not waited for. */
  const hints = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return heard.splice(0)
  }
  return { test, ada, bram, cato, dunja, egon, hints }
}

describe('the list of friends', () => {
  it('shows the presence of friends, and of nobody else', async () => {
    const { test, ada, bram, cato, dunja, egon } = await people()
    await ada.ask(bram)
    await bram.accept(ada)
    await ada.ask(cato)
    await dunja.ask(ada)
    await ada.block(egon)
    for (const one of [cato, dunja, egon]) await one.comesIn()
    const others = { Cato: 'sent', Dunja: 'received', Egon: 'blocked' }
    expect(await ada.list()).toEqual({ ...others, Bram: { state: 'offline' } })
    await bram.comesIn({ status: 'busy' })
    const online = { state: 'online', name: 'Bram', zone: 'hub', since: 5, status: 'busy' }
    test.trips.reset()
    expect(await ada.list()).toEqual({ ...others, Bram: online })
    expect(test.trips.trips).toHaveLength(1)
    // What a later version has written.
    await test.cache.pipeline([['HSET', hostKey(host), bram.playerId, '{"v":2}']])
    expect(await ada.list()).toEqual({ ...others, Bram: { state: 'unknown' } })
  })

  it('says unknown while Redis is gone, and is there all the same', async () => {
    const { test, ada, bram } = await people()
    await ada.ask(bram)
    await bram.accept(ada)
    await bram.comesIn()
    const { pipeline } = test.cache
    test.cache.pipeline = async () => await Promise.reject(new CacheError('gone'))
    expect(await ada.list()).toEqual({ Bram: { state: 'unknown' } })
    expect(await ada.show({ appear: 'offline' })).toEqual({ appear: 'offline' })
    test.cache.pipeline = pipeline
    test.clock.advance(2000)
    expect(await ada.list()).toMatchObject({ Bram: { state: 'online' } })
    expect(test.logged).toEqual([])
  })
})

describe('the roster of a guild', () => {
  async function inGuild() {
    const all = await people()
    const { ada, bram, cato } = all
    const { guildId } = await ada.client.guilds.found({
      params: inRealm,
      body: { as: ada.as, name: 'Lanterns' },
    })
    const params = { ...inRealm, guildId }
    for (const one of [bram, cato]) {
      await ada.client.guilds.invite({ params, body: { as: ada.as, name: one.name } })
      await one.client.guilds.join({ params, body: { as: one.as } })
    }
    const roster = async ({ client, as }: typeof ada) => {
      const { entries } = await client.guilds.roster({ params, query: { as, limit: 500 } })
      return Object.fromEntries(entries.map(({ name, presence }) => [name, presence?.state]))
    }
    return { ...all, guildId, roster }
  }

  it('shows which member is in play, with which zone, and not what else its player plays', async () => {
    const { test, ada, bram, cato, guildId, roster } = await inGuild()
    await ada.comesIn()
    await bram.comesIn({ status: 'busy' })
    const query = { as: cato.as }
    const { entries } = await cato.client.guilds.roster({ params: { ...inRealm, guildId }, query })
    const online = { state: 'online', name: 'Bram', zone: 'hub', since: 5, status: 'busy' }
    expect(entries.find(({ name }) => name === 'Bram')!.presence).toEqual(online)
    expect(await roster(cato)).toEqual({ Ada: 'online', Bram: 'online', Cato: 'offline' })
    // With another character than the member.
    const entry = { characterId: newId(test.clock), name: 'Another', zone: 'hub', since: 5 }
    await test.cache.pipeline([['HSET', hostKey(host), bram.playerId, writeEntry(entry)]])
    expect(await roster(cato)).toEqual({ Ada: 'online', Bram: 'offline', Cato: 'offline' })
  })

  it('shows nobody who has blocked the one who looks', async () => {
    const { ada, bram, cato, roster } = await inGuild()
    for (const one of [ada, bram, cato]) await one.comesIn()
    await ada.client.friends.block({ params: inRealm, body: { name: 'Bram' } })
    expect(await roster(bram)).toEqual({ Ada: 'offline', Bram: 'online', Cato: 'online' })
    for (const one of [ada, cato]) {
      expect(await roster(one)).toEqual({ Ada: 'online', Bram: 'online', Cato: 'online' })
    }
  })

  it('shows nobody who has blocked one whom very many have blocked, in as many trips', async () => {
    const { test, ada, bram, cato, roster } = await inGuild()
    for (const one of [ada, bram, cato]) await one.comesIn()
    await ada.client.friends.block({ params: inRealm, body: { name: 'Bram' } })
    test.trips.reset()
    const few = await roster(bram)
    const sequential = test.trips.sequential()
    for (let i = 0; i < 3 * blockersAtOnce; i++) {
      const playerId = newId(test.clock)
      const item = { pk: `R#local#BLOCKERS#${bram.playerId}`, sk: `P#${playerId}`, v: 1, playerId }
      await test.memory.put({ table: 'core', item })
    }
    test.trips.reset()
    expect(await roster(bram)).toEqual(few)
    expect(few).toEqual({ Ada: 'offline', Bram: 'online', Cato: 'online' })
    expect(test.trips.sequential()).toBe(sequential + 1)
    expect(await roster(cato)).toEqual({ Ada: 'online', Bram: 'online', Cato: 'online' })
  })

  it('is there while Redis is gone, and takes two trips to it for 500 members', async () => {
    const { test, ada, cato, guildId, roster } = await inGuild()
    for (let i = 0; i < guildMembersMax - 3; i++) {
      const [accountId, characterId] = [newId(test.clock), newId(test.clock)]
      const row = { characterId, accountId, name: 'Member', rankId: 2, joinedAt: 5 }
      const item = { pk: `R#local#GUILD#${guildId}`, sk: `M#${characterId}`, v: 1, ...row }
      await test.memory.put({ table: 'core', item })
      const entry = { characterId, name: 'Member', zone: 'hub', since: 5 }
      await test.cache.pipeline([
        ['SET', placeKey('local', accountId), `boot-${i % 5}`],
        ['HSET', hostKey(`boot-${i % 5}`), accountId, writeEntry(entry)],
      ])
    }
    await ada.comesIn()
    const { pipeline } = test.cache
    let trips = 0
    test.cache.pipeline = async (commands) => {
      trips++
      return await pipeline(commands)
    }
    const query = { as: cato.as, limit: 500 }
    const params = { ...inRealm, guildId }
    const { entries } = await cato.client.guilds.roster({ params, query })
    const seen = entries.map(({ presence }) => presence?.state)
    expect(seen.filter((state) => state === 'online')).toHaveLength(guildMembersMax - 2)
    expect(trips).toBe(2)
    test.cache.pipeline = async () => await Promise.reject(new CacheError('gone'))
    expect(new Set(Object.values(await roster(cato)))).toEqual(new Set(['unknown']))
  })
})

describe('how friends see a player', () => {
  it('is as he said last, and his host is told', async () => {
    const { ada, hints } = await people()
    const { shown } = ada.client.friends
    expect(await shown({ params: inRealm })).toEqual({ appear: 'online' })
    await ada.show({ appear: 'offline', status: 'Busy' })
    expect(await shown({ params: inRealm })).toEqual({ appear: 'offline', status: 'Busy' })
    expect(await hints()).toEqual([])
    await ada.comesIn()
    await ada.show({ appear: 'online' })
    expect(await shown({ params: inRealm })).toEqual({ appear: 'online' })
    expect(await hints()).toEqual([{ of: 'shown', accounts: [ada.playerId] }])
  })

  it('takes a status as chat does, and refuses any other', async () => {
    const { ada } = await people()
    for (const status of [
      'a',
      'Grüße 🜂',
      'x'.repeat(statusMaxLength),
      '🜂'.repeat(statusMaxLength),
    ]) {
      expect(await ada.show({ appear: 'online', status })).toEqual({ appear: 'online', status })
    }
    expect(await ada.show({ appear: 'online', status: ' a ' })).toMatchObject({ status: 'a' })
    const wrong = [' ', '\u2800', 'a\nb', 'a\0b', '\u202Ea', 'a\u0300\u0301\u0302\u0303\u0304']
    for (const status of wrong) {
      expect(await codeOf(ada.show({ appear: 'online', status }))).toBe('presence.text')
    }
    for (const status of ['', 'x'.repeat(statusMaxLength + 1)]) {
      expect(await codeOf(ada.show({ appear: 'online', status }))).toBe('request.invalid')
    }
  })

  it('changes once for a request, three times in turn and fifty times at once', async () => {
    const { test, ada } = await people()
    const id = newId(test.clock)
    const send = async () => await ada.show({ appear: 'offline' }, id)
    await Promise.all(Array.from({ length: 50 }, send))
    await ada.show({ appear: 'online' })
    for (let i = 0; i < 3; i++) expect(await send()).toEqual({ appear: 'offline' })
    // The repeats came late, and changed nothing.
    const now = await ada.client.friends.shown({ params: inRealm })
    expect(now).toEqual({ appear: 'online' })
    const other = ada.show({ appear: 'online', status: 'x' }, id)
    await expect(other).rejects.toThrow(ApiError)
  })
})

describe('a hint', () => {
  it('goes to the host of who is asked and of who is accepted, once it is written', async () => {
    const { test, ada, bram, cato, hints } = await people()
    await ada.comesIn()
    await bram.comesIn()
    await ada.ask(bram)
    expect(await hints()).toEqual([{ of: 'mailbox', accounts: [bram.playerId] }])
    expect(await codeOf(ada.ask(bram))).toBe('friend.already')
    expect(await hints()).toEqual([])
    // Refused in the transaction itself.
    const key = { pk: `R#local#FRIENDS#${bram.playerId}`, sk: 'COUNT' }
    await test.memory.put({ table: 'core', item: { ...key, v: 1, received: friendRequestsMax } })
    expect(await codeOf(cato.ask(bram))).toBe('friend.full')
    expect(await hints()).toEqual([])
    await bram.accept(ada)
    expect(await hints()).toEqual([{ of: 'mailbox', accounts: [ada.playerId] }])
    await bram.client.friends.end({ params: { ...inRealm, playerId: ada.playerId } })
    expect(await hints()).toEqual([])
  })
})
