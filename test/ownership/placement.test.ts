// Where players come: the rule of functions/world/choice.ts as a table, asked of the real director over real cards.
import { describe, expect, it } from 'vitest'
import { act } from '#functions/friends/friends.ts'
import type { Act } from '#functions/friends/pair.ts'
import type { Wish } from '#shared/api/world.ts'
import { takePlace } from '#shared/ownership/places.ts'
import { putShown } from '#shared/presence/circle.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { HostSays } from './open-host.ts'
import { party } from './party.ts'
import { openRealm, realmId } from './realm.ts'
import type { Realm } from './realm.ts'

type One = Awaited<ReturnType<Realm['character']>>
type Host = Awaited<ReturnType<Realm['host']>>

/** Instances take 20: filled up to 16, closed at 19. */
const capacity = 20

/** An instance that is there: how many places are taken, and what its host says. */
type There = { count: number; mates?: number; friend?: true; place?: true } & Says
type Says = NonNullable<HostSays['host']> & NonNullable<HostSays['policy']>

type Comes = {
  protocol?: number
  wish?: Omit<Wish, 'friend'>
  /** He wishes to come to a friend, who is one, or is not quite. */
  friend?: 'friend' | 'stranger' | 'blocked' | 'hidden'
}

type Row = [
  what: string,
  there: Record<string, There>,
  comes: Comes,
  goes: string | { to: string; party?: string; friend?: string },
]

const rows: Row[] = [
  // Filling.
  ['the fullest below the target', { a: { count: 4 }, b: { count: 9 }, c: { count: 16 } }, {}, 'b'],
  ['up to the target', { a: { count: 4 }, b: { count: 15 }, c: { count: 16 } }, {}, 'b'],
  ['the emptiest, where all are at the target', { a: { count: 18 }, b: { count: 16 } }, {}, 'b'],
  ['a new one, where all are closed', { a: { count: 19 }, b: { count: 19 } }, {}, 'new'],
  ['a new one, where there is none', {}, {}, 'new'],
  [
    'by the target of the zone',
    { a: { count: 9, target: 40 }, b: { count: 2, target: 40 } },
    {},
    'b',
  ],
  ['by where the zone closes', { a: { count: 10, target: 40, closed: 50 } }, {}, 'new'],
  // Versions.
  [
    'where the own version is spoken',
    { a: { count: 9, protocol: 3 }, b: { count: 4, protocol: 2 } },
    { protocol: 2 },
    'b',
  ],
  [
    'an old client to a new host that speaks both',
    { a: { count: 9, protocol: 3 }, b: { count: 4, protocol: 3, oldest: 2 } },
    { protocol: 2 },
    'b',
  ],
  [
    'a new client to no old host, though new ones are tight',
    { a: { count: 9, protocol: 2 }, b: { count: 17, protocol: 3 } },
    { protocol: 3 },
    'b',
  ],
  ['a new one, of its version', { a: { count: 4, protocol: 2 } }, { protocol: 3 }, 'new'],
  [
    'nowhere, where no host speaks it any more',
    { a: { count: 4 } },
    { protocol: 1 },
    'play.version',
  ],
  [
    'to the content of now, though another is fuller',
    { a: { count: 9, contentVersion: 'before' }, b: { count: 2 } },
    {},
    'b',
  ],
  [
    'to older content before the target is passed',
    { a: { count: 9, contentVersion: 'before' }, b: { count: 16 } },
    {},
    'a',
  ],
  // Wishes.
  [
    'to the language of the wish',
    { a: { count: 9, language: 'en' }, b: { count: 2, language: 'de' } },
    { wish: { language: 'de' } },
    'b',
  ],
  [
    'to what fulfils more of it',
    {
      a: { count: 9, language: 'de', region: 'north' },
      b: { count: 2, language: 'de', region: 'south' },
    },
    { wish: { language: 'de', region: 'south' } },
    'b',
  ],
  [
    'elsewhere, where that is at its target',
    { a: { count: 9, language: 'en' }, b: { count: 16, language: 'de' } },
    { wish: { language: 'de' } },
    'a',
  ],
  [
    'to the content of now before the wish',
    { a: { count: 9 }, b: { count: 2, language: 'de', contentVersion: 'before' } },
    { wish: { language: 'de' } },
    'a',
  ],
  // Party and friend.
  [
    'to the party, though it is above the target',
    { a: { count: 9 }, b: { count: 17, mates: 1 } },
    {},
    { to: 'b', party: 'together' },
  ],
  [
    'to most of the party',
    { a: { count: 9, mates: 1 }, b: { count: 4, mates: 2 } },
    {},
    { to: 'b', party: 'together' },
  ],
  [
    'to the others of the party, where most have no room',
    { a: { count: 9 }, b: { count: 4, mates: 1 }, c: { count: 19, mates: 2 } },
    {},
    { to: 'b', party: 'together' },
  ],
  [
    'by the plain rule, where the party has no room',
    { a: { count: 9 }, b: { count: 19, mates: 1 } },
    {},
    { to: 'a', party: 'full' },
  ],
  [
    'by the plain rule, where the party plays another version',
    { a: { count: 4 }, b: { count: 9, mates: 1, protocol: 3 } },
    { protocol: 2 },
    { to: 'a', party: 'version' },
  ],
  [
    'to the friend',
    { a: { count: 9 }, b: { count: 17, friend: true } },
    { friend: 'friend' },
    { to: 'b', friend: 'together' },
  ],
  [
    'to the party before the friend',
    { a: { count: 9, friend: true }, b: { count: 2, mates: 1 } },
    { friend: 'friend' },
    { to: 'b', party: 'together', friend: 'full' },
  ],
  [
    'to the friend, where the party has no room',
    { a: { count: 9 }, b: { count: 2, friend: true }, c: { count: 19, mates: 1 } },
    { friend: 'friend' },
    { to: 'b', party: 'full', friend: 'together' },
  ],
  [
    'to the friend before language',
    { a: { count: 9, language: 'de' }, b: { count: 2, friend: true } },
    { friend: 'friend', wish: { language: 'de' } },
    { to: 'b', friend: 'together' },
  ],
  [
    'by the plain rule, where the friend has no room',
    { a: { count: 9 }, b: { count: 19, friend: true } },
    { friend: 'friend' },
    { to: 'a', friend: 'full' },
  ],
  ...(['stranger', 'blocked', 'hidden'] as const).map((friend): Row => [
    `by the plain rule, where the friend is ${friend}`,
    { a: { count: 9 }, b: { count: 2, friend: true } },
    { friend },
    { to: 'a', friend: 'unseen' },
  ]),
  [
    'by the plain rule, where the friend does not play',
    { a: { count: 9 } },
    { friend: 'friend' },
    { to: 'a', friend: 'unseen' },
  ],
  // A place of his own.
  [
    'to the place that he has, though another is better, and it is full',
    { a: { count: 9 }, b: { count: 20, place: true } },
    {},
    'b',
  ],
  [
    'from the place that he has to his party',
    { a: { count: 9, place: true }, b: { count: 4, mates: 1 } },
    {},
    { to: 'b', party: 'together' },
  ],
  [
    'to the place that he has with his party, though that is closed',
    { a: { count: 9 }, b: { count: 20, mates: 1, place: true } },
    {},
    { to: 'b', party: 'together' },
  ],
]

/** Both are one thing to each other. */
async function become(realm: Realm, one: One, other: One, acts: [One, Act][]) {
  for (const [who, what] of acts) {
    const whom = who === one ? other : one
    const between = {
      me: { realmId, accountId: who.accountId, name: 'Mira' },
      other: { accountId: whom.accountId, name: 'Mira' },
    }
    const id = operationOf([newId(realm.runtime)], {})
    await act(realm.deps, what, async () => await Promise.resolve(between), id)
  }
}

async function arrange(there: Record<string, There>, comes: Comes) {
  const realm = await openRealm({ capacity })
  const hosts = new Map<string, Host>()
  const mates = Object.values(there).reduce((sum, one) => sum + (one.mates ?? 0), 0)
  const [me, ...others] = mates === 0 ? [await realm.character()] : await party(realm, mates + 1)
  const friend = await realm.character()
  const asks: [One, Act][] = [
    [me, 'ask'],
    [friend, 'accept'],
  ]
  if (comes.friend !== 'stranger') await become(realm, me, friend, asks)
  if (comes.friend === 'blocked') await become(realm, me, friend, [[friend, 'block']])
  if (comes.friend === 'hidden') {
    const put = putShown({ realmId, accountId: friend.accountId }, { appear: 'offline' })
    await realm.store.put(put)
  }
  for (const [name, { count, mates: with_ = 0, friend: has, place, ...says }] of Object.entries(
    there,
  )) {
    const { target, closed, ...host } = says
    const policy = { ...(target && { target }), ...(closed && { closed }) }
    const made = await realm.host('hub', true, { says: { host, policy } })
    hosts.set(name, made)
    // While it is the only one that is open, those who are to be in it come in.
    const residents = [...others.splice(0, with_), ...(has ? [friend] : [])]
    const protocol = host.protocol ?? 2
    for (const who of residents) {
      const { ticket } = await realm.enterAs(who, undefined, undefined, { protocol })
      await made.claim(await realm.open(ticket))
    }
    if (place) await realm.enterAs(me, undefined, undefined, { protocol })
    const at = { zone: 'hub', bootId: made.bootId, instance: 'hub-1' }
    const until = realm.runtime.now() + 30_000
    for (let i = residents.length + (place ? 1 : 0); i < count; i++) {
      await takePlace(realm.store, realmId, at, newId(realm.runtime), until, capacity)
    }
    await made.setState('ready')
  }
  for (const host of hosts.values()) await host.setState('open')
  return { realm, hosts, me: me, friend }
}

describe('a player comes', () => {
  it.each(rows)('%s', async (_, there, comes, goes) => {
    const { realm, hosts, me, friend } = await arrange(there, comes)
    const wanted = typeof goes === 'string' ? { to: goes } : goes
    if (wanted.to === 'new') {
      const says = { host: { protocol: comes.protocol ?? 2 } }
      realm.deps.fleet.allocate = async ({ labels }) => {
        const label = Object.keys(labels).find((key) => key.includes('protocol'))
        expect(label).toBe(`agones.dev/sdk-waystone-protocol-${comes.protocol ?? 2}`)
        if (!hosts.has('new')) hosts.set('new', await realm.host('hub', true, { says }))
        return { name: 'new', bootId: undefined, address: '', port: 0, state: 'allocated', labels }
      }
    }
    const wish = {
      ...comes.wish,
      ...(comes.friend === undefined ? {} : { friend: friend.accountId }),
    }
    const more = { protocol: comes.protocol ?? 2, wish }
    const answer = await realm.enterAs(me, undefined, undefined, more).catch((error: unknown) => {
      if (error instanceof Problem) return error.code
      throw error
    })
    if (typeof answer === 'string') return expect(answer).toBe(wanted.to)
    const { bootId } = await realm.open(answer.ticket)
    const to = [...hosts].find(([, host]) => host.bootId === bootId)?.[0]
    expect({ to, party: answer.party, friend: answer.friend }).toEqual({
      party: undefined,
      friend: undefined,
      ...wanted,
    })
  })
})
