// Checkpoints of any size, and saved states of any version: what a new owner recovers.
import fc from 'fast-check'
import { pack } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { createHostStore } from '#gameserver/persistence/host-store.ts'
import {
  checkpointPartBytes,
  effectBodyMaxBytes,
  effectsPerCharacterMax,
  leaseDeadlineMs,
} from '#shared/limits.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import { readCheckpoint, recover } from '#shared/ownership/checkpoint.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { checkpointRows, sameSaved } from '#shared/ownership/checkpoint-rows.ts'
import { guardKey, parseCharacterRows, stateKey } from '#shared/ownership/guard.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import { endLease } from '#shared/ownership/lease.ts'
import { readSaved, toStored } from '#shared/ownership/saved.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import { newId } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Put, Store } from '#shared/store/store.ts'
import { openHost } from './open-host.ts'
import { openRealm, realmId } from './realm.ts'
import { seededRuntime } from './seeded-runtime.ts'

const place: Saved = { zone: 'hub', x: 60_000, y: -1, heading: 65_535 }
/** A saved state of a later version, or of a game, that takes so many bytes. */
const large = (x: number, bytes: number): Saved =>
  Object.assign({ ...place, x }, { parts: { bag: { v: 1, all: 'x'.repeat(bytes) } } })

function crowd(count: number, saveNumber: number, bytes: number, runtime = seededRuntime(3)) {
  return Array.from({ length: count }, (_, n): CheckpointEntry => {
    const saved = bytes === 0 ? { ...place, x: n } : large(n, bytes)
    return { characterId: newId(runtime), epoch: 4, saveNumber, saved }
  })
}

const guardOf = (characterId: string) => ({ characterId, epoch: 4 }) as Guard
const nothing = { epoch: 4, saveNumber: 0, saved: place }

/** What a new owner recovers. */
async function recovered(store: Store, characterId: string) {
  const data = await readCheckpoint(store, 'boot', 'hub-1', characterId)
  return recover(guardOf(characterId), nothing, data)
}

/** A host's checkpoints of one instance, on a store that may fail. */
function openCheckpointing(store: Store) {
  const runtime = { ...seededRuntime(1), now: () => 1000 }
  const host = createHostStore({
    store,
    runtime,
    clocks: { now: runtime.now, monotonic: runtime.now },
    host: {
      bootId: 'boot',
      realmId,
      address: 'ws://boot/zone',
      protocol: 2,
      contentVersion: 'test',
      publicKey: 'none',
      instances: [{ instance: 'hub-1', zone: 'hub', capacity: 1000 }],
    },
    onProof: () => undefined,
  })
  return host
}

describe('a checkpoint', () => {
  it.each([
    { writes: 'before its first head', bytes: 0 },
    { writes: 'between its parts and their head', bytes: 3000 },
  ])('writes no head when the deadline passes $writes', async ({ bytes }) => {
    const runtime = seededRuntime(1)
    const memory = createMemoryStore({ runtime })
    let slow = false
    const puts: string[] = []
    const store: Store = {
      ...memory,
      async put(request) {
        puts.push(request.item.sk)
        await memory.put(request)
        if (slow) runtime.advance(leaseDeadlineMs)
      },
    }
    const host = await openHost({ store, runtime, realmId, zone: 'hub', capacity: 1000 })
    if (bytes > 0) await host.checkpoint('hub-1', crowd(1, 1, 0))
    slow = true
    puts.length = 0
    expect(await host.checkpoint('hub-1', crowd(500, 2, bytes))).toBe('unavailable')
    expect(puts).not.toEqual([])
    expect(puts).not.toContain('CHECKPOINT#hub-1')
  })

  it('of a full hub is one row of about 24 KB', () => {
    const { parts, head } = checkpointRows('boot', 'hub-1', 1, crowd(500, 1, 0))
    expect(parts).toEqual([])
    const bytes = (head.item['data'] as Uint8Array).length
    expect(bytes).toBeLessThan(25_000)
  })

  it('of 500 with large saved parts is split far below 400 KB, and everybody is found in it', async () => {
    const store = createMemoryStore({ runtime: seededRuntime(2) })
    const entries = crowd(500, 7, 3000)
    const { parts, head } = checkpointRows('boot', 'hub-1', 1, entries)
    expect(parts.length).toBeGreaterThan(10)
    expect(parts.length).toBeLessThan(30)
    for (const { item } of parts) {
      expect((item['data'] as Uint8Array).length).toBeLessThanOrEqual(checkpointPartBytes)
    }
    for (const put of [...parts, head]) await store.put(put)
    for (const { characterId, saved } of entries) {
      expect(await recovered(store, characterId)).toEqual({ saved, saveNumber: 7 })
    }
    expect(await recovered(store, newId(seededRuntime(9)))).toEqual({ saved: place, saveNumber: 0 })
  })

  it('may be of any size: what is in it comes out', () => {
    const sizes = fc.array(fc.constantFrom(0, 10, 5000, 60_000, 150_000), { maxLength: 25 })
    fc.assert(
      fc.property(sizes, fc.nat(), (bytes, seed) => {
        const runtime = seededRuntime(seed)
        const entries = bytes.flatMap((size) => crowd(1, 5, size, runtime))
        const { parts, head } = checkpointRows('boot', 'hub-1', 1, entries)
        const data = [head, ...parts].flatMap(({ item }) => (item['data'] as Uint8Array) ?? [])
        for (const { characterId, saved } of entries) {
          const found = data.map((one) => recover(guardOf(characterId), nothing, one))
          expect(found.filter(({ saveNumber }) => saveNumber === 5)).toEqual([
            { saved, saveNumber: 5 },
          ])
        }
      }),
      { numRuns: 40 },
    )
  })

  it(
    'that ends anywhere loses no more than itself, whatever its answers were',
    { timeout: 60_000 },
    async () => {
      // Each time the third checkpoint fails at another put: before it is applied, or after. Then the
      // host goes on for a checkpoint or two of another size, and dies in one of those.
      for (let failAt = 0; failAt < 6; failAt++) {
        for (const landed of [false, true]) {
          for (let dieAt = 0; dieAt < 6; dieAt++) {
            const memory = createMemoryStore({ runtime: seededRuntime(2) })
            let number = 0
            let puts = 0
            const put = async (one: Put) => {
              if (!one.item.sk.startsWith('CHECKPOINT#')) return await memory.put(one)
              const nth = puts++
              const failing = (number === 3 && nth === failAt) || (number === 4 && nth >= dieAt)
              if (!failing) return await memory.put(one)
              if (landed && nth !== dieAt) await memory.put(one)
              throw new StoreError('unavailable', 'no answer', { unclear: true })
            }
            const host = openCheckpointing({ ...memory, put })
            await host.open()
            let acknowledged = 0
            for (number = 1; number <= 4; number++) {
              puts = 0
              const entries = crowd(12, number, number === 4 ? 40_000 : 30_000)
              if ((await host.checkpoint('hub-1', entries)) === 'saved') acknowledged = number
              for (const { characterId } of entries) {
                const { saveNumber } = await recovered(memory, characterId)
                expect(saveNumber).toBeGreaterThanOrEqual(acknowledged)
              }
            }
          }
        }
      }
    },
  )
})

describe('a saved state', () => {
  it('comes back as it was stored', () => {
    expect(readSaved(toStored(place))).toEqual(place)
    expect(sameSaved(place, { heading: 65_535, y: -1, x: 60_000, zone: 'hub' })).toBe(true)
    expect(sameSaved(place, { ...place, heading: 0 })).toBe(false)
    expect(sameSaved(place, large(60_000, 1))).toBe(false)
  })

  it('of an older version is brought up to date, from a row and from a checkpoint', async () => {
    expect(readSaved({ v: 1, pk: 'p', epoch: 3, ...place })).toEqual(place)
    const w = new Writer().u8(1).u16(1)
    for (let i = 0; i < 16; i++) w.u8(i)
    w.u32(4).u32(9).text8('hub').u32(60_000).u32(-1).u16(65_535)
    const characterId = '00010203-0405-0607-0809-0a0b0c0d0e0f'
    expect(recover(guardOf(characterId), nothing, w.copy())).toEqual({
      saved: place,
      saveNumber: 9,
    })
  })

  it('holds effects that wait, in a row and in a checkpoint; absent for none', async () => {
    const effects = [{ id: 'first', kind: 'game.ring', body: '{"by":1}' }]
    const waiting = { ...place, effects }
    expect(readSaved(toStored(waiting))).toEqual(waiting)
    expect(sameSaved(place, waiting)).toBe(false)
    expect(sameSaved(waiting, { ...place, effects: [{ ...effects[0]!, id: 'second' }] })).toBe(
      false,
    )
    expect(sameSaved(waiting, { ...place, effects: [...effects] })).toBe(true)
    const store = createMemoryStore({ runtime: seededRuntime(2) })
    const crowded: CheckpointEntry[] = [
      waiting,
      place,
      Object.assign(large(1, 9), { effects }),
    ].map((saved, n) => ({ ...crowd(n + 1, 7, 0)[n]!, saved }))
    await store.put(checkpointRows('boot', 'hub-1', 1, crowded).head)
    for (const { characterId, saved } of crowded) {
      expect(await recovered(store, characterId)).toStrictEqual({ saved, saveNumber: 7 })
    }
  })

  it('of version 2 is read from a checkpoint, with what that version did not know', () => {
    const { characterId } = crowd(1, 9, 0)[0]!
    const w = new Writer().u8(2).u16(1)
    for (const byte of Buffer.from(characterId.replaceAll('-', ''), 'hex')) w.u8(byte)
    const bytes = pack([2, 'hub', 60_000, -1, 65_535, { mount: 'elk' }])
    w.u32(4).u32(9).u32(bytes.length).raw(bytes)
    expect(recover(guardOf(characterId), nothing, w.copy())).toEqual({
      saved: { ...place, mount: 'elk' },
      saveNumber: 9,
    })
  })

  it('that is none is refused', () => {
    const one = { id: 'a', kind: 'game.ring', body: '{}' }
    const tooMany = Array.from({ length: effectsPerCharacterMax + 1 }, () => one)
    const badEffects = [tooMany, [], [{ ...one, body: 'x'.repeat(effectBodyMaxBytes + 1) }], ['a']]
    const stateless = [undefined, {}, { ...place }, { v: 2 }, { v: 2, ...place, x: 0.5 }]
    for (const stored of [
      ...stateless,
      ...badEffects.map((effects) => ({ v: 3, ...place, effects })),
    ]) {
      expect(() => readSaved(stored)).toThrow()
    }
  })

  it('of a newer version passes through this one unharmed: claim, checkpoint, take-over, leave', async () => {
    const realm = await openRealm()
    const who = await realm.character()
    const newer = { v: 9, ...place, mount: 'elk', parts: { bag: { v: 3, coins: 7 } } }
    await realm.store.update({
      table: 'core',
      key: stateKey(realmId, who.characterId),
      update: 'SET saved = :newer',
      values: { ':newer': newer },
    })
    const host = await realm.host()
    const first = await host.claim(await realm.open((await realm.enterAs(who)).ticket))
    if (first.outcome !== 'claimed') throw new Error(first.outcome)
    const { epoch, saveNumber } = first.character
    const saved = { ...first.character.saved, x: 5 }
    await host.checkpoint('hub-1', [{ ...who, epoch, saveNumber: saveNumber + 1, saved }])
    await endLease(realm.store, host.bootId)

    const next = await realm.host()
    const second = await next.claim(await realm.open((await realm.enterAs(who)).ticket))
    if (second.outcome !== 'claimed') throw new Error(second.outcome)
    const { character } = second
    await next.leave({ ...character, instance: 'hub-1', saveNumber: character.saveNumber + 1 })
    const { pk } = guardKey(realmId, who.characterId)
    const { items } = await realm.store.query({
      table: 'core',
      keyCondition: 'pk = :pk',
      values: { ':pk': pk },
    })
    expect(items.find(({ sk }) => sk === '#STATE')?.['saved']).toEqual({ ...newer, x: 5 })
    expect(parseCharacterRows(realmId, who.characterId, items)!.profile['name']).toBe('Mira')
  })
})
