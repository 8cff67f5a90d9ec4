import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createStatus } from '#functions/world/status.ts'
import { createLeaseWatch } from '#gameserver/persistence/lease-watch.ts'
import { FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import type { FleetHost } from '#shared/fleet/fleet.ts'
import { leaseDeadAfterMs, letGoPollMs, letGoWaitMs } from '#shared/limits.ts'
import { saveUpdate } from '#shared/ownership/guard.ts'
import { commandPut } from '#shared/ownership/inbox.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import { endLease, judgeSuspect, readLease } from '#shared/ownership/lease.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { findInstances } from '#shared/ownership/card.ts'
import { readPlaces } from '#shared/ownership/places.ts'
import { Problem } from '#shared/problem.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Store } from '#shared/store/store.ts'
import { openRealm, realmId } from './realm.ts'

/** A host as the fleet shows it. */
function aHost(state: FleetHost['state']): FleetHost {
  const labels = { [zoneLabel]: 'hub' }
  return { name: 'h', bootId: undefined, address: '', port: 0, state, labels }
}

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
      character: { name: 'Mira', epoch: 1, saved: { zone: 'hub', x: 60_000 } },
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
    const asked = realm.runtime.now()
    await expect(realm.enterAs(who)).rejects.toMatchObject({ code: 'play.session_active' })
    expect(realm.runtime.now() - asked).toBeLessThanOrEqual(letGoWaitMs + letGoPollMs)
  })

  it('a living host that is asked lets go, and the player is in play elsewhere at once', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    const applied: Command[] = []
    host.onCommand((command) => applied.push(command))
    const entering = realm.enterAs(who)
    // The host reads its inbox with its next renewal, and saves the character that is wanted elsewhere.
    while (applied.length === 0) await host.prove()
    expect(applied).toMatchObject([{ kind: 'letGo', characterId: who.characterId, epoch: 1 }])
    const leaving = { ...who, instance: 'hub-1', epoch: 1, saveNumber: 1, saved: placeInForest }
    await realm.host('forest')
    expect(await host.leave(leaving)).toBe('left')
    expect(await entering).toMatchObject({ zone: 'forest' })
    // The command is removed: it is not read again.
    await host.prove()
    expect(applied).toHaveLength(1)
  })

  it('a host gives up a character that it does not hold, and nobody is locked out', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    // As if the answer to the claim had never come: the tick thread does not know the character.
    await host.letGo(who.characterId, 1)
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    expect(ticket.epoch).toBe(3)
    // A repeat with the old epoch does nothing.
    await host.claim(ticket)
    await host.letGo(who.characterId, 1)
    await expect(realm.enterAs(who)).rejects.toMatchObject({ code: 'play.session_active' })
  })

  it('leaving saves the state and the next enter goes where the character was', async () => {
    const realm = await openRealm()
    const hub = await realm.host('hub')
    await realm.host('forest')
    const who = await realm.character()
    await hub.claim(await realm.open((await realm.enterAs(who)).ticket))
    const leaving = { ...who, instance: 'hub-1', epoch: 1, saveNumber: 1, saved: placeInForest }
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
  const entry = {
    epoch: 1,
    saveNumber: 5,
    saved: { zone: 'hub', x: 70_000, y: 80_000, heading: 7 },
  }

  it('is taken over with the state of its last checkpoint', async () => {
    const { realm, host, who } = await inPlay()
    expect(await host.checkpoint('hub-1', [{ ...who, ...entry }])).toBe('saved')
    await endLease(realm.store, host.bootId)
    const next = await realm.host()
    const claim = await next.claim(await realm.open((await realm.enterAs(who)).ticket))
    expect(claim).toMatchObject({
      outcome: 'claimed',
      character: { epoch: 2, saveNumber: 5, saved: entry.saved },
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

  it('a save of an earlier stay that lands late is refused, whatever its number', async () => {
    const { realm, host, who } = await inPlay()
    const { characterId } = who
    const saved = { zone: 'hub', x: 1, y: 1, heading: 0 }
    await host.leave({ characterId, instance: 'hub-1', epoch: 1, saveNumber: 3, saved })
    for (const saveNumber of [3, 9]) {
      const late = saveUpdate({ realmId, characterId, epoch: 1, saveNumber, saved })
      await expect(realm.store.update(late)).rejects.toMatchObject({ kind: 'condition' })
    }
  })

  it('an old save never replaces a newer one', async () => {
    const { realm, host, who } = await inPlay()
    await host.checkpoint('hub-1', [{ ...who, ...entry }])
    const { checkpointRows } = await import('#shared/ownership/checkpoint-rows.ts')
    await expect(
      realm.store.put(checkpointRows(host.bootId, 'hub-1', 1, []).head),
    ).rejects.toMatchObject({ kind: 'condition' })
  })
})

const leaseOf = async ({ store }: Awaited<ReturnType<typeof openRealm>>, bootId: string) =>
  (await readLease(store, bootId))!

/** The host watches the others of its zone. `meanwhile` runs between its reads. */
async function watchFor(
  { store, runtime }: Awaited<ReturnType<typeof openRealm>>,
  bootId: string,
  ms: number,
  meanwhile = async (): Promise<void> => undefined,
): Promise<void> {
  const until = runtime.now() + ms
  const stop = new AbortController()
  const sleep = async (asked: number) => {
    await runtime.sleep(asked)
    await meanwhile()
    if (runtime.now() >= until) stop.abort()
  }
  await createLeaseWatch({
    store,
    runtime: { ...runtime, sleep },
    clocks: { now: runtime.now, monotonic: runtime.now },
    host: { bootId, realmId },
  }).run(stop.signal)
}

describe('a silent host', () => {
  async function silent() {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    await host.prove()
    const next = await realm.host()
    /** Enters as a client does: again and again, with what the last refusal said. */
    const enterUntil = async (meanwhile: () => Promise<unknown>, tries = 20) => {
      let observed: string | undefined
      const from = realm.runtime.now()
      for (let i = 0; i < tries; i++) {
        try {
          const admission = await realm.enterAs(who, observed)
          return { admission, afterMs: realm.runtime.now() - from }
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== 'play.session_active') throw error
          observed = error.observed
          expect(error.retryAfterS).toBe(1)
        }
        realm.runtime.advance(1000)
        await meanwhile()
        await next.prove()
        await next.checkpoint('hub-1', [])
      }
      return undefined
    }
    return { realm, host, next, who, enterUntil }
  }

  it('is judged dead after 7 s, by what several enters have seen together', async () => {
    const { enterUntil, next } = await silent()
    const entered = await enterUntil(async () => undefined)
    expect(entered!.admission.address).toBe(`ws://${next.bootId}/zone`)
    expect(entered!.afterMs).toBeGreaterThanOrEqual(leaseDeadAfterMs)
    expect(entered!.afterMs).toBeLessThan(leaseDeadAfterMs + 3000)
  })

  it.each([
    { what: 'functions have unlike clocks', clocks: [-2400, 0, 2400], slowMs: 0 },
    { what: 'a read of its lease is slow', clocks: [0], slowMs: 1900 },
  ])('is not judged dead before its own deadline when $what', async ({ clocks, slowMs }) => {
    const { realm, host, who } = await silent()
    const { runtime, store } = realm
    let reads = 0
    realm.deps.store = {
      ...store,
      async get(request) {
        // Its last renewal comes while the second read is under way.
        if (request.key.sk === 'LEASE' && ++reads === 2) {
          runtime.advance(slowMs)
          await host.prove()
        }
        return await store.get(request)
      },
    }
    const next = await realm.host()
    let observed: string | undefined
    let admitted = false
    for (let i = 0; i < 20 && !admitted; i++) {
      const aheadMs = clocks[Math.min(i, clocks.length - 1)]!
      realm.deps.runtime = { ...runtime, now: () => runtime.now() + aheadMs }
      // This client does not wait before it comes again.
      admitted = await realm.enterAs(who, observed).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Problem)) throw error
          observed = error.observed
          return false
        },
      )
      if (!admitted) expect(await next.prove()).toBe('held')
      await next.checkpoint('hub-1', [])
    }
    expect(admitted).toBe(true)
    expect(host.lease().held).toBe(false)
  })

  it('is taken over by the first enter when another host has watched it', async () => {
    const { realm, host, next, who } = await silent()
    await watchFor(realm, next.bootId, 12_000)
    await next.prove()
    await next.checkpoint('hub-1', [])
    expect((await realm.enterAs(who)).address).toBe(`ws://${next.bootId}/zone`)
    // The host runs again: the mark is of a renewal that is no longer the last.
    expect(await host.prove()).toBe('held')
    expect(judgeSuspect(host.bootId, await leaseOf(realm, host.bootId))).toEqual({ dead: false })
  })

  it('is not where the next ticket leads, when another host has watched it', async () => {
    const { realm, host, next } = await silent()
    await next.setState('draining')
    const who = await realm.character()
    expect((await realm.enterAs(who)).address).toBe(`ws://${host.bootId}/zone`)
    await next.setState('open')
    await watchFor(realm, next.bootId, 12_000)
    await next.prove()
    await next.checkpoint('hub-1', [])
    // A function that has not seen the card of the silent host before.
    realm.deps.isLive = createLiveness()
    expect((await realm.enterAs(who)).address).toBe(`ws://${next.bootId}/zone`)
  })

  it('that runs again is in the ring still, beside others that do not', async () => {
    const realm = await openRealm()
    const hosts = await Promise.all([1, 2, 3, 4, 5].map(async () => await realm.host()))
    hosts.sort((a, b) => (a.bootId < b.bootId ? -1 : 1))
    const [watcher, ...others] = hosts
    const left: string[] = []
    const store: Store = {
      ...realm.store,
      async delete(request) {
        if (request.key.pk.endsWith('#HOSTS')) left.push(request.key.sk)
        await realm.store.delete(request)
      },
    }
    const wakeAt = realm.runtime.now() + 25_000
    await watchFor({ ...realm, store }, watcher!.bootId, 120_000, async () => {
      if (realm.runtime.now() > wakeAt) for (const one of others.slice(2)) await one.prove()
    })
    expect(left.toSorted()).toEqual(others.slice(0, 2).map(({ bootId }) => bootId))
  })

  it('is not suspect as long as it renews', async () => {
    const { realm, host, next } = await silent()
    let renewed = realm.runtime.now()
    await watchFor(realm, next.bootId, 30_000, async () => {
      if (realm.runtime.now() - renewed < 3000) return
      renewed = realm.runtime.now()
      await host.prove()
    })
    expect(judgeSuspect(host.bootId, await leaseOf(realm, host.bootId))).toEqual({ dead: false })
  })

  it('is never judged dead while it renews', async () => {
    const { enterUntil, host } = await silent()
    expect(await enterUntil(async () => await host.prove(), 10)).toBeUndefined()
  })

  it('is not judged by reads with a gap between them', async () => {
    const { enterUntil, realm } = await silent()
    expect(await enterUntil(async () => realm.runtime.advance(2000), 10)).toBeUndefined()
  })

  it('is not judged by a sighting that somebody made up', async () => {
    const { realm, who } = await silent()
    const made = await new SignJWT({ boot: 'x', n: 1, since: 0, last: realm.runtime.now() })
      .setProtectedHeader({ alg: 'HS256', typ: 'waystone-sighting+jwt', kid: 'k1' })
      .setAudience('waystone:enter')
      .sign(new Uint8Array(32))
    await expect(realm.enterAs(who, made)).rejects.toMatchObject({ code: 'play.session_active' })
  })

  it('finds the fence in its inbox before it holds its lease again', async () => {
    const { enterUntil, host, who } = await silent()
    const seen: { command: Command; held: boolean }[] = []
    host.onCommand((command) => seen.push({ command, held: host.lease().held }))
    await enterUntil(async () => undefined)
    expect(await host.prove()).toBe('held')
    const fence = seen.find(({ command }) => command.kind === 'fence')
    expect(fence).toMatchObject({
      command: { characterId: who.characterId, epoch: 1 },
      held: false,
    })
    expect(host.lease().held).toBe(true)
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
  it('an account holds one, however many of its characters enter', async () => {
    const realm = await openRealm({ capacity: 40 })
    await realm.host()
    const { accountId } = await realm.character()
    const all = await Promise.all(Array.from({ length: 12 }, () => realm.character(accountId)))
    const places = async () => {
      const [card] = await findInstances(realm.store, realmId, 'hub')
      const { places: found } = await readPlaces(realm.store, realmId, card!, 100, undefined)
      expect(found).toHaveLength(card!.count)
      return found.map(({ characterId }) => characterId)
    }
    for (const who of all) await realm.enterAs(who)
    expect(await places()).toEqual([all[11]!.characterId])
    const other = await realm.character()
    await realm.enterAs(other)
    // At once as well: an enter that finds the seat changed since its read begins again.
    await Promise.allSettled(all.slice(0, 6).map((who) => realm.enterAs(who)))
    expect(await places()).toHaveLength(2)
    expect(await places()).toContain(other.characterId)
  })

  it('an account plays one character: the one before is saved and let go, and its ticket is void', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const first = await realm.character()
    const second = await realm.character(first.accountId)
    const third = await realm.character(first.accountId)
    const commands: Command[] = []
    host.onCommand((command) => {
      commands.push(command)
      if (command.kind !== 'letGo') return
      const { characterId, epoch } = command
      const saved = { zone: 'hub', x: 1, y: 2, heading: 3 }
      const leaving = { characterId, epoch, saveNumber: 9, saved }
      void host.leave({ ...leaving, instance: 'hub-1' })
    })
    realm.deps.hint = () => void host.readInbox()
    const soon = realm.open((await realm.enterAs(first)).ticket)
    expect((await host.claim(await soon)).outcome).toBe('claimed')
    const ticket = await realm.open((await realm.enterAs(second)).ticket)
    expect(commands).toMatchObject([{ kind: 'letGo', characterId: first.characterId, epoch: 1 }])
    await realm.enterAs(third)
    expect(await host.claim(ticket)).toEqual({ outcome: 'refused' })
    // Back to the first one, saved where it was.
    expect((await realm.enterAs(first)).zone).toBe('hub')
  })

  it('the synthetic player comes in however full it is, and it takes no place', async () => {
    const realm = await openRealm({ capacity: 4 })
    const host = await realm.host()
    for (let i = 0; i < 3; i++) await realm.enterAs(await realm.character())
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
    })
    const places = async () => (await findInstances(realm.store, realmId, 'hub'))[0]!.count
    const ticket = await realm.open(
      (await realm.enterAs(await realm.character('synthetic'))).ticket,
    )
    const claimed = await host.claim(ticket)
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
    expect(claimed.character.synthetic).toBe(true)
    const { characterId, epoch, saveNumber, saved } = claimed.character
    const entry = { characterId, epoch, saveNumber: saveNumber + 1, saved }
    expect(await host.checkpoint('hub-1', [entry])).toBe('saved')
    expect(await places()).toBe(3)
    expect(await host.leave({ ...entry, instance: 'hub-1' })).toBe('left')
    expect(await places()).toBe(3)
  })

  it('20 enters of one character at once in an empty town never find it full', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const realm = await openRealm()
      await realm.host()
      const who = await realm.character()
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => realm.enterAs(who)))
      const codes = all.map((one) => (one.status === 'rejected' ? one.reason.code : 'in'))
      expect(codes).not.toContain('world.full')
      expect(codes).toContain('in')
      const [card] = await findInstances(realm.store, realmId, 'hub')
      expect(card!.count).toBe(1)
    }
  })

  it('a card that others change at once is not a full world', async () => {
    const memory = createMemoryStore({
      faults: ({ operation, rows }) =>
        operation === 'transact' && rows.some(({ key }) => key.pk.includes('#I#'))
          ? { kind: 'conflict' }
          : undefined,
    })
    const realm = await openRealm({ store: memory })
    await realm.host()
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.busy',
    })
  })

  it('of a host that is up show in the state of the realm before anybody entered', async () => {
    const realm = await openRealm()
    await realm.host('hub', false)
    const { zones } = await createStatus(realm.deps)(realmId)
    expect(zones[0]).toMatchObject({ zone: 'hub', instances: 1, capacity: 100, players: 0 })
    expect(zones[1]).toMatchObject({ zone: 'forest', instances: 0 })
  })

  it('are never more than the instance closes at, however many enter at once', async () => {
    const realm = await openRealm({ capacity: 40 })
    await realm.host()
    const all = await Promise.all(Array.from({ length: 200 }, () => realm.character()))
    const outcomes = await Promise.allSettled(all.map((who) => realm.enterAs(who)))
    const inside = outcomes.filter((one) => one.status === 'fulfilled')
    expect(inside).toHaveLength(38)
    const [row] = await findInstances(realm.store, realmId, 'hub')
    expect(row!.count).toBe(38)
  })

  it('of those who never came are free again after the ticket and its grace', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    await realm.enterAs(await realm.character())
    const [held] = await findInstances(realm.store, realmId, 'hub')
    expect(held!.count).toBe(1)
    await host.checkpoint('hub-1', [])
    realm.runtime.advance(41_000)
    await host.prove()
    await host.checkpoint('hub-1', [])
    const [free] = await findInstances(realm.store, realmId, 'hub')
    expect(free!.count).toBe(0)
  })

  it('are released at once when a player leaves', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    const saved = { zone: 'hub', x: 1, y: 1, heading: 0 }
    await host.leave({ ...who, instance: 'hub-1', epoch: 1, saveNumber: 1, saved })
    const [row] = await findInstances(realm.store, realmId, 'hub')
    expect(row!.count).toBe(0)
  })
})

describe('the inbox', () => {
  it('is read once more, and each command applied once, however many hints come together', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const applied: Command[] = []
    host.onCommand((command) => applied.push(command))
    for (let i = 0; i < 60; i++) {
      const command = { kind: 'letGo' as const, realmId, characterId: `c${i}`, epoch: 1 }
      await realm.store.put(commandPut(realm.runtime.now(), host.bootId, command))
    }
    realm.counted.reset()
    await Promise.all(Array.from({ length: 50 }, () => host.readInbox()))
    expect(new Set(applied.map((command) => JSON.stringify(command))).size).toBe(60)
    expect(applied).toHaveLength(60)
    // Two reads, and the rows removed side by side.
    expect(realm.counted.sequential()).toBeLessThanOrEqual(5)
  })

  it('is read anew by who asks while it is being read', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const applied: string[] = []
    host.onCommand((command) => 'characterId' in command && applied.push(command.characterId))
    const put = async (characterId: string) => {
      const command = { kind: 'letGo' as const, realmId, characterId, epoch: 1 }
      await realm.store.put(commandPut(realm.runtime.now(), host.bootId, command))
    }
    await put('first')
    const early = host.readInbox()
    await put('second')
    await host.prove()
    expect(applied).toEqual(['first', 'second'])
    await early
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
    realm.ready.push({ ...aHost('allocated'), bootId: host.bootId })
    const { fleet } = realm.deps
    realm.deps.fleet = {
      ...fleet,
      allocate: async (need) => {
        const allocated = await fleet.allocate(need)
        // It opens once it is Allocated.
        await host.setState('open')
        return allocated
      },
    }
    const two = [await realm.character(), await realm.character()]
    await Promise.all(two.map((who) => realm.enterAs(who)))
    expect(new Set(realm.allocations).size).toBe(1)
  })

  it('takes a place where an instance opens just before the need is named, and asks for no host', async () => {
    const realm = await openRealm()
    const host = await realm.host('hub', false)
    const { store } = realm.deps
    realm.deps.store = {
      ...store,
      async get(request) {
        if (request.key.sk === 'OPENED') await host.setState('open')
        return await store.get(request)
      },
    }
    const { ticket } = await realm.enterAs(await realm.character())
    expect((await realm.open(ticket)).bootId).toBe(host.bootId)
    expect(realm.allocations).toEqual([])
  })

  it('fills a second host whose instance has the same name as the full one', async () => {
    const realm = await openRealm({ capacity: 2 })
    const hosts = [await realm.host(), await realm.host()]
    const boots = []
    // At 95 % a copy of two takes one.
    for (let i = 0; i < 2; i++) {
      const { ticket } = await realm.enterAs(await realm.character())
      boots.push((await realm.open(ticket)).bootId)
    }
    expect(boots.toSorted()).toEqual(hosts.map(({ bootId }) => bootId).toSorted())
  })

  it('waits for a host that is starting instead of sending the player away', async () => {
    const realm = await openRealm()
    const host = await realm.host('hub', false)
    const began = realm.runtime.now()
    realm.deps.fleet.list = async () => [aHost('starting')]
    realm.deps.fleet.allocate = async () => {
      if (realm.runtime.now() - began < 1500) return undefined
      await host.setState('open')
      return { ...aHost('allocated'), bootId: host.bootId }
    }
    await expect(realm.enterAs(await realm.character())).resolves.toMatchObject({ zone: 'hub' })
    expect(realm.runtime.now() - began).toBeLessThan(2000)
  })

  it('asks for another host where the one it once got is silent and its end unknown', async () => {
    const realm = await openRealm()
    const silent = await realm.host('hub', false)
    const spare = await realm.host('hub', false)
    // As fleets do: the same request gets the same host, and its end is not known.
    const given = new Map<string, FleetHost>()
    const left = [silent, spare]
    realm.deps.fleet.allocate = async ({ requestId }) => {
      const next = given.get(requestId) ?? left.shift()
      if (next === undefined) return undefined
      if ('setState' in next) await next.setState('open')
      const host = { ...aHost('allocated'), bootId: next.bootId }
      given.set(requestId, host)
      return host
    }
    const who = await realm.character()
    const first = await realm.open((await realm.enterAs(who)).ticket)
    expect(await silent.claim(first)).toMatchObject({ outcome: 'claimed' })
    let observed: string | undefined
    for (let tries = 0; tries < 4; tries++) {
      const answer = await realm.enterAs(who, observed).catch((error: unknown) => error as Problem)
      await spare.prove()
      if (!(answer instanceof Problem)) {
        expect((await realm.open(answer.ticket)).bootId).toBe(spare.bootId)
        return
      }
      expect(answer.code).toBe('play.session_active')
      observed = answer.observed
      realm.runtime.advance(1000)
    }
    expect.unreachable('it never came in')
  })

  it('sends the player away for a second when a host that is starting takes too long', async () => {
    const realm = await openRealm()
    realm.deps.fleet.list = async () => [aHost('starting')]
    const began = realm.runtime.now()
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
      retryAfterS: 1,
    })
    expect(realm.runtime.now() - began).toBeLessThan(5000)
  })

  it('still sends players to an instance that was empty for an hour', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    for (let i = 0; i < 900; i++) {
      realm.runtime.advance(4000)
      await host.prove()
      await host.checkpoint('hub-1', [])
    }
    await expect(realm.enterAs(await realm.character())).resolves.toMatchObject({ zone: 'hub' })
  })

  it('sends nobody to a host that has said nothing for 12 s', async () => {
    const realm = await openRealm()
    await realm.host()
    await realm.enterAs(await realm.character())
    realm.runtime.advance(12_001)
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
    })
  })

  it('says that the world is full when the fleet is gone', async () => {
    const realm = await openRealm()
    realm.deps.fleet.allocate = () => Promise.reject(new FleetError('no answer'))
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
      retryAfterS: 2,
    })
  })

  it('says that the world is full when the fleet has no host', async () => {
    const realm = await openRealm()
    await expect(realm.enterAs(await realm.character())).rejects.toMatchObject({
      code: 'world.full',
      retryAfterS: 2,
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
