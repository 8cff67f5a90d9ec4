// The checkpoints of dead hosts go, and nobody in them loses anything.
import { expect, it } from 'vitest'
import { createCheckpointSweep } from '#gameserver/persistence/checkpoint-sweep.ts'
import { hostRowsKeptMs } from '#shared/limits.ts'
import {
  checkpointKey,
  checkpointListKey,
  checkpointVersion,
} from '#shared/ownership/checkpoint.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { endLease } from '#shared/ownership/lease.ts'
import type { Fault } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { virtualRuntime } from '../store/virtual-runtime.ts'
import { openRealm, realmId } from './realm.ts'

const monthMs = 31 * 24 * 60 * 60 * 1000

/** A host that plays three characters, whose checkpoint says how far they have come. */
async function stage(bytes: number) {
  const fault: { next: () => Fault | undefined } = { next: () => undefined }
  const memory = createMemoryStore({ faults: () => fault.next() })
  const realm = await openRealm({ store: memory })
  const host = await realm.host()
  const all = await Promise.all([1, 2, 3].map(() => realm.character()))
  const hosts = new Map([[host.bootId, host]])
  async function open(): Promise<void> {
    const next = await realm.host()
    hosts.set(next.bootId, next)
  }
  /** Claims at the host that `enter` names. */
  async function play(who: { characterId: string; accountId: string }) {
    const ticket = await realm.open((await realm.enterAs(who)).ticket)
    const claimed = await hosts.get(ticket.bootId)!.claim(ticket)
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
    return claimed.character
  }
  const entries: CheckpointEntry[] = []
  for (const [n, who] of all.entries()) {
    const { epoch, saveNumber, saved } = await play(who)
    const bag = { parts: { bag: { v: 1, all: 'x'.repeat(bytes) } } }
    entries.push({
      characterId: who.characterId,
      epoch,
      saveNumber: saveNumber + 3,
      saved: Object.assign({ ...saved, x: 1000 + n }, bag),
    })
  }
  const { bootId } = host
  expect(await host.checkpoint('hub-1', entries)).toBe('saved')
  const left = () =>
    memory
      .rows('core')
      .filter(
        ({ pk, sk }) => pk === `HOST#${bootId}` || (pk.endsWith('CHECKPOINTS') && sk === bootId),
      )
  /** The time passes, and the store deletes what has expired. */
  function wait(ms: number): void {
    realm.runtime.advance(ms)
    memory.sweep(realm.runtime.now())
  }
  async function back(n: number) {
    await open()
    return await play(all[n]!)
  }
  const sweep = createCheckpointSweep({
    store: memory,
    runtime: realm.runtime,
    host: { bootId: 'ffffffff', realmId },
    log: silentLog,
  })
  /** The first round begins behind the last of the list. */
  async function rounds(): Promise<void> {
    await sweep.round()
    await sweep.round()
  }
  const newest = () => [...hosts.values()].at(-1)!
  return { realm, memory, host, newest, open, back, left, wait, rounds, fault }
}

it.each([0, 60_000])(
  'a player comes back a month later to a host that died with him, with %i bytes in his bag',
  async (bytes) => {
    const { back, left, wait, rounds } = await stage(bytes)
    expect(left().length).toBe(bytes === 0 ? 2 : 4)
    wait(monthMs)
    expect(await back(0)).toMatchObject({ saveNumber: 3, saved: { x: 1000 } })
    await rounds()
    expect(left()).toEqual([])
    wait(monthMs)
    for (const n of [1, 2]) {
      const character = await back(n)
      expect(character).toMatchObject({ saveNumber: 3, saved: { x: 1000 + n } })
      expect(JSON.stringify(character.saved).length).toBeGreaterThan(bytes)
    }
  },
)

it('a sweep that fails at any request, before or after it lands, loses nobody and is done again', async () => {
  for (const kind of ['loseRequest', 'loseAnswer'] as const) {
    let failed = true
    for (let failAt = 0; failed; failAt++) {
      const { back, left, wait, rounds, fault } = await stage(60_000)
      wait(monthMs)
      let asked = 0
      fault.next = () => (asked++ === failAt ? { kind } : undefined)
      failed = await rounds().then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof StoreError)) throw error
          return true
        },
      )
      fault.next = () => undefined
      expect(await back(0)).toMatchObject({ saveNumber: 3, saved: { x: 1000 } })
      await rounds()
      expect(left()).toEqual([])
      expect(await back(1)).toMatchObject({ saveNumber: 3, saved: { x: 1001 } })
    }
  }
})

it('a take-over that began before the sweep ends with what the sweep has saved', async () => {
  const { realm, memory, open, back, wait, rounds, left } = await stage(0)
  wait(monthMs)
  // The state row is read before the sweep, the checkpoint after it.
  let swept = false
  realm.deps.store = {
    ...realm.deps.store,
    async get(request) {
      if (request.key.sk.startsWith('CHECKPOINT#') && !swept) {
        swept = true
        await rounds()
        await open()
      }
      return await memory.get(request)
    },
  }
  expect(await back(0)).toMatchObject({ saveNumber: 3, saved: { x: 1000 } })
  expect(swept).toBe(true)
  expect(left()).toEqual([])
})

it('a character that has another owner since is as that one saved it', async () => {
  const { realm, host, newest, back, wait, rounds } = await stage(0)
  await endLease(realm.store, host.bootId)
  const { characterId, epoch, saveNumber, saved } = await back(0)
  const leaving = { characterId, epoch, saveNumber: saveNumber + 1, saved: { ...saved, x: 7 } }
  expect(await newest().leave({ ...leaving, instance: 'hub-1' })).toBe('left')
  wait(monthMs)
  await rounds()
  expect(await back(0)).toMatchObject({ saved: { x: 7 } })
})

it('the checkpoint of a host stays while its lease row is there, ended or not', async () => {
  const { realm, host, left, wait, rounds } = await stage(0)
  await rounds()
  await endLease(realm.store, host.bootId)
  await rounds()
  wait(hostRowsKeptMs - 10 * 60_000)
  await rounds()
  expect(left()).toHaveLength(2)
  wait(10 * 60_000)
  await rounds()
  expect(left()).toEqual([])
})

it('a checkpoint that cannot be read keeps none of the others', async () => {
  const { memory, left, wait, rounds, back } = await stage(0)
  await memory.put({ table: 'core', item: { ...checkpointListKey(realmId, '00000000') } })
  const key = checkpointKey('00000000', 'hub-1')
  const data = Uint8Array.of(checkpointVersion, 9, 9)
  await memory.put({ table: 'core', item: { ...key, v: checkpointVersion, number: 1, data } })
  wait(monthMs)
  await rounds()
  expect(left()).toEqual([])
  expect(await back(0)).toMatchObject({ saveNumber: 3, saved: { x: 1000 } })
  expect(await memory.get({ table: 'core', key })).toBeDefined()
})

it('hosts that started together do not all save the same characters', async () => {
  const { memory, left, wait } = await stage(0)
  wait(monthMs)
  let saves = 0
  const runtime = virtualRuntime(1)
  const counted: Store = {
    ...memory,
    async update(request) {
      saves++
      await runtime.sleep(5)
      return await memory.update(request)
    },
  }
  const ending = new AbortController()
  const sweeps = Array.from({ length: 100 }, (_, n) =>
    createCheckpointSweep({
      store: counted,
      runtime,
      host: { bootId: `f${n}`, realmId },
      log: silentLog,
    }).run(ending.signal),
  )
  while (left().length > 0) await new Promise((resolve) => setImmediate(resolve))
  ending.abort()
  await Promise.all(sweeps)
  expect(saves).toBe(3)
})

it('a checkpoint of a later version waits for a host that can read it', async () => {
  const { memory, host, left, wait, rounds } = await stage(0)
  const key = checkpointKey(host.bootId, 'hub-1')
  const values = { ':v': checkpointVersion + 1 }
  await memory.update({ table: 'core', key, update: 'SET v = :v', values })
  wait(monthMs)
  await rounds()
  expect(left()).toHaveLength(2)
})
