import { describe, expect, it } from 'vitest'
import type { OperationId } from '#shared/api/endpoint.ts'
import { answerOf, parseOperationId, storeProblem } from '#shared/http/operation.ts'
import { operationKeptMs, operationMaxAgeMs, operationMaxAheadMs } from '#shared/limits.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Fault, Faults } from '#shared/store/faults.ts'
import { seededFaults } from '#shared/store/faults.ts'
import type { MemoryStore } from '#shared/store/memory.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { commit, recall } from '#shared/store/commit.ts'
import type { Outcome } from '#shared/store/commit.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'
import { StoreError } from '#shared/store/store.ts'
import { countTrips } from '#shared/store/trips.ts'
import { virtualRuntime } from './virtual-runtime.ts'

const route = 'POST /v1/things'

/** The end of a commit: its answer, or the name of its outcome. */
async function endOf<T>(work: Promise<Outcome<T, string> | undefined>): Promise<T | string> {
  try {
    const ended = await work
    if (ended === undefined) return 'unknown'
    if (ended.outcome === 'refused') return ended.refused
    return ended.outcome === 'mismatch' ? 'mismatch' : ended.answer
  } catch (error) {
    return error instanceof StoreError ? error.kind : `threw ${String(error)}`
  }
}

function world(faults?: Faults) {
  const runtime = virtualRuntime(7)
  const memory = createMemoryStore({ runtime, ...(faults && { faults }), answerTimeoutMs: 50 })
  const trips = countTrips(memory)
  const deps = { store: trips.store, runtime }
  const newOp = (request: unknown = {}): OperationId =>
    parseOperationId(newId(runtime), { scope: 'account', route, request, now: runtime.now() })
  return { runtime, memory, trips, deps, newOp }
}

const counter: Key = { pk: 'counter', sk: 'counter' }
const increment: Write = {
  update: {
    table: 'core',
    key: counter,
    update: 'SET n = if_not_exists(n, :zero) + :one',
    values: { ':zero': 0, ':one': 1 },
  },
}
const countOf = (memory: MemoryStore) =>
  memory.rows('core').find((row) => row.pk === counter.pk)?.['n'] ?? 0

describe('an Idempotency-Key', () => {
  const runtime = virtualRuntime(1)
  const now = runtime.now()
  const parse = (
    header: string | undefined,
    more: Partial<{ scope: string; route: string; request: unknown }> = {},
  ) => parseOperationId(header, { scope: 'me', route, request: { a: 1 }, now, ...more })
  const bornAt = (ms: number) => newId({ ...runtime, now: () => ms })

  it('must be there and be a UUIDv7', () => {
    for (const [header, code] of [
      [undefined, 'operation.missing'],
      ['', 'operation.missing'],
      ['hello', 'operation.invalid'],
      ['0'.repeat(10_000), 'operation.invalid'],
      ['9f1b3c52-7b52-4a2e-8f0b-0123456789ab', 'operation.invalid'],
    ] as const) {
      expect(() => parse(header)).toThrow(expect.objectContaining({ code }))
    }
  })

  it('is taken from 30 days back to 5 minutes ahead and not beyond', () => {
    expect(parse(bornAt(now - operationMaxAgeMs))).toBeDefined()
    expect(parse(bornAt(now + operationMaxAheadMs))).toBeDefined()
    const tooOld = () => parse(bornAt(now - operationMaxAgeMs - 1))
    expect(tooOld).toThrow(expect.objectContaining({ code: 'operation.too_old' }))
    const ahead = () => parse(bornAt(now + operationMaxAheadMs + 1))
    expect(ahead).toThrow(expect.objectContaining({ code: 'operation.from_future' }))
  })

  it('names another operation for another account, route or id, and the same in capitals', () => {
    const id = newId(runtime)
    const hashes = [
      parse(id),
      parse(id, { scope: 'you' }),
      parse(id, { route: 'POST /v1/other' }),
      parse(newId(runtime)),
    ].map((op) => op.hash)
    expect(new Set(hashes).size).toBe(4)
    expect(parse(id.toUpperCase())).toEqual(parse(id))
  })

  it('has a fingerprint of what is asked, not of how it is written', () => {
    const id = newId(runtime)
    const of = (request: unknown) => parse(id, { request }).fingerprint
    expect(of({ a: 1, b: { c: [1, 2], d: undefined } })).toBe(of({ b: { c: [1, 2] }, a: 1 }))
    expect(of({ a: 1 })).not.toBe(of({ a: '1' }))
    expect(of({ a: [1, 2] })).not.toBe(of({ a: [2, 1] }))
    expect(of({ a: 1 })).not.toBe(of({ a: 1, b: 2 }))
  })
})

describe('a commit', () => {
  it('takes one trip when nothing is in the way, and a repeat too', async () => {
    const { deps, trips, newOp, memory } = world()
    const op = newOp()
    expect(
      await endOf(commit(deps, op, { steps: [{ write: increment }], answer: { id: 1 } })),
    ).toEqual({ id: 1 })
    expect(trips.trips).toHaveLength(1)
    expect(
      await endOf(commit(deps, op, { steps: [{ write: increment }], answer: { id: 2 } })),
    ).toEqual({ id: 1 })
    expect(trips.trips).toHaveLength(2)
    expect(countOf(memory)).toBe(1)
  })

  it('refuses the id for another request, and changes nothing', async () => {
    const { deps, newOp, memory } = world()
    const op = newOp()
    await commit(deps, op, { steps: [{ write: increment }], answer: 1 })
    const other = { ...op, fingerprint: newOp({ other: true }).fingerprint }
    expect(await endOf(commit(deps, other, { steps: [{ write: increment }], answer: 2 }))).toBe(
      'mismatch',
    )
    expect(await endOf(recall(deps, other))).toBe('mismatch')
    expect(countOf(memory)).toBe(1)
  })

  it('is recalled with its answer, even one that is null', async () => {
    const { deps, newOp } = world()
    const op = newOp()
    expect(await recall(deps, op)).toBeUndefined()
    await commit(deps, op, { steps: [{ write: increment }], answer: null })
    expect(await recall(deps, op)).toEqual({ outcome: 'repeated', answer: null })
  })

  it('is forgotten when its row has expired, deleted or not', async () => {
    const { deps, newOp, memory, runtime } = world()
    const op = newOp()
    await commit(deps, op, { steps: [{ write: increment }], answer: 1 })
    runtime.advance(operationKeptMs + 1000)
    expect(await recall(deps, op)).toBeUndefined()
    expect(await endOf(commit(deps, op, { steps: [{ write: increment }], answer: 2 }))).toBe(2)
    expect(countOf(memory)).toBe(2)
  })

  it('names the refusal of the write that failed, with the row; another id may succeed', async () => {
    const { deps, newOp, memory } = world()
    await memory.put({ table: 'core', item: { pk: 'name', sk: 'name', who: 'Mira' } })
    const take: Write = {
      put: {
        table: 'core',
        item: { pk: 'name', sk: 'name', who: 'Ada' },
        condition: 'attribute_not_exists(pk)',
      },
    }
    const op = newOp()
    const refused = commit(deps, op, {
      steps: [
        { write: increment, otherwise: 'no-counter' },
        { write: take, otherwise: (row) => (row?.['who'] === 'Mira' ? 'name-taken' : 'other') },
      ],
      answer: 1,
    })
    expect(await endOf(refused)).toBe('name-taken')
    expect(await endOf(commit(deps, op, { steps: [{ write: take }], answer: 1 }))).toBe('busy')
    expect(countOf(memory)).toBe(0)
    await memory.delete({ table: 'core', key: { pk: 'name', sk: 'name' } })
    expect(await endOf(commit(deps, op, { steps: [{ write: take }], answer: 1 }))).toBe(1)
  })

  it('is known by its row even where the store names only the first reason', async () => {
    const { deps, newOp, memory } = world()
    const op = newOp()
    const once: Write = {
      put: { table: 'core', item: { ...counter, n: 1 }, condition: 'attribute_not_exists(pk)' },
    }
    const terse: Store = {
      ...memory,
      transact: async (writes) => {
        await memory.transact(writes).catch((error: unknown) => {
          if (!(error instanceof StoreError)) throw error
          const first = error.reasons.findIndex((reason) => reason !== 'none')
          const only = <T>(list: T[], rest: T) =>
            list.map((entry, i) => (i === first ? entry : rest))
          throw new StoreError(error.kind, error.message, {
            reasons: only(error.reasons, 'none'),
            items: only(error.items, undefined),
          })
        })
      },
    }
    for (let i = 0; i < 2; i++) {
      expect(
        await endOf(commit({ ...deps, store: terse }, op, { steps: [{ write: once }], answer: 1 })),
      ).toBe(1)
    }
  })

  it('with a wrong write fails as a defect, not as a refusal', async () => {
    const { deps, newOp } = world()
    const wrong: Write = { delete: { table: 'core', key: { pk: '', sk: 'a' } } }
    expect(await endOf(commit(deps, newOp(), { steps: [{ write: wrong }], answer: 1 }))).toBe(
      'invalid',
    )
  })

  it('gives up on a dead store after about 5 s', async () => {
    for (const kind of ['outage', 'loseRequest', 'throttle'] as const) {
      const { deps, newOp, runtime } = world(() => ({ kind }))
      const started = runtime.now()
      const request = { steps: [{ write: increment }], answer: 1 }
      expect(await endOf(commit(deps, newOp(), request))).toBe(
        kind === 'throttle' ? 'throttled' : 'unavailable',
      )
      expect(runtime.now() - started).toBeLessThanOrEqual(5100)
      expect(runtime.now() - started).toBeGreaterThan(4000)
    }
  })

  it('begins no attempt on a silent store that would end after 5 s', async () => {
    const { newOp, runtime } = world()
    const silent = createMemoryStore({
      runtime,
      faults: () => ({ kind: 'loseRequest' }),
      answerTimeoutMs: 2000,
    })
    const deps = { store: silent, runtime }
    const started = runtime.now()
    expect(await endOf(commit(deps, newOp(), { steps: [{ write: increment }], answer: 1 }))).toBe(
      'unavailable',
    )
    expect(runtime.now() - started).toBeLessThanOrEqual(5000)
    expect(runtime.now() - started).toBeGreaterThan(2000)
  })

  it('does not remember that it was busy: the same id may yet succeed', async () => {
    const { deps, newOp, memory } = world(script([{ kind: 'loseRequest' }]))
    const name: Key = { pk: 'name', sk: 'name' }
    const take: Write = {
      put: { table: 'core', item: { ...name, who: 'Ada' }, condition: 'attribute_not_exists(pk)' },
    }
    const op = newOp()
    const attempt = commit(deps, op, { steps: [{ write: increment }, { write: take }], answer: 1 })
    await memory.put({ table: 'core', item: { ...name, who: 'Mira' } })
    expect(await endOf(attempt)).toBe('busy')
    await memory.delete({ table: 'core', key: name })
    expect(
      await endOf(commit(deps, op, { steps: [{ write: increment }, { write: take }], answer: 1 })),
    ).toBe(1)
    expect(countOf(memory)).toBe(1)
  })

  it('fails as busy when a row is always held by others', async () => {
    const { deps, newOp } = world(() => ({ kind: 'conflict' }))
    const request = { steps: [{ write: increment }], answer: 1 }
    const error = await commit(deps, newOp(), request).catch((thrown: unknown) => thrown)
    expect(storeProblem(error)?.code).toBe('world.busy')
  })

  it('that the store refuses for good ends at once, with the reason', async () => {
    for (const refusal of ['forbidden', 'tooLarge', 'malformed'] as const) {
      const { deps, newOp, trips } = world(() => ({ kind: 'refuse', refusal }))
      const request = { steps: [{ write: increment }], answer: 1 }
      await expect(commit(deps, newOp(), request)).rejects.toMatchObject({ refusal })
      expect(trips.trips).toHaveLength(1)
    }
  })

  it('that was unclear and then refused cannot happen late', async () => {
    // The first attempt arrives 2 s late, when the row that refused the second is gone again.
    const faults = script([{ kind: 'applyLate', ms: 2000 }])
    const { deps, newOp, memory, runtime } = world(faults)
    const name: Key = { pk: 'name', sk: 'name' }
    const take: Write = {
      put: { table: 'core', item: { ...name, who: 'Ada' }, condition: 'attribute_not_exists(pk)' },
    }
    const op = newOp()
    const attempt = commit(deps, op, {
      steps: [{ write: increment }, { write: take, otherwise: 'name-taken' }],
      answer: 1,
    })
    await memory.put({ table: 'core', item: { ...name, who: 'Mira' } })
    expect(await endOf(attempt)).toBe('name-taken')
    await memory.delete({ table: 'core', key: name })
    await memory.settled()
    expect(runtime.now()).toBeGreaterThan(0)
    expect(countOf(memory)).toBe(0)
    // And the id stays refused: same id, same answer.
    expect(await endOf(commit(deps, op, { steps: [{ write: increment }], answer: 1 }))).toBe(
      'name-taken',
    )
  })
})

const everyFault: Fault[] = [
  { kind: 'conflict' },
  { kind: 'throttle' },
  { kind: 'loseRequest' },
  { kind: 'loseAnswer' },
  { kind: 'outage' },
  { kind: 'delay', ms: 40 },
  { kind: 'applyLate', ms: 5 },
  { kind: 'applyLate', ms: 300 },
]

/** These faults in turn, then none. */
function script(faults: (Fault | undefined)[]): Faults {
  const left = [...faults]
  return () => left.shift()
}

describe('the answer to HTTP', () => {
  it('is the answer of the commit, or the problem that names its refusal', () => {
    expect(answerOf({ outcome: 'done', answer: 1 })).toBe(1)
    expect(answerOf({ outcome: 'repeated', answer: 2 })).toBe(2)
    const thrown = (outcome: Outcome<number, ProblemCode>) => () => answerOf(outcome, 'Why.')
    const named = (code: ProblemCode) => expect.objectContaining({ code })
    expect(thrown({ outcome: 'mismatch' })).toThrow(named('operation.mismatch'))
    expect(thrown({ outcome: 'refused', refused: 'busy' })).toThrow(named('world.busy'))
    expect(thrown({ outcome: 'refused', refused: 'character.limit' })).toThrow(
      expect.objectContaining({ code: 'character.limit', detail: 'Why.' }),
    )
  })

  it('is "try again" for a store that fails in a way that passes, and for no other failure', () => {
    const of = (...error: ConstructorParameters<typeof StoreError>) =>
      storeProblem(new StoreError(...error))?.code
    expect(of('unavailable', '')).toBe('store.unavailable')
    expect(of('throttled', '')).toBe('store.unavailable')
    expect(of('conflict', '')).toBe('world.busy')
    expect(of('cancelled', '', { reasons: ['conflict'] })).toBe('world.busy')
    expect(of('condition', '')).toBeUndefined()
    expect(of('invalid', '')).toBeUndefined()
  })
})

describe('one operation has one effect and one answer', () => {
  for (const fault of everyFault) {
    for (const where of [0, 1, 2]) {
      it(`three times in turn, ${show(fault)} at request ${where} and the next`, async () => {
        const before: undefined[] = Array.from({ length: where }, () => undefined)
        const { deps, newOp, memory } = world(script([...before, fault, fault]))
        const op = newOp()
        const answers: unknown[] = []
        for (let i = 0; i < 3; i++) {
          answers.push(
            await endOf(commit(deps, op, { steps: [{ write: increment }], answer: { number: i } })),
          )
        }
        await memory.settled()
        expect(answers).toEqual([{ number: 0 }, { number: 0 }, { number: 0 }])
        expect(countOf(memory)).toBe(1)
      })
    }

    it(`twenty times at once, ${show(fault)} at every second request`, async () => {
      let requests = 0
      const { deps, newOp, memory } = world(() =>
        requests < 60 && requests++ % 2 === 0 ? fault : undefined,
      )
      const op = newOp()
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          endOf(commit(deps, op, { steps: [{ write: increment }], answer: i })),
        ),
      )
      await memory.settled()
      expect(new Set(answers).size).toBe(1)
      expect(countOf(memory)).toBe(1)
    })
  }

  it('under every mixture of faults of 300 seeds, with other operations beside it', async () => {
    const chances = {
      conflict: 0.1,
      throttle: 0.05,
      delay: 0.1,
      loseRequest: 0.1,
      loseAnswer: 0.1,
      applyLate: 0.1,
    }
    for (let seed = 1; seed <= 300; seed++) {
      const { deps, newOp, memory } = world(seededFaults(seed, chances, 3000))
      const operations = [newOp(), newOp(), newOp()]
      const sent = operations.flatMap((op) => [0, 1, 2, 3].map((copy) => ({ op, copy })))
      const outcomes = await Promise.all(
        sent.map(async ({ op, copy }) => ({
          op,
          end: await endOf(commit(deps, op, { steps: [{ write: increment }], answer: copy })),
        })),
      )
      await memory.settled()
      const remembered = await Promise.all(
        operations.map(async (op) => await recall({ ...deps, store: quiet(memory) }, op)),
      )
      const happened = remembered.filter((found) => found !== undefined).length
      expect(countOf(memory), `seed ${seed}`).toBe(happened)
      for (const { op, end } of outcomes) {
        // It may end as unavailable. It may not give another answer than the remembered one.
        if (typeof end === 'string') {
          expect(['unavailable', 'throttled', 'conflict', 'cancelled']).toContain(end)
          continue
        }
        const expected = { outcome: 'repeated', answer: end }
        expect(remembered[operations.indexOf(op)], `seed ${seed}`).toEqual(expected)
      }
    }
  })
})

/** The same rows without faults. */
function quiet(memory: MemoryStore) {
  const store = createMemoryStore()
  return {
    ...store,
    get: async ({ key }: { key: Key }) =>
      memory.rows('core').find((row) => row.pk === key.pk && row.sk === key.sk),
  }
}

function show(fault: Fault): string {
  return 'ms' in fault ? `${fault.kind} by ${fault.ms} ms` : fault.kind
}
