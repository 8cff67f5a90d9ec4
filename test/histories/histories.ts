// Random histories of friends, parties and guilds: of one act after the other, each of which ends as the words of
// the API say, and of twenty players at once.
import fc from 'fast-check'
import { guildWaitingMs, partyInviteMs } from '#shared/limits.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { faulty } from '../functions/api.ts'
import { names } from '../functions/people.ts'
import type { Act } from './acts.ts'
import { guildNames, rankLists } from './choice.ts'
import type { Choice, What } from './choice.ts'
import type { Realm } from './realm.ts'

/** `wait`: so many ms go by. `twice`: the request is sent twice at once. */
type Doing = (Choice & { twice: boolean }) | { wait: number }

/** What they do, and how often. Waits are moments that go by. */
type Frequencies = { [name in What]?: number } & { wait?: { weight: number; ms: number[] } }

export type History = {
  name: string
  /** Its part of all that are lived through. */
  share: number
  list: fc.Arbitrary<Doing[]>
  /** Lives through one, and returns what is wrong. The seed is that of the faults. */
  run(realm: Realm, seed: number, list: readonly Doing[]): Promise<string[]>
}

/** An act of one of the first so many after the other. */
function inTurn(players: number, length: number, frequencies: Frequencies) {
  const cast = names.slice(0, players)
  return {
    share: 1 / 8,
    list: listOf(length, frequencies),
    async run(realm: Realm, seed: number, list: readonly Doing[]): Promise<string[]> {
      await realm.begin({ atOnce: false })
      realm.fail(seededFaults(seed, faulty))
      for (const doing of list) {
        realm.wait('wait' in doing ? doing.wait : 1)
        if ('wait' in doing) continue
        const { who, act } = realm.choose(cast, doing)
        await realm.awake([who])
        const sent = await realm.send(who, act)
        if (sent.code === 'done') continue
        const expected = realm.expected(sent)
        if (sent.code !== expected) realm.note(sent, `should be ${expected}`)
      }
      return await realm.broken()
    },
  }
}

/** Between what an act has read and what it writes, others act. */
const delayed = { ...faulty, delay: 0.3 }
/** What is delayed, or applied late, by so much at most. */
const longestMs = 3000
const atOnceCount = 20

/** Acts of all, so many at once. Each is chosen by what is so before them. */
function atOnce(length: number, opening: readonly Opening[], frequencies: Frequencies) {
  return {
    share: 1 / 4,
    list: listOf(length, frequencies),
    async run(realm: Realm, seed: number, list: readonly Doing[]): Promise<string[]> {
      await realm.begin({ atOnce: true })
      await realm.awake(names)
      for (const [who, act] of opening) await realm.send(who, act)
      realm.fail(seededFaults(seed, delayed, longestMs))
      for (let i = 0; i < list.length; i += atOnceCount) {
        const now = list.slice(i, i + atOnceCount)
        for (const doing of now) if ('wait' in doing) realm.wait(doing.wait)
        await realm.awake(names)
        const chosen = now.flatMap((doing) =>
          'wait' in doing ? [] : [{ ...realm.choose(names, doing), twice: doing.twice }],
        )
        const sent = chosen.map(({ who, act, twice }) => realm.send(who, act, twice ? 2 : 1))
        await Promise.all(sent)
      }
      return await realm.broken()
    },
  }
}

function listOf(length: number, { wait, ...acts }: Frequencies): fc.Arbitrary<Doing[]> {
  const kinds = Object.entries(acts).map(([what, weight]) => ({
    weight: 10 * weight,
    arbitrary: fc.constant(what as What),
  }))
  const die = fc.noBias(fc.integer({ min: 0, max: 0x7fff_ffff }))
  const act = fc.record({
    what: fc.oneof(...kinds),
    dice: fc.tuple(die, die, die),
    any: die.map((number) => number % 8 === 0),
    twice: fc.boolean(),
  })
  const doings: fc.WeightedArbitrary<Doing>[] = [
    { weight: kinds.reduce((sum, { weight }) => sum + weight, 0), arbitrary: act },
  ]
  if (wait !== undefined) {
    const arbitrary = fc.record({ wait: fc.constantFrom(...wait.ms) })
    doings.push({ weight: 10 * wait.weight, arbitrary })
  }
  const bounds = { minLength: length, maxLength: length, size: 'max' } as const
  return fc.array(fc.oneof(...doings), bounds)
}

type Opening = readonly [who: string, act: Act]
const nameAt = (i: number) => names[i % names.length]!

/** Four parties of two. */
const partiesOpen = [0, 5, 10, 15].flatMap((i): Opening[] => [
  [nameAt(i), { of: 'parties', what: 'invite', whom: nameAt(i + 1) }],
  [nameAt(i + 1), { of: 'parties', what: 'accept', whom: nameAt(i) }],
])

/** Three guilds of three, with an officer who is as good as the leader. */
const guildsOpen = guildNames.flatMap((guild, i): Opening[] => {
  const [leader, officer, member] = [0, 1, 2].map((j) => nameAt(3 * i + j))
  const joins = (who: string): Opening[] => [
    [leader!, { of: 'guilds', what: 'invite', guild, whom: who }],
    [who, { of: 'guilds', what: 'join', guild }],
  ]
  return [
    [leader!, { of: 'guilds', what: 'found', guild }],
    ...joins(officer!),
    ...joins(member!),
    [leader!, { of: 'guilds', what: 'rank', guild, whom: officer!, rankId: 1 }],
    [leader!, { of: 'guilds', what: 'ranks', guild, ranks: rankLists[0]! }],
  ]
})

const friends: Frequencies = {
  'friends.ask': 12,
  'friends.accept': 6,
  'friends.end': 3,
  'friends.block': 3,
  'friends.unblock': 2,
}
const blocks: Frequencies = { 'friends.block': 3, 'friends.unblock': 1 }
const parties: Frequencies = {
  'parties.invite': 14,
  'parties.accept': 9,
  'parties.decline': 1,
  'parties.leave': 2,
  'parties.kick': 2,
  'parties.handOver': 2,
  'parties.askReady': 2,
  'parties.answerReady': 2,
}
const guilds: Frequencies = {
  'guilds.found': 3,
  'guilds.invite': 10,
  'guilds.join': 9,
  'guilds.apply': 6,
  'guilds.accept': 5,
  'guilds.decline': 2,
  'guilds.leave': 2,
  'guilds.kick': 6,
  'guilds.rank': 9,
  'guilds.lead': 2,
  'guilds.message': 1,
  'guilds.ranks': 5,
  'guilds.disband': 1,
}
const deaths = (weight: number): Frequencies => ({ 'characters.delete': weight })
const waits = (weight: number, ...ms: number[]): Frequencies => ({ wait: { weight, ms } })

/** More than how long an invite into a party is good, by so much as acts at once take. */
const longMs = 2 * partyInviteMs

export const histories: History[] = [
  { name: 'friends in turn', ...inTurn(6, 40, { ...friends, ...deaths(0.3) }) },
  {
    name: 'parties in turn',
    ...inTurn(18, 48, {
      ...parties,
      'parties.invite': 20,
      ...blocks,
      ...deaths(1),
      ...waits(1, partyInviteMs / 4, partyInviteMs),
    }),
  },
  {
    name: 'guilds in turn',
    ...inTurn(10, 48, { ...guilds, ...blocks, ...deaths(1), ...waits(2, guildWaitingMs) }),
  },
  { name: 'friends at once', ...atOnce(40, [], { ...friends, ...deaths(0.3) }) },
  {
    name: 'parties at once',
    ...atOnce(40, partiesOpen, { ...parties, ...blocks, ...deaths(3), ...waits(0.5, longMs) }),
  },
  {
    name: 'guilds at once',
    ...atOnce(40, guildsOpen, {
      ...guilds,
      ...blocks,
      ...deaths(2),
      ...waits(0.5, guildWaitingMs),
    }),
  },
  {
    name: 'all of it at once',
    ...atOnce(40, [...partiesOpen, ...guildsOpen], {
      ...friends,
      ...parties,
      ...guilds,
      ...deaths(3),
      ...waits(0.5, longMs),
    }),
  },
]
