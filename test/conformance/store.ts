// One suite for every implementation of the store. It asserts nothing that AWS's DynamoDB does not do.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Item, Key, Page, Query, Store, Update, Value, Write } from '#shared/store/store.ts'
import { StoreError, expiresAt, live } from '#shared/store/store.ts'
import {
  conditionExamples,
  refusedConditions,
  refusedUpdates,
  row,
  updateExamples,
} from './store-expressions.ts'

type Opened = { store: Store; close(): Promise<void> }

/** The StoreError that a request fails with. */
export async function failureOf(request: Promise<unknown>): Promise<StoreError> {
  const outcome = await request.then(
    () => 'no failure',
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(StoreError)
  return outcome as StoreError
}

export function storeConformance(name: string, open: () => Promise<Opened>): void {
  describe(name, () => {
    let opened: Opened
    let store: Store
    let rows = 0
    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(async () => await opened.close())

    /** A key that no other test uses. */
    const freshKey = (): Key => ({ pk: `row-${++rows}`, sk: 'row' })
    const put = async (item: Item) => await store.put({ table: 'core', item })
    const read = async (key: Key) => await store.get({ table: 'core', key, consistent: true })
    const readAll = async (query: Query): Promise<Page[]> => {
      const pages: Page[] = []
      let after: Key | undefined
      do {
        const page: Page = await store.query({ ...query, ...(after && { after }) })
        pages.push(page)
        after = page.next
      } while (after !== undefined)
      return pages
    }

    describe('rows', () => {
      it('come back as they were put, with every kind of value', async () => {
        const item = { ...row, ...freshKey() }
        await put(item)
        expect(await read(item)).toEqual(item)
      })

      it('are absent until they are put', async () => {
        expect(await read(freshKey())).toBeUndefined()
      })

      it('keep integers to the edges of 2^53', async () => {
        const item = { ...freshKey(), top: Number.MAX_SAFE_INTEGER, low: Number.MIN_SAFE_INTEGER }
        await put(item)
        expect(await read(item)).toEqual(item)
      })

      it('share nothing with what the caller holds', async () => {
        const item = { ...freshKey(), map1: { a: 1 } }
        await put(item)
        item.map1.a = 2
        const first = await read(item)
        ;(first!['map1'] as { a: number }).a = 3
        expect(await read(item)).toMatchObject({ map1: { a: 1 } })
      })

      it('are replaced whole by a put', async () => {
        const key = freshKey()
        await put({ ...key, a1: 1 })
        await put({ ...key, b1: 2 })
        expect(await read(key)).toEqual({ ...key, b1: 2 })
      })

      it('are gone after a delete, which may be repeated', async () => {
        const key = freshKey()
        await put({ ...key })
        await store.delete({ table: 'core', key })
        await store.delete({ table: 'core', key })
        expect(await read(key)).toBeUndefined()
      })

      it('of the same key in two tables are two rows', async () => {
        const key = freshKey()
        await store.put({ table: 'ledger', item: { ...key, in: 'ledger' } })
        await store.put({ table: 'volatile', item: { ...key, in: 'volatile' } })
        expect(await store.get({ table: 'ledger', key, consistent: true })).toMatchObject({
          in: 'ledger',
        })
        expect(await read(key)).toBeUndefined()
      })

      it('that have expired may still be read and count as absent', async () => {
        const key = freshKey()
        await put({ ...key, expires: expiresAt(1500) })
        const item = await read(key)
        expect(live(item, 1999)).toEqual(item)
        expect(live(item, 2000)).toBeUndefined()
      })

      const wrongItems: [string, Record<string, unknown>][] = [
        ['an empty partition key', { pk: '', sk: 'a' }],
        ['an empty sort key', { pk: 'a', sk: '' }],
        ['a number for a key', { pk: 'a', sk: 5 }],
        ['no sort key', { pk: 'a' }],
        ['a partition key of 2049 bytes', { pk: 'é'.repeat(1024) + 'e', sk: 'a' }],
        ['a sort key of 1025 bytes', { pk: 'a', sk: 'k'.repeat(1025) }],
        ['a fraction', { pk: 'a', sk: 'a', n: 0.5 }],
        ['a number beyond 2^53', { pk: 'a', sk: 'a', n: 2 ** 53 }],
        ['NaN', { pk: 'a', sk: 'a', n: Number.NaN }],
        ['undefined', { pk: 'a', sk: 'a', n: undefined }],
        ['half a surrogate pair', { pk: 'a', sk: 'a', s: '\ud800' }],
        ['a date', { pk: 'a', sk: 'a', d: new Date(0) }],
        ['more than 400 KB', { pk: 'a', sk: 'a', s: 'x'.repeat(400 * 1024) }],
      ]
      it.each(wrongItems)('with %s are refused', async (_, item) => {
        expect((await failureOf(put(item as Item))).kind).toBe('invalid')
      })

      it('of nearly 400 KB are kept', async () => {
        const item = { ...freshKey(), s: 'x'.repeat(399 * 1024) }
        await put(item)
        expect(await read(item)).toEqual(item)
      })
    })

    describe('conditions', () => {
      const key = { pk: 'row', sk: 'row' }
      beforeAll(async () => await put(row))

      /** A write that changes no attribute of the conditions. */
      const probe = (condition: string, bindings: Partial<Update>) =>
        store.transact([{ check: { table: 'core', key, condition, ...bindings } }])

      for (const [condition, met, values, names] of conditionExamples) {
        it(`${condition} is ${met} with ${show(values)}`, async () => {
          const outcome = probe(condition, { ...(values && { values }), ...(names && { names }) })
          if (met) await outcome
          else expect((await failureOf(outcome)).reasons).toEqual(['condition'])
        })
      }

      for (const [condition, why, values, names] of refusedConditions) {
        it(`refuses ${why}: ${condition}`, async () => {
          const bindings = { ...(values && { values }), ...(names && { names }) }
          expect((await failureOf(probe(condition, bindings))).kind).toBe('invalid')
        })
      }

      it('refuses #names without any expression', async () => {
        const item = { ...freshKey() }
        const failure = await failureOf(store.put({ table: 'core', item, names: { '#n': 'n' } }))
        expect(failure.kind).toBe('invalid')
      })

      it('speak of an absent row as of one without attributes', async () => {
        const absent = freshKey()
        const failure = await failureOf(
          store.delete({ table: 'core', key: absent, condition: 'attribute_exists(pk)' }),
        )
        expect(failure).toMatchObject({ kind: 'condition', items: [undefined] })
        await store.delete({ table: 'core', key: absent, condition: 'attribute_not_exists(pk)' })
      })

      it('guard put, update and delete, and answer with the row that failed them', async () => {
        const item = { ...freshKey(), n: 1 }
        await put(item)
        const never = { condition: 'n = :two', values: { ':two': 2 } }
        const failures = [
          await failureOf(store.put({ table: 'core', item: { ...item, n: 3 }, ...never })),
          await failureOf(store.delete({ table: 'core', key: keyOf(item), ...never })),
          await failureOf(
            store.update({ table: 'core', key: keyOf(item), update: 'SET n = :two', ...never }),
          ),
        ]
        for (const failure of failures) {
          expect(failure).toMatchObject({ kind: 'condition', items: [item], unclear: false })
        }
        expect(await read(keyOf(item))).toEqual(item)
        const met = { condition: 'n = :one', values: { ':one': 1 } }
        await store.put({ table: 'core', item: { ...item, n: 2 }, ...met })
        await store.update({ table: 'core', key: keyOf(item), update: 'SET n = :two', ...never })
        await store.delete({ table: 'core', key: keyOf(item), ...never })
        expect(await read(keyOf(item))).toBeUndefined()
      })
    })

    describe('updates', () => {
      for (const [update, change, values, names] of updateExamples) {
        it(`${update} with ${show(values)}`, async () => {
          const key = freshKey()
          await put({ ...row, ...key })
          const expected: Record<string, Value | undefined> = { ...row, ...key, ...change }
          for (const [name, value] of Object.entries(expected)) {
            if (value === undefined) delete expected[name]
          }
          const request = { ...(values && { values }), ...(names && { names }) }
          expect(await store.update({ table: 'core', key, update, ...request })).toEqual(expected)
          expect(await read(key)).toEqual(expected)
        })
      }

      for (const [update, why, values, names] of refusedUpdates) {
        it(`refuses ${why}: ${update}`, async () => {
          const key = freshKey()
          await put({ ...row, ...key })
          const bindings = { ...(values && { values }), ...(names && { names }) }
          const failure = await failureOf(store.update({ table: 'core', key, update, ...bindings }))
          expect(failure.kind).toBe('invalid')
          expect(await read(key)).toEqual({ ...row, ...key })
        })
      }

      it('of an absent row make it', async () => {
        const key = freshKey()
        const update = 'SET n = if_not_exists(n, :zero) + :one'
        const values = { ':zero': 0, ':one': 1 }
        expect(await store.update({ table: 'core', key, update, values })).toEqual({ ...key, n: 1 })
      })

      it('that would make a row too large are refused', async () => {
        const key = freshKey()
        await put({ ...key, s: 'x'.repeat(300 * 1024) })
        const values = { ':more': 'x'.repeat(200 * 1024) }
        const request = { table: 'core', key, update: 'SET t1 = :more', values } as const
        expect((await failureOf(store.update(request))).kind).toBe('invalid')
      })
    })

    describe('transactions', () => {
      const increment = (key: Key): Write => ({
        update: {
          table: 'core',
          key,
          update: 'SET n = if_not_exists(n, :zero) + :one',
          values: { ':zero': 0, ':one': 1 },
        },
      })

      it('put, update, delete and check together', async () => {
        const [a, b, c, d] = [freshKey(), freshKey(), freshKey(), freshKey()]
        await put({ ...c })
        await put({ ...d })
        await store.transact([
          { put: { table: 'core', item: { ...a, n: 1 } } },
          increment(b),
          { delete: { table: 'core', key: c } },
          { check: { table: 'core', key: d, condition: 'attribute_exists(pk)' } },
        ])
        expect(await Promise.all([a, b, c, d].map(read))).toEqual([
          { ...a, n: 1 },
          { ...b, n: 1 },
          undefined,
          { ...d },
        ])
      })

      it('say of each write why they did not happen, and change nothing', async () => {
        const [a, b, c] = [freshKey(), freshKey(), freshKey()]
        await put({ ...b, n: 7 })
        const failure = await failureOf(
          store.transact([
            increment(a),
            {
              put: {
                table: 'core',
                item: { ...b },
                condition: 'n = :one',
                values: { ':one': 1 },
              },
            },
            { check: { table: 'core', key: c, condition: 'attribute_exists(pk)' } },
          ]),
        )
        expect(failure).toMatchObject({
          kind: 'cancelled',
          reasons: ['none', 'condition', 'condition'],
          items: [undefined, { ...b, n: 7 }, undefined],
          unclear: false,
        })
        expect(await Promise.all([a, b, c].map(read))).toEqual([
          undefined,
          { ...b, n: 7 },
          undefined,
        ])
      })

      // Either one reason of the transaction, or a refusal of the whole, as DynamoDB Local does.
      it('with an update that cannot be carried out change nothing', async () => {
        const [a, b] = [freshKey(), freshKey()]
        const wrong = { update: { table: 'core', key: b, update: 'SET n = absent1' } } as const
        const failure = await failureOf(store.transact([increment(a), wrong]))
        expect(failure.unclear).toBe(false)
        if (failure.kind === 'cancelled') expect(failure.reasons).toEqual(['none', 'invalid'])
        else expect(failure.kind).toBe('invalid')
        expect(await Promise.all([a, b].map(read))).toEqual([undefined, undefined])
      })

      it('take a hundred writes and no more', async () => {
        const keys = Array.from({ length: 101 }, freshKey)
        await store.transact(keys.slice(0, 100).map(increment))
        expect(await read(keys[99]!)).toMatchObject({ n: 1 })
        expect((await failureOf(store.transact(keys.map(increment)))).kind).toBe('invalid')
        expect(await read(keys[99]!)).toMatchObject({ n: 1 })
        expect((await failureOf(store.transact([]))).kind).toBe('invalid')
      })

      it('refuse to write one row twice, and take one key in two tables', async () => {
        const key = freshKey()
        const twice = store.transact([increment(key), { delete: { table: 'core', key } }])
        expect((await failureOf(twice)).kind).toBe('invalid')
        expect(await read(key)).toBeUndefined()
        await store.transact([increment(key), { put: { table: 'ledger', item: { ...key } } }])
        expect(await read(key)).toMatchObject({ n: 1 })
      })
    })

    describe('queries', () => {
      // By UTF-8 bytes. UTF-16 would put the last but one, an emoji, before the one above it.
      const sorted = [
        '#',
        '%x',
        '*',
        '0',
        '10',
        '9',
        'A',
        'A_',
        'Ab',
        'B',
        '\\x',
        'a',
        'aa',
        'b',
        'é',
        '\uffee',
        '\u{1F600}',
        '\u{1F601}',
      ]
      const pk = 'query'
      const values = { ':pk': pk }
      const all = { table: 'core', keyCondition: 'pk = :pk', values, consistent: true } as const
      beforeAll(async () => {
        for (const [i, sk] of sorted.toReversed().entries()) await put({ pk, sk, i })
        await put({ pk: 'query2', sk: 'other' })
      })
      const keysOf = (pages: Page[]) => pages.flatMap((page) => page.items.map((item) => item.sk))

      it('answer a partition in the order of UTF-8 bytes', async () => {
        expect(keysOf(await readAll(all))).toEqual(sorted)
        expect(keysOf(await readAll({ ...all, descending: true }))).toEqual(sorted.toReversed())
      })

      it('answer nothing for a partition that is not there', async () => {
        expect(await store.query({ ...all, values: { ':pk': 'nobody' } })).toEqual({ items: [] })
      })

      const ranges: [string, Record<string, string>, string[]][] = [
        ['sk = :a', { ':a': 'aa' }, ['aa']],
        ['sk < :a', { ':a': '10' }, ['#', '%x', '*', '0']],
        ['sk <= :a', { ':a': '10' }, ['#', '%x', '*', '0', '10']],
        ['sk > :a', { ':a': '\uffee' }, ['\u{1F600}', '\u{1F601}']],
        ['sk >= :a', { ':a': '\u{1F601}' }, ['\u{1F601}']],
        ['sk BETWEEN :a AND :b', { ':a': 'A', ':b': 'a' }, ['A', 'A_', 'Ab', 'B', '\\x', 'a']],
        ['begins_with(sk, :a)', { ':a': 'a' }, ['a', 'aa']],
        ['begins_with(sk, :a)', { ':a': '%' }, ['%x']],
        ['begins_with(sk, :a)', { ':a': 'A' }, ['A', 'A_', 'Ab']],
        ['begins_with(sk, :a)', { ':a': 'A_' }, ['A_']],
        ['begins_with(sk, :a)', { ':a': '\\' }, ['\\x']],
        ['begins_with(sk, :a)', { ':a': 'é' }, ['é']],
        ['begins_with(sk, :a)', { ':a': '*' }, ['*']],
      ]
      it.each(ranges)('take %s', async (range, bounds, expected) => {
        const query = {
          ...all,
          keyCondition: `pk = :pk AND ${range}`,
          values: { ...values, ...bounds },
        }
        expect(keysOf(await readAll(query))).toEqual(expected)
        expect(keysOf(await readAll({ ...query, descending: true }))).toEqual(expected.toReversed())
      })

      it('take #names for the keys', async () => {
        const query = {
          ...all,
          keyCondition: '#p = :pk AND begins_with(#s, :a)',
          names: { '#p': 'pk', '#s': 'sk' },
          values: { ...values, ':a': 'a' },
        }
        expect(keysOf(await readAll(query))).toEqual(['a', 'aa'])
      })

      it('come in pages that together miss and repeat nothing, whatever their size', async () => {
        for (const limit of [1, 2, 5, sorted.length, 100]) {
          for (const descending of [false, true]) {
            const pages = await readAll({ ...all, limit, descending })
            expect(keysOf(pages)).toEqual(descending ? sorted.toReversed() : sorted)
            for (const page of pages) expect(page.items.length).toBeLessThanOrEqual(limit)
          }
        }
      })

      it('go on after a row that is no longer there', async () => {
        const page = await store.query({ ...all, after: { pk, sk: 'Abc' }, limit: 2 })
        expect(keysOf([page])).toEqual(['B', '\\x'])
      })

      it('filter after the limit has been counted', async () => {
        const query = { ...all, filter: 'i < :one', values: { ...values, ':one': 1 } }
        const first = await store.query({ ...query, limit: 2 })
        expect(first).toEqual({ items: [], next: { pk, sk: sorted[1]! } })
        expect(keysOf(await readAll({ ...query, limit: 2 }))).toEqual([sorted.at(-1)])
      })

      it('end a page at about 1 MB', async () => {
        const big = { pk: freshKey().pk, s: 'x'.repeat(300 * 1024) }
        for (let i = 0; i < 8; i++) await put({ ...big, sk: `${i}` })
        const pages = await readAll({ ...all, values: { ':pk': big.pk } })
        expect(keysOf(pages)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
        for (const page of pages) expect(page.items.length).toBeLessThanOrEqual(4)
      })

      const wrong: [string, Partial<Query>][] = [
        ['without a pk', { keyCondition: 'sk = :pk' }],
        ['with a range of pk', { keyCondition: 'pk > :pk' }],
        ['with OR', { keyCondition: 'pk = :pk OR sk = :pk' }],
        ['with two conditions on sk', { keyCondition: 'pk = :pk AND sk > :pk AND sk < :pk' }],
        ['with another attribute', { keyCondition: 'pk = :pk AND i = :pk' }],
        ['with sk <>', { keyCondition: 'pk = :pk AND sk <> :pk' }],
        ['with contains(sk)', { keyCondition: 'pk = :pk AND contains(sk, :pk)' }],
        ['with an empty pk', { values: { ':pk': '' } }],
        ['with a number for pk', { values: { ':pk': 5 } }],
        ['that filter by a key', { filter: 'sk = :pk' }],
        ['with a limit of 0', { limit: 0 }],
        ['with the page key of another partition', { after: { pk: 'other', sk: 'a' } }],
        ['with a value that is not used', { values: { ...values, ':x': 1 } }],
      ]
      it.each(wrong)('%s are refused', async (_, part) => {
        expect((await failureOf(store.query({ ...all, ...part }))).kind).toBe('invalid')
      })
    })

    describe('many at once', () => {
      it('lose none of fifty conditional increments', async () => {
        const key = freshKey()
        await put({ ...key, n: 0 })
        const one = async () => {
          for (;;) {
            const n = (await read(key))!['n'] as number
            try {
              await store.update({
                table: 'core',
                key,
                update: 'SET n = n + :one',
                condition: 'n = :n',
                values: { ':one': 1, ':n': n },
              })
              return
            } catch (error) {
              if (!(error instanceof StoreError)) throw error
              expect(['condition', 'conflict']).toContain(error.kind)
            }
          }
        }
        await Promise.all(Array.from({ length: 50 }, one))
        expect(await read(key)).toMatchObject({ n: 50 })
      })

      it('of two transactions over the same rows let one happen at a time', async () => {
        const keys = [freshKey(), freshKey()]
        const claim = (who: string, order: Key[]) =>
          store.transact(
            order.map((key) => ({
              put: {
                table: 'core',
                item: { ...key, who },
                condition: 'attribute_not_exists(pk)',
              },
            })),
          )
        const outcomes = await Promise.allSettled([
          claim('a', keys),
          claim('b', keys.toReversed()),
          claim('c', keys),
        ])
        expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
        const [first, second] = await Promise.all(keys.map(read))
        expect(first!['who']).toBe(second!['who'])
      })
    })
  })
}

function keyOf(item: Item): Key {
  return { pk: item.pk, sk: item.sk }
}

function show(values: unknown): string {
  return values === undefined ? 'nothing' : JSON.stringify(values)
}
