// Every endpoint of the domain table, from its example in test/calls: taken once however often it is sent, and
// refused to who names what is another one's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBLEMS } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { book, requestOf } from '../calls/book.ts'
import type { Call } from '../calls/book.ts'
import type { Example } from '../calls/call.ts'
import { openOneProcess } from '../calls/one-process.ts'
import type { Stage } from '../calls/stage.ts'
import { peopleConformance } from '../conformance/people.ts'
import type { TestApi } from './api.ts'
import { startProviders } from './providers-emulator.ts'
import type { ProvidersEmulator } from './providers-emulator.ts'

let providers: ProvidersEmulator
beforeAll(async () => {
  providers = await startProviders()
})
afterAll(() => providers.stop())

type Answer = { status: number; document: unknown }

/** Sends it until it is known how it ended, as clients do. */
async function send(test: TestApi, call: Call, example: Example, id: string): Promise<Answer> {
  const { method, target, headers, body } = requestOf(call.endpoint, example)
  for (;;) {
    const response = await test.send(method, target, {
      headers: { ...headers, 'idempotency-key': id },
      ...(body !== undefined && { body }),
    })
    const { status } = response
    if (status !== 503) return { status, document: await response.json() }
  }
}

/** All rows, but what is remembered of ids: those of refusals are no effect. */
function rowsOf(test: TestApi): string[] {
  return (['core', 'ledger', 'volatile'] as const).flatMap((table) =>
    test.memory
      .rows(table)
      .filter(({ pk }) => !pk.startsWith('OP#'))
      .map((row) => JSON.stringify(row)),
  )
}

/**
 * Without what each run draws anew: ids, slots, hashes, secrets, moments, and the epochs of a character that enters
 * again. `before`: what was there stays as it is.
 */
function plain(before: readonly string[], rows: readonly string[]): string[] {
  const known = new Set(before)
  const ids = new Set(before.join().match(uuids))
  return rows
    .map((row) =>
      known.has(row)
        ? row
        : row
            .replace(uuids, (id) => (ids.has(id) ? id : 'an id'))
            .replace(/#[0-9a-f]{2}"/g, '#slot"')
            .replace(/Token":"[^"]+/g, 'Token":"a secret')
            .replace(/[\w-]{40,}(\.[\w-]+)*/g, 'a secret')
            .replace(/"(epoch|number)":\d+/g, 'an epoch')
            .replace(/\d{9,}/g, 'a moment'),
    )
    .toSorted()
}
const uuids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

const changing = book.filter(({ endpoint }) => endpoint.method !== 'GET')

describe('every call of the book', () => {
  it.each(book.filter(({ endpoint }) => endpoint.method === 'GET'))(
    '$name is taken',
    async (call) => {
      const { test, stage } = await openOneProcess({ signIn: providers.settings })
      const example = await call.example(stage)
      const { status, document } = await send(test, call, example, newId(test.clock))
      if (example.refused) expect(document).toMatchObject({ code: example.refused })
      else expect(status, JSON.stringify(document)).toBe(200)
    },
  )

  it('says how it is safe to send again, when it changes something', () => {
    const unsaid = changing.filter(({ endpoint }) => endpoint.repeat === undefined)
    expect(unsaid.map(({ name }) => name)).toEqual([])
  })

  it.each(changing)('$name takes effect once, sent three times and fifty times', async (call) => {
    const { test, stage } = await openOneProcess({ signIn: providers.settings })
    const example = await call.example(stage)
    const before = rowsOf(test)
    const id = newId(test.clock)
    const first = await send(test, call, example, id)
    const { refused } = example
    const status = refused === undefined ? call.endpoint.status : PROBLEMS[refused].status
    expect(first.status, JSON.stringify(first.document)).toBe(status ?? 200)
    const once = rowsOf(test)
    // Answers that are not remembered have secrets of their own each time.
    const exact = call.endpoint.repeat === 'remembered'
    const same = ({ status, document }: Answer) => {
      const text = JSON.stringify(document)
      return [status, exact ? text : plain([], [text])]
    }
    for (let i = 0; i < 2; i++) {
      expect(same(await send(test, call, example, id))).toEqual(same(first))
    }
    const now = rowsOf(test)
    if (exact) expect(now).toEqual(once)
    else expect(plain(before, now)).toEqual(plain(before, once))

    // The same again from the beginning, with all at once.
    const other = await openOneProcess({ signIn: providers.settings })
    const twin = await call.example(other.stage)
    expect(rowsOf(other.test)).toEqual(before)
    const twinId = newId(other.test.clock)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send(other.test, call, twin, twinId)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(same(answer)))).size).toBe(1)
    expect(answers[0]!.status).toBe(first.status)
    expect(plain(before, rowsOf(other.test))).toEqual(plain(before, once))
  })
})

const partsOf = (example: Example) =>
  (['params', 'query', 'body'] as const).flatMap((part) =>
    Object.entries(example[part] ?? {}).map(([field, value]) => ({ part, field, value })),
  )

describe('people, with the functions in one process,', () => {
  let stage: Stage
  beforeAll(async () => ({ stage } = await openOneProcess({ signIn: providers.settings })))
  peopleConformance(() => stage)
})

describe("another player's id", () => {
  const asked = book.filter(({ endpoint }) => endpoint.identity === 'player')
  it.each(asked)('in $name is refused as declared, and changes nothing', async (call) => {
    const { test, stage } = await openOneProcess({ signIn: providers.settings })
    // Two who may do the same, each with what is his.
    const theirs = await call.example(stage)
    const mine = await call.example(stage)
    const ids = partsOf(theirs).filter(({ value }) => String(value).match(uuids) !== null)
    for (const { part, field, value } of ids) {
      const own = theirs.by?.as === value
      const expected = own ? 'character.not_found' : theirs.others?.[field]
      expect(expected, `the book says who may name the ${field} of others`).toBeDefined()
      if (expected === 'done') continue
      const before = rowsOf(test)
      const swapped = { ...mine, [part]: { ...(mine[part] as object), [field]: value } }
      const { document } = await send(test, call, swapped, newId(test.clock))
      expect(document, field).toMatchObject({ code: expected })
      expect(call.endpoint.errors, field).toContain(expected)
      expect(rowsOf(test)).toEqual(before)
    }
  })
})
