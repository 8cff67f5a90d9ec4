// The client when the network or the server fails.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { failureOf } from '../conformance/store.ts'
import { newId } from '#shared/runtime.ts'
import type { DynamoStore } from '#shared/store/dynamo.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { parseOperationId } from '#shared/http/operation.ts'
import { commit } from '#shared/store/commit.ts'
import type { Key, Update, Write } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import type { OpenedDynamo } from './embedded.ts'
import { openEmbedded } from './embedded.ts'
import type { Behaviour, FlakyProxy } from './flaky-proxy.ts'
import { startFlakyProxy } from './flaky-proxy.ts'

const deadlineMs = 600
let embedded: OpenedDynamo
let proxy: FlakyProxy
let store: DynamoStore
let key: Key
beforeAll(async () => {
  embedded = await openEmbedded()
  proxy = await startFlakyProxy(embedded.server.endpoint)
  store = createDynamoStore({
    ...embedded.options,
    endpoint: proxy.endpoint,
    requestTimeoutMs: deadlineMs,
  })
})
afterAll(async () => {
  store.close()
  await proxy.close()
  await embedded.close()
})
beforeEach(() => {
  proxy.script.length = 0
  proxy.seen.length = 0
  key = { pk: newId(systemRuntime), sk: 'row' }
})

const read = async () => await embedded.store.get({ table: 'core', key, consistent: true })
const addOne = (): Update => ({
  table: 'core',
  key,
  update: 'SET n = if_not_exists(n, :zero) + :one',
  values: { ':zero': 0, ':one': 1 },
})
const increment = (): Write => ({ update: addOne() })
const create = () => ({
  table: 'core' as const,
  item: { ...key, n: 1 },
  condition: 'attribute_not_exists(pk)',
})
const failWith = (name: string, status = 400): Behaviour => ({
  status,
  body: JSON.stringify({
    __type: `com.amazonaws.dynamodb.v20120810#${name}`,
    message: 'as planned',
  }),
})

describe('the client', () => {
  it('repeats a transaction whose answer was lost, and it happens once', async () => {
    proxy.script.push('loseAnswer', 'loseAnswer')
    await store.transact([
      increment(),
      { put: { ...create(), item: { pk: `${key.pk}x`, sk: 'x' } } },
    ])
    expect(await read()).toMatchObject({ n: 1 })
    const tokens = proxy.seen.map(
      ({ body }) => (JSON.parse(body) as Record<string, unknown>)['ClientRequestToken'],
    )
    expect(tokens).toHaveLength(3)
    expect(new Set(tokens).size).toBe(1)
  })

  it('gives each transaction a token of its own', async () => {
    await store.transact([increment()])
    await store.transact([increment()])
    expect(await read()).toMatchObject({ n: 2 })
  })

  it('sends a single write once: with its answer lost it says unclear, never a failed condition', async () => {
    const writes = [
      () => store.put(create()),
      () => store.update({ ...addOne(), condition: 'n = :one' }),
      () => store.delete({ table: 'core', key, condition: 'attribute_exists(pk)' }),
    ]
    for (const write of writes) {
      proxy.seen.length = 0
      proxy.script.push('loseAnswer')
      expect(await failureOf(write())).toMatchObject({ kind: 'unavailable', unclear: true })
      expect(proxy.seen).toHaveLength(1)
    }
    expect(await read()).toBeUndefined()
  })

  it('repeats a read, and says of one that fails that nothing is unclear', async () => {
    await embedded.store.put(create())
    proxy.script.push('loseAnswer', failWith('InternalServerError', 500))
    expect(await store.get({ table: 'core', key })).toMatchObject({ n: 1 })
    proxy.script.push('loseRequest', 'loseRequest', 'loseRequest')
    const failure = await failureOf(
      store.query({ table: 'core', keyCondition: 'pk = :pk', values: { ':pk': key.pk } }),
    )
    expect(failure).toMatchObject({ kind: 'unavailable', unclear: false })
    expect(proxy.seen).toHaveLength(6)
  })

  it('knows within its deadline that a server hangs', async () => {
    for (const request of [() => store.put(create()), () => store.transact([increment()])]) {
      proxy.script.push('hang', 'hang', 'hang', 'hang')
      const started = performance.now()
      expect(await failureOf(request())).toMatchObject({ kind: 'unavailable', unclear: true })
      // Far below the minutes that the SDK would wait; loose, for busy machines.
      expect(performance.now() - started).toBeLessThan(deadlineMs * 4)
      proxy.script.length = 0
    }
  })

  it('knows at once that nobody listens', async () => {
    const gone = await startFlakyProxy('http://127.0.0.1:1')
    await gone.close()
    const nobody = createDynamoStore({ ...embedded.options, endpoint: gone.endpoint })
    const failure = await failureOf(nobody.get({ table: 'core', key }))
    expect(failure).toMatchObject({ kind: 'unavailable', unclear: false })
    expect(await failureOf(nobody.put(create()))).toMatchObject({
      kind: 'unavailable',
      unclear: true,
    })
    nobody.close()
  })

  const answers: [Behaviour, kind: string, unclear: boolean][] = [
    [failWith('TransactionConflictException'), 'conflict', false],
    [failWith('ProvisionedThroughputExceededException'), 'throttled', false],
    [failWith('ThrottlingException'), 'throttled', false],
    [failWith('RequestLimitExceeded'), 'throttled', false],
    [failWith('InternalServerError', 500), 'unavailable', true],
    [failWith('ServiceUnavailable', 503), 'unavailable', true],
    [failWith('TransactionInProgressException'), 'unavailable', true],
    [failWith('ValidationException'), 'invalid', false],
    [failWith('ResourceNotFoundException'), 'invalid', false],
    [failWith('AccessDeniedException'), 'invalid', false],
    // Passes: the credentials are renewed.
    [failWith('ExpiredTokenException'), 'unavailable', true],
    [{ status: 502, body: '<html>Bad gateway</html>' }, 'unavailable', true],
    [{ status: 200, body: '<html>Welcome</html>' }, 'unavailable', true],
  ]
  it.each(answers)('reads %j as %s', async (answer, kind, unclear) => {
    proxy.script.push(answer)
    expect(await failureOf(store.put(create()))).toMatchObject({ kind, unclear })
  })

  const refusals: [name: string, message: string, refusal: string | undefined][] = [
    ['AccessDeniedException', 'not authorized to perform: dynamodb:PutItem', 'forbidden'],
    ['ValidationException', 'Item size has exceeded the maximum allowed size', 'tooLarge'],
    ['ItemCollectionSizeLimitExceededException', '', 'tooLarge'],
    ['ValidationException', 'An attribute name is missing', 'malformed'],
    ['ThrottlingException', '', undefined],
  ]
  it.each(refusals)('reads %s "%s" as refused for good: %s', async (name, message, refusal) => {
    proxy.script.push({ status: 400, body: JSON.stringify({ __type: `x#${name}`, message }) })
    expect((await failureOf(store.put(create()))).refusal).toBe(refusal)
  })

  it('reads every reason of a cancelled transaction', async () => {
    const codes = ['None', 'ConditionalCheckFailed', 'TransactionConflict', 'ThrottlingError']
    proxy.script.push({
      status: 400,
      body: JSON.stringify({
        __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
        CancellationReasons: [...codes, 'ProvisionedThroughputExceeded', 'ValidationError'].map(
          (Code) => ({
            Code,
            ...(Code === 'ValidationError' && { Message: 'Item size to update has exceeded …' }),
            ...(Code === 'ConditionalCheckFailed' && { Item: { n: { N: '7' } } }),
          }),
        ),
      }),
    })
    expect(await failureOf(store.transact([increment()]))).toMatchObject({
      kind: 'cancelled',
      reasons: ['none', 'condition', 'conflict', 'throttled', 'throttled', 'invalid'],
      items: [undefined, { n: 7 }, undefined, undefined, undefined, undefined],
      refusal: 'tooLarge',
    })
  })

  it('refuses a row with a number that would lose digits', async () => {
    const item = { pk: { S: 'a' }, sk: { S: 'a' }, n: { N: '9007199254740993' } }
    proxy.script.push({ status: 200, body: JSON.stringify({ Item: item }) })
    expect((await failureOf(store.get({ table: 'core', key }))).kind).toBe('invalid')
  })
})

describe('a commit over a bad network', () => {
  for (const behaviour of ['loseAnswer', 'loseRequest'] as const) {
    it(`has one effect and one answer, 20 at once, with ${behaviour} at every second request`, async () => {
      for (let i = 0; i < 30; i++) proxy.script.push(behaviour, 'pass')
      const deps = { store, runtime: systemRuntime }
      const sent = { scope: 'me', route: 'POST /x', request: {}, now: systemRuntime.now() }
      const op = parseOperationId(newId(systemRuntime), sent)
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          commit(deps, op, { steps: [{ write: increment() }], answer: i }),
        ),
      )
      const seen = answers.map((one) => ('answer' in one ? one.answer : one.outcome))
      expect(new Set(seen).size).toBe(1)
      expect(await read()).toMatchObject({ n: 1 })
    })
  }
})
