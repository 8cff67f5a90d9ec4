import { describe, expect, it } from 'vitest'
import { endLease } from '#shared/ownership/lease.ts'
import { findInstances } from '#shared/ownership/places.ts'
import { openRealm, realmId } from './realm.ts'

const placeInForest = { zone: 'forest', x: 30_000, y: 40_000, heading: 99 }

describe('one owner', () => {
  it('a ticket is claimed once, and the character is loaded as it was saved', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    const first = await host.claim(ticket)
    expect(first).toMatchObject({
      outcome: 'claimed',
      character: { name: 'Mira', epoch: 1, soft: { zone: 'hub', x: 60_000 } },
    })
    expect(await host.claim(ticket)).toEqual({ outcome: 'refused' })
  })

  it('of two enters at once one ticket works', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const admissions = await Promise.all(Array.from({ length: 4 }, () => realm.enterAs(who)))
    const outcomes = []
    for (const admission of admissions) {
      outcomes.push((await host.claim(await realm.open(admission.ticket))).outcome)
    }
    expect(outcomes.toSorted()).toEqual(['claimed', 'refused', 'refused', 'refused'])
  })

  it('the next enter replaces a reservation that nobody used, before it expires', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const lost = await realm.open((await realm.enterAs(who)).ticket)
    const used = await realm.open((await realm.enterAs(who)).ticket)
    expect(await host.claim(lost)).toEqual({ outcome: 'refused' })
    expect((await host.claim(used)).outcome).toBe('claimed')
  })

  it('a character in play is not given away while its host lives', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    await expect(realm.enterAs(who)).rejects.toMatchObject({ code: 'play.session_active' })
  })

  it('leaving saves the state and the next enter goes where the character was', async () => {
    const realm = await openRealm()
    const hub = await realm.host('hub')
    await realm.host('forest')
    const who = await realm.character()
    await hub.claim(await realm.open((await realm.enterAs(who)).ticket))
    const leaving = { ...who, instance: 'hub-1', epoch: 1, saveNumber: 1, soft: placeInForest }
    expect(await hub.leave(leaving)).toBe('left')
    expect(await realm.enterAs(who)).toMatchObject({ zone: 'forest', instance: 'forest-1' })
    // A second leave finds another epoch: nothing is overwritten.
    expect(await hub.leave({ ...leaving, saveNumber: 9 })).toBe('fenced')
  })
})

describe('a dead host', () => {
  async function inPlay() {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    return { realm, host, who }
  }
  const entry = { epoch: 1, saveNumber: 5, soft: { zone: 'hub', x: 70_000, y: 80_000, heading: 7 } }

  it('is taken over with the state of its last checkpoint', async () => {
    const { realm, host, who } = await inPlay()
    expect(await host.checkpoint('hub-1', [{ ...who, ...entry }])).toBe('saved')
    await endLease(realm.store, host.bootId)
    const next = await realm.host()
    const claim = await next.claim(await realm.open((await realm.enterAs(who)).ticket))
    expect(claim).toMatchObject({
      outcome: 'claimed',
      character: { epoch: 2, saveNumber: 5, soft: entry.soft },
    })
  })

  it('cannot save, claim or leave after it was taken over', async () => {
    const { realm, host, who } = await inPlay()
    await endLease(realm.store, host.bootId)
    const next = await realm.host()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    expect(await host.leave({ ...who, instance: 'hub-1', ...entry })).toBe('fenced')
    expect(await host.prove()).toBe('lost')
    expect((await next.claim(ticket)).outcome).toBe('claimed')
  })

  it('whose lease row is gone counts as dead', async () => {
    const { realm, host, who } = await inPlay()
    await realm.store.delete({
      table: 'volatile',
      key: { pk: `HOST#${host.bootId}`, sk: 'LEASE' },
    })
    await realm.host()
    await expect(realm.enterAs(who)).resolves.toMatchObject({ zone: 'hub' })
  })

  it('gets no more players', async () => {
    const realm = await openRealm()
    const dead = await realm.host()
    const living = await realm.host()
    await endLease(realm.store, dead.bootId)
    for (let i = 0; i < 5; i++) {
      const ticket = await realm.open((await realm.enterAs(await realm.character())).ticket)
      expect(ticket.bootId).toBe(living.bootId)
    }
  })

  it('an old save never replaces a newer one', async () => {
    const { realm, host, who } = await inPlay()
    await host.checkpoint('hub-1', [{ ...who, ...entry }])
    const { checkpointPut } = await import('#shared/ownership/checkpoint.ts')
    await expect(realm.store.put(checkpointPut(host.bootId, 'hub-1', 1, []))).rejects.toMatchObject(
      { kind: 'condition' },
    )
  })
})

describe('the lease', () => {
  it('lapses 5 s after its last acknowledged renewal was sent, and is proved again', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    expect(host.lease()).toEqual({ held: true, lost: false })
    realm.runtime.advance(5000)
    expect(host.lease()).toEqual({ held: false, lost: false })
    expect(await host.checkpoint('hub-1', [])).toBe('unavailable')
    expect(await host.prove()).toBe('held')
    expect(host.lease().held).toBe(true)
  })
})

describe('places', () => {
  it('are never more than the instance closes at, however many enter at once', async () => {
    const realm = await openRealm({ capacity: 40 })
    await realm.host()
    const all = await Promise.all(Array.from({ length: 200 }, () => realm.character()))
    const outcomes = await Promise.allSettled(all.map((who) => realm.enterAs(who)))
    const inside = outcomes.filter((one) => one.status === 'fulfilled')
    expect(inside).toHaveLength(38)
    const [row] = await findInstances(realm.store, realmId, 'hub')
    expect(row!.places.size).toBe(38)
  })

  it('of those who never came are free again after the ticket and its grace', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    await realm.enterAs(await realm.character())
    const [held] = await findInstances(realm.store, realmId, 'hub')
    expect(held!.places.size).toBe(1)
    realm.runtime.advance(41_000)
    await host.prove()
    await host.checkpoint('hub-1', [])
    const [free] = await findInstances(realm.store, realmId, 'hub')
    expect(free!.places.size).toBe(0)
  })

  it('are given back at once when a player leaves', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    const soft = { zone: 'hub', x: 1, y: 1, heading: 0 }
    await host.leave({ ...who, instance: 'hub-1', epoch: 1, saveNumber: 1, soft })
    const [row] = await findInstances(realm.store, realmId, 'hub')
    expect(row!.places.size).toBe(0)
  })
})

describe('the director', () => {
  it('takes four trips in sequence for an enter, and four for a take-over', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    realm.counted.reset()
    const admission = await realm.enterAs(who)
    expect(realm.counted.sequential()).toBeLessThanOrEqual(4)
    await host.claim(await realm.open(admission.ticket))
    await endLease(realm.store, host.bootId)
    await realm.host()
    realm.counted.reset()
    await realm.enterAs(who)
    expect(realm.counted.sequential()).toBeLessThanOrEqual(4)
  })

  it('asks the fleet for a host when no instance is open, by an id that names the need', async () => {
    const realm = await openRealm()
    const host = await realm.host('hub', false)
    const labels = { zone: 'hub' }
    realm.ready.push({
      name: 'h',
      bootId: host.bootId,
      address: '',
      port: 0,
      state: 'allocated',
      labels,
    })
    const entering = Promise.all([
      realm.enterAs(await realm.character()),
      realm.enterAs(await realm.character()),
    ])
    await host.setState('open')
    await entering
    expect(new Set(realm.allocations).size).toBe(1)
  })

  it('says that the world is full when the fleet has no host', async () => {
    const realm = await openRealm()
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
      retryAfterS: 5,
    })
  })

  it("refuses another account's character as if it did not exist", async () => {
    const realm = await openRealm()
    await realm.host()
    const who = await realm.character()
    const thief = { ...who, accountId: '00000000-0000-7000-8000-000000000000' }
    await expect(realm.enterAs(thief)).rejects.toMatchObject({ code: 'character.not_found' })
  })
})
