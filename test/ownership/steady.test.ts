// Two thousand joins, one after the other: alone, in parties, to friends, with three versions of the protocol. Each one
// is held against a plain reading of the rule that shares no code with the director. Then how full instances are.
import { expect, it } from 'vitest'
import { act } from '#functions/friends/friends.ts'
import { createDemand } from '#functions/scaling/scaling.ts'
import { warm } from '#functions/world/warm.ts'
import { addMember } from './party.ts'
import { newId } from '#shared/runtime.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { operationOf } from '#shared/store/commit.ts'
import { createRandom } from '../simulation/random.ts'
import { openRealm, realmId } from './realm.ts'
import type { Realm } from './realm.ts'

const [capacity, target, closed] = [20, 16, 19]
/** Players stay half an hour, and a host that was empty for so long gives itself back. In life both are longer. */
const idleMs = 300_000
type One = Awaited<ReturnType<Realm['character']>>

/** An instance as the test knows it, and who plays there. */
type Here = {
  host: Awaited<ReturnType<Realm['host']>>
  oldest: number
  protocol: number
  inside: Set<Player>
  emptySince: number
}
type Player = One & {
  version: number
  /** With himself, the leader first. */
  party: Player[]
  friend?: Player
  at?: Here
}

/** Where the rule sends a player: any of these, for some are alike; none: a new one opens. */
function ruled(all: readonly Here[], who: Player): readonly Here[] {
  const fits = all.filter((one) => one.oldest <= who.version && who.version <= one.protocol)
  const size = (one: Here) => one.inside.size
  const most = (some: readonly Here[], of: (one: Here) => number) =>
    some.filter((one) => of(one) === Math.max(...some.map(of)))
  const matesIn = (one: Here) => who.party.filter((mate) => mate.at === one).length
  const withMates = fits.filter((one) => matesIn(one) > 0 && size(one) < closed)
  if (withMates.length > 0) return most(withMates, matesIn)
  const withFriend = fits.filter((one) => who.friend?.at === one && size(one) < closed)
  if (withFriend.length > 0) return withFriend
  const below = fits.filter((one) => size(one) < target)
  if (below.length > 0) return most(below, size)
  return most(
    fits.filter((one) => size(one) < closed),
    (one) => -size(one),
  )
}

async function openWorld(seed: number) {
  const realm = await openRealm({ capacity })
  const random = createRandom(seed, 'steady')
  const all: Here[] = []
  const online: Player[] = []
  const requests = new Map<string, Here>()
  realm.deps.fleet.allocate = async ({ requestId, labels }) => {
    const version = Number(/protocol-(\d)/.exec(Object.keys(labels).join())![1])
    // Hosts of the newest version speak the one before as well.
    const oldest = version === 3 ? 2 : version
    if (!requests.has(requestId)) {
      const says = { host: { protocol: version, oldest } }
      const host = await realm.host('hub', true, { says })
      const emptySince = realm.runtime.now()
      const one = { host, oldest, protocol: version, inside: new Set<Player>(), emptySince }
      requests.set(requestId, one)
      all.push(one)
    }
    const bootId = requests.get(requestId)!.host.bootId
    return { name: bootId, bootId, address: '', port: 0, state: 'allocated', labels }
  }
  const entry = ({ characterId }: Player) => ({
    characterId,
    epoch: 1,
    saveNumber: 1,
    saved: { zone: 'hub', x: 1, y: 1, heading: 0 },
  })
  /** The host says how full it is, as with each checkpoint. */
  const report = async ({ host }: Here) => {
    expect(await host.setState('open')).toBe('done')
  }
  const demand = createDemand(realm.deps)
  const zone = realm.deps.content.zones.get('hub')!

  async function newcomer(): Promise<Player> {
    const version = random.pick([2, 2, 2, 2, 2, 3, 3, 3, 3, 1])
    const who: Player = { ...(await realm.character()), version, party: [] }
    who.party.push(who)
    const other = online.length === 0 ? undefined : random.pick(online)
    if (other === undefined) return who
    if (random.chance(0.3) && other.party.length < 5) {
      const [leader] = other.party
      await addMember(realm, leader!, who)
      other.party.push(who)
      who.party = other.party
    } else if (random.chance(0.2)) await befriend(who, other)
    return who
  }
  async function befriend(who: Player, other: Player): Promise<void> {
    for (const [me, to, what] of [
      [who, other, 'ask'],
      [other, who, 'accept'],
    ] as const) {
      const between = {
        me: { realmId, accountId: me.accountId, name: 'Mira' },
        other: { accountId: to.accountId, name: 'Mira' },
      }
      await act(realm.deps, what, async () => between, operationOf([newId(realm.runtime)], {}))
    }
    who.friend = other
  }

  return {
    realm,
    all,
    online,
    random,
    async join(): Promise<void> {
      const who = await newcomer()
      const { friend } = who
      const wanted = ruled(all, who)
      const answer = await realm.enterAs(who, undefined, undefined, {
        protocol: who.version,
        ...(friend === undefined ? {} : { wish: { friend: friend.accountId } }),
      })
      const ticket = await realm.open(answer.ticket)
      const to = all.find(({ host }) => host.bootId === ticket.bootId)!
      if (wanted.length > 0) expect(wanted).toContain(to)
      else expect(to.inside.size).toBe(0)
      await to.host.prove()
      expect((await to.host.claim(ticket)).outcome).toBe('claimed')
      const together = who.party.some(({ at }) => at === to)
      expect(answer.party === 'together').toBe(together)
      expect(answer.friend === 'together').toBe(friend?.at === to)
      who.at = to
      to.inside.add(who)
      expect(to.inside.size).toBeLessThanOrEqual(closed)
      online.push(who)
      await report(to)
    },
    async leave(): Promise<void> {
      const [who] = online.splice(random.int(0, online.length - 1), 1) as [Player]
      const { at } = who
      at!.inside.delete(who)
      delete who.at
      await at!.host.prove()
      await at!.host.leave({ ...entry(who), saveNumber: 2, instance: 'hub-1' })
      if (at!.inside.size === 0) at!.emptySince = realm.runtime.now()
      await report(at!)
    },
    /** Ten seconds pass: hosts report, one more may be opened, and those that were empty for long go. */
    async pass(): Promise<void> {
      realm.runtime.advance(10_000)
      for (const one of all.slice()) {
        const isIdle = one.inside.size === 0 && realm.runtime.now() - one.emptySince >= idleMs
        if (isIdle && (await one.host.giveBack()) === 'done') all.splice(all.indexOf(one), 1)
        else await report(one)
      }
      await warm({ ...realm.deps, log: silentLog }, demand, realmId, zone)
    },
    fullness: () => online.length / (all.length * capacity),
  }
}

it('2,000 joins with parties, friends and three versions go where the rule says, and instances are 70 to 80 % full', async () => {
  const began = performance.now()
  const world = await openWorld(7)
  const { random, join, leave, pass, fullness, online, all } = world
  let joins = 0
  const seen: Record<string, number[]> = {}
  const go = async (name: string, chanceOfJoin: number, until: () => boolean) => {
    seen[name] = []
    for (let i = 0; !until(); i++) {
      if (random.chance(chanceOfJoin)) {
        joins++
        await join()
      } else if (online.length > 0) await leave()
      if (i % 5 === 0) await pass()
      if (i % 10 === 0) seen[name].push(fullness())
    }
  }
  const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length
  await go('rise', 0.95, () => online.length >= 400)
  const until = joins + 500
  await go('steady', 0.5, () => joins >= until)
  await go('wave', 0.95, () => online.length >= 520)
  await go('ebb', 0.1, () => online.length <= 400)
  await go('after', 0.5, () => joins >= 2000)
  await go('later', 0.5, () => joins >= 2700)
  const lines = Object.entries(seen).map(([name, values]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return `${name} ${[mean(values), low, high].map((one) => (one * 100).toFixed(1)).join(' / ')}`
  })
  process.stdout.write(
    `${joins} joins in ${((performance.now() - began) / 1000).toFixed(1)} s, ${all.length} instances; ` +
      `fullness mean / low / high %: ${lines.join('; ')}\n`,
  )
  expect(joins).toBe(2700)
  expect(mean(seen['steady']!)).toBeGreaterThanOrEqual(0.7)
  expect(mean(seen['steady']!)).toBeLessThanOrEqual(0.8)
  // Newcomers fill the fullest, the others empty and close.
  expect(mean(seen['later']!.slice(-60))).toBeGreaterThanOrEqual(0.7)
  expect(mean(seen['later']!.slice(-60))).toBeLessThanOrEqual(0.8)
})
