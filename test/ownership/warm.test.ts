// Instances that open before players need them, how many there may be, and hosts that give themselves back.
import { describe, expect, it } from 'vitest'
import { createDemand } from '#functions/scaling/scaling.ts'
import { warm } from '#functions/world/warm.ts'
import type { Zone } from '#shared/content/content.ts'
import { takePlace } from '#shared/ownership/places.ts'
import { newId } from '#shared/runtime.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { openRealm, realmId } from './realm.ts'
import type { Realm } from './realm.ts'

const capacity = 10

/** A fleet that has hosts, of which each opens when it is allocated. */
async function openFleet(policy?: Zone['instances']) {
  const realm = await openRealm({ capacity })
  const zone = realm.deps.content.zones.get('hub')!
  if (policy !== undefined) zone.instances = policy
  const given = new Map<string, Awaited<ReturnType<Realm['host']>>>()
  const min = policy?.min ?? 0
  realm.deps.fleet.allocate = async ({ requestId, labels }) => {
    realm.allocations.push(requestId)
    if (!given.has(requestId))
      given.set(requestId, await realm.host('hub', true, { says: { policy: { min } } }))
    return { name: 'new', bootId: undefined, address: '', port: 0, state: 'allocated', labels }
  }
  const demand = createDemand(realm.deps)
  const look = async () => {
    realm.runtime.advance(10_000)
    for (const host of given.values()) await host.setState('open')
    await warm({ ...realm.deps, log: silentLog }, demand, realmId, zone)
  }
  const fill = async (host: { bootId: string }, count: number) => {
    const at = { zone: 'hub', bootId: host.bootId, instance: 'hub-1' }
    const until = realm.runtime.now() + 30_000
    for (let i = 0; i < count; i++) {
      await takePlace(realm.store, realmId, at, newId(realm.runtime), until, capacity)
    }
  }
  const hosts = () => [...given.values()]
  return { realm, look, fill, hosts }
}

describe('an instance opens ahead of players', () => {
  it('when as many as came in half a minute would find no room below the target, and once', async () => {
    const { realm, look, fill, hosts } = await openFleet()
    await realm.enterAs(await realm.character())
    await look()
    expect(hosts()).toHaveLength(1)
    // Five of eight: five more would be too many.
    await fill(hosts()[0]!, 4)
    await look()
    expect(hosts()).toHaveLength(2)
    // Nobody came since, so nobody is expected.
    for (let i = 0; i < 5; i++) await look()
    expect(hosts()).toHaveLength(2)
  })

  it('under the need that who finds no room names: any number of lookers and players get one host', async () => {
    const { realm, look, fill, hosts } = await openFleet()
    await realm.enterAs(await realm.character())
    await look()
    await fill(hosts()[0]!, 8)
    const zone = realm.deps.content.zones.get('hub')!
    const demand = async () =>
      await Promise.resolve({ waiting: 1, watched: true, instances: 1, soon: [2] })
    const lookers = Array.from({ length: 5 }, async () => {
      await warm({ ...realm.deps, log: silentLog }, demand, realmId, zone)
    })
    const comers = Array.from(
      { length: 3 },
      async () => await realm.enterAs(await realm.character()),
    )
    await Promise.all([...lookers, ...comers])
    expect(hosts()).toHaveLength(2)
  })

  it('never more than the zone may have, and as many as it wants at least', async () => {
    const { realm, look, fill, hosts } = await openFleet({ min: 2, max: 3 })
    for (let i = 0; i < 4; i++) await look()
    expect(hosts()).toHaveLength(2)
    for (let round = 0; round < 4; round++) {
      for (const host of hosts()) await fill(host, 9)
      await look()
    }
    expect(hosts()).toHaveLength(3)
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
    })
    expect(hosts()).toHaveLength(3)
  })
})

describe('a host gives itself back', () => {
  it('when nobody is in it, and not while somebody is on his way', async () => {
    const { realm, hosts } = await openFleet()
    const who = await realm.character()
    await realm.enterAs(who)
    const [host] = hosts()
    expect(await host!.giveBack()).toBe('needed')
    // He never comes: the place lapses, and nothing names the host any more.
    for (let i = 0; i < 14; i++) {
      realm.runtime.advance(4000)
      await host!.prove()
      await host!.checkpoint('hub-1', [])
    }
    expect(await host!.giveBack()).toBe('done')
    expect(await host!.giveBack(), 'asked again').toBe('done')
    // Who comes next is not sent there, nor by a checkpoint that was under way.
    await host!.checkpoint('hub-1', [])
    const { ticket } = await realm.enterAs(who)
    expect((await realm.open(ticket)).bootId).not.toBe(host!.bootId)
  })

  it('of an enter and a giving back at once one wins, in any order', async () => {
    for (let i = 0; i < 20; i++) {
      const { realm, hosts } = await openFleet()
      await realm.enterAs(await realm.character())
      const host = hosts()[0]!
      for (let beat = 0; beat < 14; beat++) {
        realm.runtime.advance(4000)
        await host.prove()
        await host.checkpoint('hub-1', [])
      }
      const who = await realm.character()
      const later = async () => {
        for (let turn = 0; turn < i; turn++) await Promise.resolve()
        return await host.giveBack()
      }
      const [answer, gone] = await Promise.all([realm.enterAs(who), later()])
      const { bootId } = await realm.open(answer.ticket)
      expect(bootId === host.bootId).toBe(gone === 'needed')
    }
  })

  it('keeps as many as the zone wants at least, though all look at once', async () => {
    const { realm, look, fill, hosts } = await openFleet({ min: 2, max: 9 })
    for (let i = 0; i < 3; i++) await look()
    for (const host of hosts()) await fill(host, 9)
    for (let i = 0; i < 2; i++) await look()
    expect(hosts()).toHaveLength(3)
    for (let beat = 0; beat < 14; beat++) {
      realm.runtime.advance(4000)
      for (const host of hosts()) {
        await host.prove()
        await host.checkpoint('hub-1', [])
      }
    }
    const answers = await Promise.all(hosts().map(async (host) => await host.giveBack()))
    expect(answers.sort()).toEqual(['done', 'needed', 'needed'])
  })
})
