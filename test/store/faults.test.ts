import { describe, expect, it } from 'vitest'
import { failureOf } from '../conformance/store.ts'
import type { Fault, StoreRequest } from '#shared/store/faults.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Write } from '#shared/store/store.ts'
import { countTrips } from '#shared/store/trips.ts'
import { virtualRuntime } from './virtual-runtime.ts'

const key = { pk: 'a', sk: 'b' }
const item = { ...key, n: 1 }
const put = { table: 'core', item } as const

/** A store whose next request meets the fault. */
function storeWith(fault: Fault) {
  const runtime = virtualRuntime(1)
  const waiting: Fault[] = [fault]
  const memory = createMemoryStore({ runtime, faults: () => waiting.shift(), answerTimeoutMs: 500 })
  return { memory, runtime, started: runtime.now() }
}

describe('an injected fault', () => {
  const nothingHappens: [Fault, string, unclear: boolean, waitMs: number][] = [
    [{ kind: 'conflict' }, 'conflict', false, 0],
    [{ kind: 'throttle' }, 'throttled', false, 0],
    [{ kind: 'outage' }, 'unavailable', true, 0],
    [{ kind: 'loseRequest' }, 'unavailable', true, 500],
  ]
  it.each(nothingHappens)('%j: nothing is written', async (fault, kind, unclear, waitMs) => {
    const { memory, runtime, started } = storeWith(fault)
    expect(await failureOf(memory.put(put))).toMatchObject({ kind, unclear })
    expect(runtime.now() - started).toBe(waitMs)
    expect(memory.rows('core')).toEqual([])
  })

  it('loseAnswer: it is written, and the caller does not know', async () => {
    const { memory } = storeWith({ kind: 'loseAnswer' })
    expect(await failureOf(memory.put(put))).toMatchObject({ kind: 'unavailable', unclear: true })
    expect(memory.rows('core')).toEqual([item])
  })

  it('loseAnswer hides a failed condition too', async () => {
    const { memory } = storeWith({ kind: 'loseAnswer' })
    const failure = await failureOf(memory.put({ ...put, condition: 'attribute_exists(pk)' }))
    expect(failure.kind).toBe('unavailable')
  })

  it('applyLate: it is written later, judged by the row of that moment', async () => {
    for (const [condition, rows] of [
      ['attribute_not_exists(pk)', [{ ...key, n: 2 }]],
      ['attribute_exists(pk)', [item]],
    ] as const) {
      const { memory, runtime, started } = storeWith({ kind: 'applyLate', ms: 2000 })
      await failureOf(memory.put({ ...put, condition }))
      expect(runtime.now() - started).toBe(500)
      await memory.put({ table: 'core', item: { ...key, n: 2 } })
      await memory.settled()
      expect(memory.rows('core')).toEqual(rows)
    }
  })

  it('delay: it is written and answered after the time', async () => {
    const { memory, runtime, started } = storeWith({ kind: 'delay', ms: 70 })
    const request = memory.put(put)
    expect(memory.rows('core')).toEqual([])
    await request
    expect(runtime.now() - started).toBe(70)
    expect(memory.rows('core')).toEqual([item])
  })

  it('of a transaction is a cancellation where it is a conflict; a read meets none', async () => {
    const { memory } = storeWith({ kind: 'conflict' })
    const writes: Write[] = [{ put }, { put: { table: 'ledger', item } }]
    expect(await failureOf(memory.transact(writes))).toMatchObject({
      kind: 'cancelled',
      reasons: ['conflict', 'none'],
      items: [undefined, undefined],
    })
    expect(await storeWith({ kind: 'conflict' }).memory.get({ table: 'core', key })).toBeUndefined()
  })

  it('of a read is never unclear', async () => {
    for (const kind of ['outage', 'loseRequest', 'loseAnswer'] as const) {
      const failure = await failureOf(storeWith({ kind }).memory.get({ table: 'core', key }))
      expect(failure).toMatchObject({ kind: 'unavailable', unclear: false })
    }
  })

  it('is chosen from what the request names', async () => {
    const seen: StoreRequest[] = []
    const memory = createMemoryStore({
      faults: (request) => {
        seen.push(request)
        return undefined
      },
    })
    await memory.transact([{ put }, { delete: { table: 'volatile', key } }])
    await memory.query({ table: 'core', keyCondition: 'pk = :a', values: { ':a': 'a' } })
    expect(seen).toEqual([
      {
        operation: 'transact',
        rows: [
          { table: 'core', key },
          { table: 'volatile', key },
        ],
      },
      { operation: 'query', rows: [{ table: 'core', key: { pk: 'a', sk: '' } }] },
    ])
  })

  it('by chance is the same for the same seed, and about as frequent as asked', () => {
    const request: StoreRequest = { operation: 'get', rows: [] }
    const draw = (seed: number) => {
      const faults = seededFaults(seed, { conflict: 0.2, delay: 0.1 }, 50)
      return Array.from({ length: 2000 }, () => faults(request))
    }
    expect(draw(5)).toEqual(draw(5))
    expect(draw(5)).not.toEqual(draw(6))
    const share = (kind: string) => draw(5).filter((fault) => fault?.kind === kind).length / 2000
    expect(share('conflict')).toBeCloseTo(0.2, 1)
    expect(share('delay')).toBeCloseTo(0.1, 1)
  })
})

describe('the store in memory', () => {
  it('sweeps what has expired, but never the ledger', async () => {
    const memory = createMemoryStore()
    for (const table of ['core', 'ledger', 'volatile'] as const) {
      await memory.put({ table, item: { pk: 'past', sk: 'x', expires: 10 } })
      await memory.put({ table, item: { pk: 'past', sk: 'y', expires: 11 } })
    }
    expect(memory.sweep(10_999)).toBe(2)
    expect(memory.rows('core').map((row) => row.sk)).toEqual(['y'])
    expect(memory.rows('ledger')).toHaveLength(2)
  })

  it('refuses to remove below a parent that is missing', async () => {
    const memory = createMemoryStore()
    await memory.put(put)
    const removal = memory.update({ table: 'core', key, update: 'REMOVE absent1.x' })
    expect((await failureOf(removal)).kind).toBe('invalid')
  })
})

describe('counted trips', () => {
  it('are listed in order with their tables, the failed ones too', async () => {
    const { store, trips, reset } = countTrips(createMemoryStore())
    await store.put(put)
    await failureOf(
      store.delete({ table: 'core', key, condition: 'n = :two', values: { ':two': 2 } }),
    )
    await store.transact([{ put }, { put: { table: 'ledger', item } }])
    expect(trips.map(({ operation, tables, failed }) => [operation, tables, failed])).toEqual([
      ['put', ['core'], false],
      ['delete', ['core'], true],
      ['transact', ['core', 'ledger'], false],
    ])
    reset()
    expect(trips).toEqual([])
  })

  it('that run beside each other count once in the longest chain', async () => {
    const runtime = virtualRuntime(1)
    const times = [10, 40, 10, 10]
    const faults = (): Fault => ({ kind: 'delay', ms: times.shift() ?? 10 })
    const { store, sequential, trips } = countTrips(createMemoryStore({ runtime, faults }))
    const get = async () => await store.get({ table: 'core', key })
    expect(sequential()).toBe(0)
    await Promise.all([
      (async () => {
        await get()
        await get()
      })(),
      get(),
    ])
    await get()
    expect(trips).toHaveLength(4)
    expect(sequential()).toBe(3)
  })
})
