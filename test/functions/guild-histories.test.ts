// Random histories of guilds over HTTP, on a store that conflicts, throttles and loses requests and answers. One
// act after the other ends as a model of sets says. Of twenty players at once nobody is lost, nobody is in two
// guilds, no limit is passed, and each guild has one leader.
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  accessTokenMs,
  guildApplicationsPerCharacterMax,
  guildInvitesPerCharacterMax,
  guildMembersMax,
  guildWaitingMax,
  guildWaitingMs,
} from '#shared/limits.ts'
import type { Permission } from '#shared/api/guilds.ts'
import { newId } from '#shared/runtime.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { readRow } from '#shared/store/row.ts'
import type { Item } from '#shared/store/store.ts'
import { codeOf, faulty, openApi } from './api.ts'
import type { TestApi } from './api.ts'
import { GuildModel } from './guild-model.ts'
import type { ModelAct, Room } from './guild-model.ts'
import { brokenRules, person } from './guild-people.ts'
import type { Person } from './guild-people.ts'

/** `WAYSTONE_HISTORIES=3000` runs so many, half of each kind. */
const numRuns = Number(process.env['WAYSTONE_HISTORIES'] ?? 300) / 2

const names =
  'Ada Bram Cato Dunja Egon Fenna Gijs Hanne Ivo Jana Kees Lena Mato Nele Otto Pia Quint Rosa Sven Tove'.split(
    ' ',
  )
const guildNames = ['Lanterns', 'Owls', 'Smiths']

const room: Room = { members: 6, waiting: 4, invites: 2, applications: 2 }
/** Added to the counts, so that no more than that fits. */
const added = {
  guild: {
    members: guildMembersMax - room.members,
    invites: guildWaitingMax - room.waiting,
    applications: guildWaitingMax - room.waiting,
  },
  character: {
    invites: guildInvitesPerCharacterMax - room.invites,
    applications: guildApplicationsPerCharacterMax - room.applications,
  },
}

/** A realm with its players, which each history begins anew. */
class Realm {
  readonly test: TestApi
  players: Person[] = []
  private loggedInAt = 0
  private kept = new Map<string, Item>()
  /** By name, the last one that had it. */
  readonly guildIds = new Map<string, string>()
  /** Guilds with ballast. */
  readonly heavy = new Set<string>()

  constructor(test: TestApi) {
    this.test = test
  }

  static async open() {
    const realm = new Realm(await openApi())
    for (const name of names) realm.players.push(await person(realm.test, name))
    for (const { as } of realm.players) {
      const key = { pk: `R#local#GUILDS#${as}`, sk: 'COUNT' }
      await realm.test.memory.put({ table: 'core', item: { ...key, v: 1, ...added.character } })
    }
    realm.loggedInAt = realm.test.clock.now()
    for (const row of realm.test.memory.rows('core')) realm.kept.set(`${row.pk} ${row.sk}`, row)
    return realm
  }

  get broken() {
    return brokenRules(this.test, { guilds: this.heavy, ...added })
  }

  async begin() {
    const { memory } = this.test
    this.test.faults.next = undefined
    await memory.settled()
    for (const { pk, sk } of memory.rows('core')) {
      if (!this.kept.has(`${pk} ${sk}`)) await memory.delete({ table: 'core', key: { pk, sk } })
    }
    for (const item of this.kept.values()) await memory.put({ table: 'core', item })
    for (const { pk, sk } of memory.rows('volatile')) {
      await memory.delete({ table: 'volatile', key: { pk, sk } })
    }
    this.guildIds.clear()
    this.heavy.clear()
    await this.logIn(0)
  }

  /** Access tokens are short. */
  async logIn(ahead: number) {
    this.test.clock.advance(ahead)
    if (this.test.clock.now() < this.loggedInAt + accessTokenMs / 2) return
    const { next } = this.test.faults
    this.test.faults.next = undefined
    this.players = await Promise.all(this.players.map((one) => person(this.test, one.name, one)))
    this.loggedInAt = this.test.clock.now()
    this.test.faults.next = next
  }

  player(name: string): Person {
    return this.players.find((one) => one.name === name)!
  }

  /** As clients do: sends it until it is known how it ended. */
  async settled(who: string, act: ModelAct, at = 1): Promise<string> {
    const id = newId(this.test.clock)
    const codes = await Promise.all(Array.from({ length: at }, () => this.sendUntil(who, act, id)))
    // What is refused is not remembered: the twin may come a moment later, when it is allowed.
    return codes.find((code) => code === 'done') ?? codes[0]!
  }

  private async sendUntil(who: string, act: ModelAct, id: string): Promise<string> {
    for (;;) {
      const code = await codeOf(this.send(this.player(who), act, id))
      if (code !== 'store.unavailable' && code !== 'world.busy') return code
    }
  }

  private async send(who: Person, act: ModelAct, id: string): Promise<unknown> {
    const other = 'whom' in act ? this.player(act.whom) : who
    const known = 'guild' in act ? this.guildIds.get(act.guild) : undefined
    const guildId = known ?? '01980000-0000-7000-8000-000000000000'
    switch (act.what) {
      case 'found': {
        const made = await who.found(act.guild, id)
        this.guildIds.set(act.guild, made.guildId)
        return made
      }
      case 'join':
        return await who.join(guildId, id)
      case 'apply':
        return await who.apply(guildId, id)
      case 'leave':
        return await who.leave(guildId, id)
      case 'disband':
        return await who.disband(guildId, id)
      case 'message':
        return await who.message(guildId, 'Hello', id)
      case 'invite':
      case 'accept':
      case 'decline':
      case 'kick':
      case 'lead':
        return await who[act.what](guildId, other, id)
      case 'rank':
        return await who.rank(guildId, other, act.rankId, id)
      case 'ranks': {
        const ranks = act.ranks.map((rank) => ({
          rankId: rank.id,
          name: `Rank ${rank.id}`,
          permissions: rank.permissions as Permission[],
        }))
        return await who.ranks(guildId, ranks, id)
      }
      case 'block':
        return await who.block(other)
      case 'unblock':
        return await who.unblock(other)
      case 'remove':
        return await who.remove(id)
      case 'week':
        return await this.logIn(guildWaitingMs)
    }
  }

  /** After it was founded: the counts of a guild that is nearly full. */
  async weigh(name: string) {
    const guildId = this.guildIds.get(name)!
    const { members, invites, applications } = added.guild
    const { next } = this.test.faults
    this.test.faults.next = undefined
    await this.test.memory.update({
      table: 'core',
      key: { pk: `R#local#GUILD#${guildId}`, sk: 'GUILD' },
      update:
        'SET members = members + :m, invites = invites + :i, applications = applications + :a',
      values: { ':m': members, ':i': invites, ':a': applications },
    })
    this.test.faults.next = next
    this.heavy.add(guildId)
  }

  /** Who is in which guild with which rank, as its members read it; and what waits. */
  async state(of: readonly string[]) {
    const state: Record<string, Record<string, number | string>> = {}
    for (const name of of) {
      const one = this.player(name)
      const own = await one.client.guilds
        .mine({ params: { realmId: 'local', characterId: one.as } })
        .catch(() => ({ guild: undefined }))
      if (own.guild === undefined || state[own.guild.name] !== undefined) continue
      const params = { realmId: 'local', guildId: own.guild.guildId }
      const page = await one.client.guilds.roster({ params, query: { as: one.as, limit: 500 } })
      const entries = page.entries.map((each) => [each.name, each.rankId] as const)
      const rows = this.test.memory.rows('core', `R#local#GUILD#${params.guildId}`)
      const waiting = rows.filter(({ sk }) => sk.startsWith('W#'))
      state[own.guild.name] = Object.fromEntries([
        ...entries,
        ...waiting.map((row) => [row['name'], row['kind']] as const),
      ])
    }
    return state
  }
}

let realm: Realm
beforeAll(async () => {
  realm = await Realm.open()
  // Who waits lets the others go on.
  const { clock } = realm.test
  clock.sleep = async (ms) => {
    clock.advance(Math.ceil(ms))
    await setImmediate()
  }
})

const ranks = {
  first: { id: 0, permissions: [] },
  officer: { id: 1, permissions: ['accept', 'invite', 'kick', 'promote', 'ranks'] },
  weak: { id: 1, permissions: ['accept'] },
  member: { id: 2, permissions: ['invite', 'kick'] },
  plain: { id: 2, permissions: [] },
  recruit: { id: 3, permissions: [] },
}
const rankLists = [
  [ranks.first, ranks.officer, ranks.member, ranks.recruit],
  [ranks.first, ranks.member, ranks.weak, ranks.recruit],
  [ranks.first, ranks.officer, ranks.recruit],
  [ranks.first, ranks.officer, ranks.recruit, ranks.plain],
]

/** Acts of some players, of whom the first are asked for more often. */
function historyOf(players: number, guilds: number, length: number) {
  const who = fc.constantFrom(...names.slice(0, players))
  const guild = fc.constantFrom(...guildNames.slice(0, guilds))
  const plain = (...what: ('found' | 'join' | 'apply' | 'leave' | 'message' | 'disband')[]) =>
    fc.record({ what: fc.constantFrom(...what), guild })
  const on = (...what: ('invite' | 'accept' | 'decline' | 'kick' | 'lead')[]) =>
    fc.record({ what: fc.constantFrom(...what), guild, whom: who })
  const act = fc.oneof(
    { weight: 3, arbitrary: plain('found') },
    { weight: 10, arbitrary: plain('join') },
    { weight: 6, arbitrary: plain('apply') },
    { weight: 3, arbitrary: plain('leave', 'message') },
    { weight: 1, arbitrary: plain('disband') },
    { weight: 10, arbitrary: on('invite') },
    { weight: 8, arbitrary: on('accept') },
    { weight: 4, arbitrary: on('decline', 'kick') },
    { weight: 3, arbitrary: on('lead') },
    {
      weight: 7,
      arbitrary: fc.record({
        what: fc.constant('rank' as const),
        guild,
        whom: who,
        rankId: fc.nat(4),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constant('ranks' as const),
        guild,
        ranks: fc.constantFrom(...rankLists),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('block', 'unblock'), whom: who }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('remove', 'week') }) },
  ) as fc.Arbitrary<ModelAct>
  return fc.array(fc.record({ who, act, twice: fc.boolean() }), {
    minLength: length / 2,
    maxLength: length,
    size: 'max',
  })
}

/** Between what an act has read and what it writes, others act. */
const atOnce = { ...faulty, delay: 0.3 }

describe('a random history on a store that conflicts, throttles and loses requests and answers', () => {
  it('of one act after the other ends as the words of the API say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), historyOf(8, 2, 32), async (seed, list) => {
        await realm.begin()
        const model = new GuildModel(room)
        const { test } = realm
        test.faults.next = seededFaults(seed, faulty)
        for (const { who, act } of list) {
          if ('whom' in act && !act.what.startsWith('dec') && act.whom === who) continue
          await realm.logIn(1)
          const now = test.clock.now()
          const code = await realm.settled(who, act)
          expect(code, `${who} ${JSON.stringify(act)}`).toBe(model.act(who, act, now))
          if (act.what === 'found' && code === 'done') await realm.weigh(act.guild)
        }
        test.faults.next = undefined
        await test.memory.settled()
        expect(realm.broken).toEqual([])
        const expected = [...model.guilds].map(([name, { members, waiting }]) => {
          const kinds = [...waiting].map(([other, { kind }]) => [other, kind] as const)
          return [name, Object.fromEntries([...members, ...kinds])] as const
        })
        expect(await realm.state(names.slice(0, 8))).toEqual(Object.fromEntries(expected))
      }),
      { numRuns, endOnFailure: true },
    )
  }, 120_000)

  it('of twenty players at once loses nobody and passes no limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), historyOf(20, 3, 40), async (seed, list) => {
        await realm.begin()
        const { test } = realm
        // Three guilds, each with an officer who is as good as its leader.
        for (const [i, guild] of guildNames.entries()) {
          const [leader, officer] = names.slice(2 * i)
          await realm.settled(leader!, { what: 'found', guild })
          await realm.weigh(guild)
          await realm.settled(leader!, { what: 'invite', guild, whom: officer! })
          await realm.settled(officer!, { what: 'join', guild })
          await realm.settled(leader!, { what: 'rank', guild, whom: officer!, rankId: 1 })
        }
        test.faults.next = seededFaults(seed, atOnce)
        const done: string[] = []
        for (let i = 0; i < list.length; i += 20) {
          await realm.logIn(0)
          const sent = list.slice(i, i + 20).map(async ({ who, act, twice }) => {
            if (act.what === 'week') return
            const guildId = 'guild' in act ? realm.guildIds.get(act.guild) : ''
            const code = await realm.settled(who, act, twice && !act.what.endsWith('block') ? 2 : 1)
            if (code === 'done') done.push(`${act.what} ${guildId}`)
          })
          await Promise.all(sent)
        }
        test.faults.next = undefined
        await test.memory.settled()
        expect(realm.broken).toEqual([])
        expect(bookkeeping(done)).toEqual([])
      }),
      { numRuns, endOnFailure: true },
    )
  }, 120_000)
})

/** What the logs say has happened, against what players were answered and who is there. */
function bookkeeping(done: readonly string[]): string[] {
  const wrong: string[] = []
  const { memory } = realm.test
  for (const guild of memory.rows('core').filter(({ sk }) => sk === 'GUILD')) {
    if (guild['state'] !== 'open') continue
    const rows = memory.rows('core', guild.pk)
    const logged = (...kinds: string[]) =>
      rows.filter(({ sk, kind }) => sk.startsWith('L#') && kinds.includes(kind as string)).length
    const { guildId } = readRow(z.object({ guildId: z.string() }), guild)
    const answered = (...acts: string[]) =>
      done.filter((line) => acts.some((act) => line === `${act} ${guildId}`)).length
    const members = rows.filter(({ sk }) => sk.startsWith('M#')).length
    const came = logged('founded', 'joined')
    const went = logged('left', 'kicked')
    if (members !== came - went) wrong.push(`${members} are there, ${came} came and ${went} went`)
    // Those who founded the guilds have made an officer each.
    const officers = realm.heavy.has(guildId) ? 1 : 0
    const joined = logged('joined') - officers
    const yes = answered('join', 'accept')
    if (joined !== yes) wrong.push(`${joined} joined, ${yes} were told so`)
    if (logged('kicked') !== answered('kick')) wrong.push('kicks')
    if (logged('message') !== answered('message')) wrong.push('messages')
  }
  return wrong
}
