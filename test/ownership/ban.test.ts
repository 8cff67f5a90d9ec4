// A ban meets a character wherever it is: reserved, being claimed, in play, left behind.
import { describe, expect, it } from 'vitest'
import { removalWaitMs } from '#shared/limits.ts'
import { putMute } from '#shared/moderation/mute.ts'
import { copyBan, forGood, isBanned } from '#shared/ownership/ban.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { Command } from '#shared/ownership/inbox.ts'
import { endLease } from '#shared/ownership/lease.ts'
import { removeFromPlay } from '#shared/ownership/removal.ts'
import { StoreError } from '#shared/store/store.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { openRealm, realmId } from './realm.ts'
import { seededRuntime } from './seeded-runtime.ts'

type Realm = Awaited<ReturnType<typeof openRealm>>
type Who = { characterId: string; accountId: string }

async function guardOf({ store }: Realm, { characterId }: Who) {
  const page = await store.query(readCharacterRows(realmId, characterId))
  const { guard, state } = parseCharacterRows(realmId, characterId, page.items)!
  return { state: guard.state, epoch: guard.epoch, owner: guard.owner, stateEpoch: state.epoch }
}

const remove = async ({ store, runtime, deps }: Realm, { characterId }: Who, epoch?: number) =>
  await removeFromPlay({ store, runtime, hint: deps.hint }, { realmId, characterId, epoch })

const ban = async ({ store }: Realm, { accountId }: Who, until = forGood, version = 1) =>
  await copyBan(store, realmId, accountId, { until, version })

describe('a ban', () => {
  it('voids a ticket that is under way, with a new epoch on guard and state', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    await ban(realm, who)
    expect(await remove(realm, who)).toBe('out')
    expect(await guardOf(realm, who)).toEqual({
      state: 'offline',
      epoch: 2,
      owner: '',
      stateEpoch: 2,
    })
    expect(await host.claim(ticket)).toEqual({ outcome: 'refused' })
  })

  it('refuses a claim that is made after it, and the host gives the character back', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    // The copy is written. The guards are not read yet.
    await ban(realm, who)
    expect(await host.claim(ticket)).toEqual({ outcome: 'refused' })
    await expect.poll(async () => (await guardOf(realm, who)).state).toBe('offline')
    expect(await guardOf(realm, who)).toMatchObject({ epoch: 2, stateEpoch: 2 })
  })

  it('is read after the claim: one that came meanwhile has seen no owner to kick', async () => {
    const runtime = seededRuntime(1)
    const memory = createMemoryStore({ runtime })
    let accountId: string | undefined
    const realm = await openRealm({
      store: {
        ...memory,
        update: async (update) => {
          if (accountId !== undefined && update.update === 'SET #state = :active') {
            await copyBan(memory, realmId, accountId, { until: forGood, version: 1 })
          }
          return await memory.update(update)
        },
      },
    })
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    accountId = who.accountId
    expect(await host.claim(ticket)).toEqual({ outcome: 'refused' })
  })

  it('kicks a player who was claimed before it, at whatever step it is cut', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const commands: Command[] = []
    host.onCommand((command) => {
      commands.push(command)
      // The tick thread has no such character: the answer to the claim was lost.
      if (command.kind === 'kick') void host.letGo(command.characterId, command.epoch)
    })
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    await ban(realm, who)
    const hint = () => void host.readInbox()
    const { store, runtime } = realm
    const outcome = await removeFromPlay(
      { store, runtime, hint },
      { realmId, characterId: who.characterId },
    )
    expect(outcome).toBe('out')
    expect(commands[0]).toMatchObject({ kind: 'kick', epoch: 1, characterId: who.characterId })
    expect((await guardOf(realm, who)).state).toBe('offline')
  })

  it('reaches the host even when the function stood still while the ticket was claimed', async () => {
    const runtime = seededRuntime(1)
    const memory = createMemoryStore({ runtime })
    let standStill: (() => Promise<void>) | undefined
    const realm = await openRealm({
      store: {
        ...memory,
        query: async (request) => {
          const page = await memory.query(request)
          const meanwhile = standStill
          standStill = undefined
          await meanwhile?.()
          return page
        },
      },
    })
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    standStill = async () => {
      expect((await host.claim(ticket)).outcome).toBe('claimed')
      realm.runtime.advance(removalWaitMs + 2000)
    }
    const commands: Command[] = []
    host.onCommand((command) => void commands.push(command))
    expect(await remove(realm, who)).toBe('inPlay')
    await host.readInbox()
    expect(commands).toMatchObject([{ kind: 'kick', epoch: 1 }])
  })

  it('says who is still in play when the host does not answer in time', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    const began = realm.runtime.now()
    expect(await remove(realm, who)).toBe('inPlay')
    expect(realm.runtime.now() - began).toBeGreaterThanOrEqual(removalWaitMs)
    expect(realm.runtime.now() - began).toBeLessThan(removalWaitMs + 500)
    expect((await guardOf(realm, who)).state).toBe('active')
  })

  it('leaves alone what a dead host left behind: nobody plays there', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    await endLease(realm.store, host.bootId)
    expect(await remove(realm, who)).toBe('out')
    expect(await guardOf(realm, who)).toMatchObject({ state: 'active', epoch: 1 })
  })

  it('refuses the claim of a character that was taken over from a dead host', async () => {
    const realm = await openRealm()
    const dead = await realm.host()
    const who = await realm.character()
    await dead.claim(await realm.open((await realm.enterAs(who)).ticket))
    await endLease(realm.store, dead.bootId)
    const heir = await realm.host()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    await ban(realm, who)
    const outcomes = await Promise.all([heir.claim(ticket), remove(realm, who)])
    expect(outcomes).toEqual([{ outcome: 'refused' }, 'out'])
    await expect.poll(async () => (await guardOf(realm, who)).state).toBe('offline')
  })

  it('meets a claim at any step: whatever comes first, nobody plays in the end', async () => {
    let struck = 0
    for (let at = 1; at <= struck + 1; at++) {
      let requests = Number.NEGATIVE_INFINITY
      let banned: Promise<unknown> | undefined
      const realm = await openRealm({
        store: createMemoryStore({
          runtime: seededRuntime(at),
          onRequest() {
            if (++requests === at) banned = strike()
          },
        }),
      })
      const host = await realm.host()
      const who = await realm.character()
      const { store, runtime } = realm
      const strike = async () => {
        await ban(realm, who)
        const hint = () => void host.readInbox()
        await removeFromPlay({ store, runtime, hint }, { realmId, ...who })
      }
      host.onCommand((command) => {
        if (command.kind === 'kick') void host.letGo(command.characterId, command.epoch)
      })
      const ticket = await realm.open((await realm.enterAs(who)).ticket)
      requests = 0
      await host.claim(ticket)
      if (banned === undefined) break
      struck = at
      await banned
      await expect
        .poll(async () => (await guardOf(realm, who)).state, { message: `at ${at}` })
        .toBe('offline')
    }
    // The claim itself and the two reads after it.
    expect(struck).toBeGreaterThanOrEqual(3)
  })

  it('ends by itself', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await ban(realm, who, realm.runtime.now() + 1000)
    expect(await isBanned(realm.store, realmId, who.accountId, realm.runtime.now())).toBe(true)
    await realm.runtime.sleep(1000)
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    expect((await host.claim(ticket)).outcome).toBe('claimed')
  })

  it('does not hold for a mute: who is muted comes in, and the host knows it from the claim on', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    const until = realm.runtime.now() + 60_000
    const mute = { until }
    const player = { realmId, accountId: who.accountId }
    await realm.store.transact([putMute(player, undefined, mute)])
    const claimed = await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    expect(claimed).toMatchObject({
      outcome: 'claimed',
      character: { mute: { until, version: 1 } },
    })
  })

  it('and its lifting leave the later of the two, whichever arrives last', async () => {
    const realm = await openRealm()
    const who = await realm.character()
    const now = realm.runtime.now()
    const banned = async () => await isBanned(realm.store, realmId, who.accountId, now)
    await ban(realm, who, 0, 2)
    await ban(realm, who, forGood, 1)
    expect(await banned()).toBe(false)
    await ban(realm, who, forGood, 3)
    await ban(realm, who, 0, 2)
    expect(await banned()).toBe(true)
  })
})

describe('a kick', () => {
  it('lets alone who is back since', async () => {
    const realm = await openRealm()
    const host = await realm.host()
    const who = await realm.character()
    await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    expect(await remove(realm, who, 0)).toBe('out')
    expect((await guardOf(realm, who)).state).toBe('active')
  })
})

describe('a claim', () => {
  it('whose reads failed after it had landed is claimed by the next attempt', async () => {
    const runtime = seededRuntime(1)
    let failing = 0
    const memory = createMemoryStore({ runtime })
    const realm = await openRealm({
      store: {
        ...memory,
        query: async (request) => {
          if (failing-- > 0) throw new StoreError('unavailable', 'no answer')
          return await memory.query(request)
        },
      },
    })
    const host = await realm.host()
    const who = await realm.character()
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    failing = 1
    expect((await host.claim(ticket)).outcome).toBe('claimed')
  })
})
