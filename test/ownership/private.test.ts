// Private instances: who opens one, who comes in, and where everybody is when it is over. Real director, real host
// stores; what a host does with the command is written out here (test/gameserver/private.test.ts has the host).
import { describe, expect, it } from 'vitest'
import { latestOf, openPrivate } from '#functions/world/private.ts'
import { placeLapsesMs, privateOpensMs } from '#shared/limits.ts'
import { readCard } from '#shared/ownership/card.ts'
import { endLease } from '#shared/ownership/lease.ts'
import type { OpenCommand } from '#shared/ownership/inbox.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { acting, party } from './party.ts'
import { openRealm, realmId } from './realm.ts'
import type { Realm } from './realm.ts'

type Host = Awaited<ReturnType<Realm['slots']>>
type One = Awaited<ReturnType<Realm['character']>>

/** A host whose inbox opens what it is told to. */
async function openSlots(realm: Realm): Promise<Host & { opened: OpenCommand[] }> {
  const host = await realm.slots()
  const opened: OpenCommand[] = []
  host.onCommand((command) => {
    if (command.kind === 'open') opened.push(command)
  })
  return { ...host, opened }
}

/** The host does what waits in its inbox. */
async function work(host: Awaited<ReturnType<typeof openSlots>>) {
  const before = host.opened.length
  await host.readInbox()
  for (const { instance, zone, slots, slotUntil } of host.opened.slice(before)) {
    await host.openPrivate({ instance, zone, capacity: 3, slots, slotUntil })
  }
}

const depsOf = (realm: Realm) => ({ ...realm.deps, push: { hint: () => undefined } })
const open = async (realm: Realm, by: One, act = acting(realm, by)) =>
  (await openPrivate(depsOf(realm), act, { zone: 'crypt' })).instance
const slotsTaken = async (realm: Realm, { bootId }: Host) =>
  (await readCard(realm.store, realmId, { zone: 'crypt', bootId, instance: 'crypt-1' }))!.count

async function enterInto(realm: Realm, who: One, instance?: string): Promise<Ticket> {
  return await realm.open((await realm.enterAs(who, undefined, instance)).ticket)
}

/** Into the instance, and there as its host saves it. */
async function play(realm: Realm, host: Host, who: One, instance: string) {
  const ticket = await enterInto(realm, who, instance)
  await host.claim(ticket)
  const saved = {
    zone: 'crypt',
    x: 1e3,
    y: 2e3,
    heading: 0,
    outside: {
      instance,
      zone: 'hub',
      x: 6e4,
      y: 6e4,
    },
  }
  const { characterId, epoch } = ticket
  const leaving = { characterId, epoch, saveNumber: 1, saved, instance }
  return { leave: async () => await host.leave(leaving) }
}

describe('a private instance', () => {
  it('is one and the same for all who come by its gate, once the leader has opened it, until it is over', async () => {
    const realm = await openRealm()
    await realm.host()
    const host = await openSlots(realm)
    const [ada, bram] = await party(realm, 2)
    const byGate = async (one: One) => {
      const wish = { zone: 'crypt', difficulty: 'heroic', running: true }
      return (await openPrivate(depsOf(realm), acting(realm, one), wish)).instance
    }
    await expect(byGate(bram)).rejects.toMatchObject({ code: 'party.not_leader' })
    const first = await byGate(ada)
    expect(first).toMatchObject({ zone: 'crypt', difficulty: 'heroic' })
    // Before its host has opened it, and after.
    expect(await byGate(bram)).toEqual(first)
    await work(host)
    expect(host.opened.map(({ difficulty }) => difficulty)).toEqual(['heroic'])
    expect(await byGate(ada)).toEqual(first)
    expect(await byGate(bram)).toEqual(first)
    // The other gate is another matter.
    const easy = { zone: 'crypt', running: true }
    const opened = await openPrivate(depsOf(realm), acting(realm, ada), easy)
    expect(opened.instance).toMatchObject({ difficulty: 'normal' })
    await work(host)
    expect(await host.endPrivate(opened.instance.instanceId, { always: true })).toBe('ended')
    await expect(byGate(bram)).rejects.toMatchObject({ code: 'party.not_leader' })
    expect((await byGate(ada)).instanceId).not.toBe(first.instanceId)
    const nightmare = { zone: 'crypt', difficulty: 'nightmare' }
    await expect(openPrivate(depsOf(realm), acting(realm, ada), nightmare)).rejects.toMatchObject({
      code: 'instance.unknown',
    })
  })

  it('is opened by the leader for the party, and lets in all its members and nobody else', async () => {
    const realm = await openRealm()
    await realm.host()
    const host = await openSlots(realm)
    const [ada, bram, cato] = await party(realm, 3)
    await expect(open(realm, bram)).rejects.toMatchObject({ code: 'party.not_leader' })
    const opened = await open(realm, ada)
    expect(opened.members.toSorted()).toEqual(
      [ada, bram, cato].map(({ characterId }) => characterId).toSorted(),
    )
    await work(host)
    for (const one of [ada, bram, cato]) {
      expect(await enterInto(realm, one, opened.instanceId)).toMatchObject({
        bootId: host.bootId,
        instance: opened.instanceId,
      })
      expect(await latestOf(realm.deps, realmId, one.characterId)).toEqual({ instance: opened })
    }
    const stranger = await realm.character()
    await expect(enterInto(realm, stranger, opened.instanceId)).rejects.toMatchObject({
      code: 'instance.unknown',
    })
    // Nobody is sent there by himself.
    expect(await enterInto(realm, stranger)).toMatchObject({ instance: 'hub-1' })
  })

  it('is not opened of a shared zone, of none, or for a party that is too large', async () => {
    const realm = await openRealm()
    await openSlots(realm)
    const [ada] = await party(realm, 4)
    const act = acting(realm, ada)
    for (const zone of ['hub', 'nowhere']) {
      const refused = openPrivate(depsOf(realm), act, { zone })
      await expect(refused).rejects.toMatchObject({ code: 'instance.unknown' })
    }
    await expect(open(realm, ada)).rejects.toMatchObject({ code: 'instance.too_many' })
  })

  it('takes one slot, however often and at once it is asked for', async () => {
    const realm = await openRealm()
    const host = await openSlots(realm)
    const ada = await realm.character()
    const act = acting(realm, ada)
    const all = await Promise.all(Array.from({ length: 5 }, () => open(realm, ada, act)))
    expect(new Set(all.map(({ instanceId }) => instanceId)).size).toBe(1)
    expect(await slotsTaken(realm, host)).toBe(1)
    await work(host)
    expect(host.opened).toHaveLength(1)
    expect(await open(realm, ada, act)).toEqual(all[0])
    expect(await slotsTaken(realm, host)).toBe(1)
  })

  it('fills each host whole before the next, and asks for one more when all are full', async () => {
    const realm = await openRealm()
    const hosts = [await openSlots(realm), await openSlots(realm)]
    for (let i = 0; i < 4; i++) {
      await open(realm, await realm.character())
      for (const host of hosts) {
        await work(host)
        await host.reportSlots()
      }
      const taken = await Promise.all(hosts.map(async (host) => await slotsTaken(realm, host)))
      expect(Math.max(...taken)).toBe(Math.min(2, i + 1))
    }
    await expect(open(realm, await realm.character())).rejects.toMatchObject({ code: 'world.full' })
    expect(new Set(realm.allocations).size).toBe(1)
    expect(realm.allocations[0]).toMatch(/crypt/)
  })

  it('brings a member back while it lasts, and then to where he came from', async () => {
    const realm = await openRealm()
    await realm.host()
    const host = await openSlots(realm)
    const ada = await realm.character()
    const { instanceId } = await open(realm, ada)
    await work(host)
    const { leave } = await play(realm, host, ada, instanceId)
    // A member plays in it.
    expect(await host.endPrivate(instanceId, { always: false })).toBe('taken')
    await leave()
    expect(await enterInto(realm, ada)).toMatchObject({ instance: instanceId })
    expect(await enterInto(realm, ada, 'outside')).toMatchObject({ instance: 'hub-1' })
    expect(await enterInto(realm, ada, instanceId)).toMatchObject({ instance: instanceId })
    expect(await host.endPrivate(instanceId, { always: true })).toBe('ended')
    expect(await slotsTaken(realm, host)).toBe(0)
    expect(await latestOf(realm.deps, realmId, ada.characterId)).toEqual({})
    await expect(enterInto(realm, ada, instanceId)).rejects.toMatchObject({
      code: 'instance.unknown',
    })
    expect(await enterInto(realm, ada)).toMatchObject({ instance: 'hub-1' })
  })

  it('does not end between the place of a member and his coming', async () => {
    const realm = await openRealm()
    const host = await openSlots(realm)
    const ada = await realm.character()
    const { instanceId } = await open(realm, ada)
    await work(host)
    const ticket = await enterInto(realm, ada, instanceId)
    expect(await host.endPrivate(instanceId, { always: false })).toBe('taken')
    expect(await host.claim(ticket)).toMatchObject({ outcome: 'claimed' })
  })

  it('is over when its host dies', async () => {
    const realm = await openRealm()
    await realm.host()
    const host = await openSlots(realm)
    const ada = await realm.character()
    const { instanceId } = await open(realm, ada)
    await work(host)
    await (await play(realm, host, ada, instanceId)).leave()
    await endLease(realm.store, host.bootId)
    expect(await latestOf(realm.deps, realmId, ada.characterId)).toEqual({})
    expect(await enterInto(realm, ada)).toMatchObject({ instance: 'hub-1' })
  })

  it('that its host never opens is waited for, then over, and its slot is free again', async () => {
    const realm = await openRealm()
    await realm.host()
    const host = await openSlots(realm)
    const ada = await realm.character()
    const { instanceId } = await open(realm, ada)
    await expect(enterInto(realm, ada, instanceId)).rejects.toMatchObject({ code: 'world.busy' })
    // Reports each 4 s, as a host that lives; it has lost the command.
    for (let at = 0; at <= Math.max(placeLapsesMs, privateOpensMs); at += 4000) {
      realm.runtime.advance(4000)
      await host.prove()
      await host.reportSlots()
    }
    expect(await slotsTaken(realm, host)).toBe(0)
    expect(await latestOf(realm.deps, realmId, ada.characterId)).toEqual({})
  })

  it('that is opened later takes the place of the one before', async () => {
    const realm = await openRealm()
    const host = await openSlots(realm)
    const ada = await realm.character()
    const first = await open(realm, ada)
    const second = await open(realm, ada)
    await work(host)
    expect(second.instanceId).not.toBe(first.instanceId)
    expect(await latestOf(realm.deps, realmId, ada.characterId)).toEqual({ instance: second })
    // He is a member of both while both last.
    expect(await enterInto(realm, ada, first.instanceId)).toMatchObject({
      instance: first.instanceId,
    })
  })
})
