// The bundles as AWS runs them: events of API Gateway in, answers out, in environments that stand still
// between two events.
import '../sample-game.ts'
import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUNDLINGS, buildBundles, functionsOf } from '#cdk/bundles.ts'
import { domains } from '#functions/domains.ts'
import { declarationsOf } from '#functions/http/record.ts'
import { RATES, rateReportPart } from '#shared/limits.ts'
import { openInstance } from '#shared/ownership/listing.ts'
import { createLease } from '#shared/ownership/lease.ts'
import { api } from '#shared/api/api.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { scalingSecret } from '../calls/scaling.ts'
import { goodPassword } from './api.ts'
import { callerArn } from './lambda-aws.ts'
import { httpAnswer, httpEvent } from './lambda-event.ts'
import { openLambdaRealm, realmId, redisSecret, tablePrefix, zoneHost } from './lambda-realm.ts'
import type { LambdaRealm } from './lambda-realm.ts'
import { lambdaCredentialsEnv, startLambda } from './lambda-runtime.ts'

let realm: LambdaRealm
let token: string

beforeAll(async () => {
  realm = await openLambdaRealm('domains')
})
afterAll(async () => {
  await realm.stop()
})

/** The output of `npm run waystone -- …` with credentials of AWS. */
async function cli(args: string[], env: Record<string, string>) {
  const run = promisify(execFile)
  const cwd = path.join(import.meta.dirname, '..', '..')
  const here = { PATH: process.env['PATH'], ...lambdaCredentialsEnv, ...env }
  return await run(process.execPath, ['local/waystone.ts', ...args], { cwd, env: here }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => {
      return { code, out: stdout, err: stderr }
    },
  )
}

describe('the bundles', () => {
  it('serve every domain of the API, each in one function of each bundling', () => {
    // /health is served by each function.
    const { health, ...others } = api
    expect(health.name).toBe('health')
    expect(declarationsOf(domains)).toEqual(expect.arrayContaining(Object.values(others)))
    for (const bundling of BUNDLINGS) {
      const bundled = [...functionsOf(bundling, domains).values()].flat()
      expect(bundled).toHaveLength(domains.length)
      expect(bundled).toEqual(expect.arrayContaining([...domains]))
    }
  })

  it('are below 800 KB for a domain, below 1 MB for some, and below 1.25 MB for all', async () => {
    const into = await mkdtemp(path.join(tmpdir(), 'waystone-bundles-'))
    for (const bundling of BUNDLINGS) {
      const folders =
        bundling === 'domains'
          ? realm.folders
          : await buildBundles(functionsOf(bundling, domains), path.join(into, bundling))
      for (const [name, folder] of folders) {
        // Who exports and erases what all domains keep carries the code of all.
        const whole = bundling === 'one' || name === 'personal' || name === 'utility'
        const most = whole ? 1_250_000 : bundling === 'three' ? 1_000_000 : 800_000
        expect(statSync(path.join(folder, 'index.mjs')).size, name).toBeLessThan(most)
      }
    }
    await rm(into, { recursive: true })
  }, 60_000)

  it('carry the client of GameLift only where a studio has chosen it', async () => {
    const into = await mkdtemp(path.join(tmpdir(), 'waystone-bundles-'))
    const world = domains.filter(({ name }) => name === 'world')
    const chosen = await buildBundles(functionsOf('domains', world), into, 'gamelift')
    const carries = (folder: string | undefined) =>
      readFileSync(path.join(folder!, 'index.mjs'), 'utf8').includes('CreateGameSession')
    expect(carries(chosen.get('world'))).toBe(true)
    expect(carries(realm.folders.get('world'))).toBe(false)
    await rm(into, { recursive: true })
  })
})

describe('the Lambdas', () => {
  it('bring a player from nothing to a ticket, cold', async () => {
    const body = { loginName: 'mira', password: goodPassword }
    const registered = await realm.ask('POST', '/v1/auth/register', { body })
    expect(registered.status, registered.body.toString()).toBe(201)
    token = registered.json()['accessToken'] as string
    const created = await realm.ask('POST', `/v1/realms/${realmId}/characters`, {
      token,
      body: { name: 'Mira Vale', race: 'human', job: 'mage' },
    })
    expect(created.status, created.body.toString()).toBe(201)
    const { characterId } = created.json()
    await realm.ask('GET', `/v1/realms/${realmId}/status`)
    // Only now: a host that is silent for some seconds gets no players, and this may be a slow machine.
    const { bootId } = await realm.host()
    const entered = await realm.ask('POST', `/v1/realms/${realmId}/enter`, {
      token,
      body: { characterId, protocol: 2 },
    })
    expect(entered.status, entered.body.toString()).toBe(200)
    expect(entered.json()).toMatchObject({
      address: `ws://${bootId}/zone`,
      zone: 'hub',
      characterId,
    })
  })

  it('answer warm from the same environment, which stood still meanwhile', async () => {
    const characters = realm.functions.get('characters')!
    const event = httpEvent({
      method: 'GET',
      target: `/v1/realms/${realmId}/characters`,
      headers: { authorization: `Bearer ${token}` },
    })
    const before = await characters.invoke(event)
    expect(before).toMatchObject({ cold: false })
    await systemRuntime.sleep(300)
    const reads = realm.aws.uses.length
    const after = await characters.invoke(event)
    if (!('answer' in after)) throw new Error(after.error.errorMessage)
    expect(after.cold).toBe(false)
    expect(httpAnswer(after.answer).json()).toMatchObject({ characters: [{ name: 'Mira Vale' }] })
    // One trip, and none for keys or secrets.
    expect(realm.aws.uses.slice(reads)).toMatchObject([{ action: 'dynamodb:Query' }])
  })

  it('start again where an environment was taken away, with the same keys', async () => {
    await realm.functions.get('auth')!.recycle()
    const opened = realm.aws.uses.filter(({ action }) => action === 'kms:Decrypt').length
    expect((await realm.ask('POST', '/v1/auth/logout-everywhere', { token })).status).toBe(200)
    const uses = realm.aws.uses.filter(({ action }) => action === 'kms:Decrypt')
    expect(uses).toHaveLength(opened + 1)
    expect(uses.at(-1)!.context).toEqual({ waystone: `${tablePrefix}master-key` })
    const body = { loginName: 'mira', password: goodPassword }
    const again = await realm.ask('POST', '/v1/auth/login', { body })
    expect(again.status).toBe(200)
    token = again.json()['accessToken'] as string
    // A reader of the database reads no key: the rows do not hold what KMS returned.
    const master = await realm.store.get({ table: 'core', key: { pk: 'KEYS', sk: 'MASTER' } })
    expect(master).toBeDefined()
  })

  it('sign what they ask of AWS with the credentials of their environment', () => {
    const credential = `Credential=${lambdaCredentialsEnv.AWS_ACCESS_KEY_ID}/`
    const signed = realm.aws.authorizations.filter((each) => each.function !== zoneHost)
    expect(signed.length).toBeGreaterThan(10)
    expect(signed.filter(({ header }) => !header.includes(credential))).toEqual([])
  })

  it('know an operator whom somebody with credentials of AWS has made, and by whose word', async () => {
    const grant = ['operator', 'grant', 'Mira', '--reason', 'the first one']
    const tables = ['--tables', tablePrefix]
    const stranger = { ...realm.aws.env('stranger'), AWS_SECRET_ACCESS_KEY: 'wrong' }
    expect(await cli([...grant, ...tables], stranger)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^AWS \(STS\) does not say who you are.*\n$/),
    })
    const nobody = ['operator', 'grant', 'nobody', '--reason', 'a slip', ...tables]
    const slip = await cli(nobody, realm.aws.env('cli'))
    expect(slip).toMatchObject({ code: 1, err: expect.stringContaining('admin.player_unknown') })
    const elsewhere = [...grant, '--tables', 'waystone-other-']
    const absent = await cli(elsewhere, realm.aws.env('cli'))
    expect(absent).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^waystone-other-core in /),
    })
    expect(await cli(['audit', ...tables], realm.aws.env('cli'))).toMatchObject({ code: 2 })

    realm.aws.uses.length = 0
    const said = await cli([...grant, ...tables], realm.aws.env('cli'))
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(said.out).toContain(`in ${tablePrefix}core, eu-central-1`)
    // What docs/operations.md asks for, and no more.
    const uses = realm.aws.uses.map(({ action, partition = '' }) => {
      return `${action} ${partition.replace(/#.*/, '#*')}`
    })
    expect([...new Set(uses)].sort()).toEqual([
      'dynamodb:GetItem ACCOUNT#*',
      'dynamodb:GetItem LOGIN#*',
      'dynamodb:PutItem AUDIT',
      'dynamodb:PutItem OP#*',
      'dynamodb:UpdateItem ACCOUNT#*',
    ])
    const body = { loginName: 'mira', password: goodPassword }
    const operator = (await realm.ask('POST', '/v1/auth/login', { body })).json()
    const audit = await realm.ask('GET', '/v1/admin/audit', {
      token: operator['accessToken'] as string,
    })
    expect(audit.json()).toMatchObject({
      entries: [
        {
          operatorId: `aws:${callerArn}`,
          action: 'role',
          what: 'operator',
          reason: 'the first one',
        },
      ],
    })
  })

  it('send hints before the answer, since nothing runs after it', async () => {
    const said: string[] = []
    const heard = new AbortController()
    const host = await realm.host('forest')
    const { createCache } = await import('#shared/cache/upstash.ts')
    const cache = createCache({ url: realm.redis.url, token: 'redis-token', timeoutMs: 1000 })
    const { inboxChannel } = await import('#shared/ownership/inbox.ts')
    cache.subscribe(inboxChannel(host.bootId), (message) => said.push(message), heard.signal)
    await systemRuntime.sleep(200)
    const body = { loginName: 'mira', password: goodPassword }
    const operator = (await realm.ask('POST', '/v1/auth/login', { body })).json()
    const announced = await realm.ask('POST', `/v1/admin/realms/${realmId}/announce`, {
      token: operator['accessToken'] as string,
      body: { text: 'Maintenance at noon', reason: 'a test' },
    })
    expect(announced.status, announced.body.toString()).toBe(200)
    await expect.poll(() => said.length, { timeout: 2000 }).toBe(1)
    // One that has to find its host first.
    const accountId = operator['accountId'] as string
    const { placeKey } = await import('#shared/presence/entry.ts')
    await cache.pipeline([['SET', placeKey(realmId, accountId), host.bootId]])
    const shown = await realm.ask('PUT', `/v1/realms/${realmId}/presence`, {
      token: operator['accessToken'] as string,
      body: { appear: 'online' },
    })
    expect(shown.status, shown.body.toString()).toBe(200)
    await expect.poll(() => said.length, { timeout: 2000 }).toBe(2)
    expect(JSON.parse(said[1]!)).toEqual({ of: 'shown', accounts: [accountId] })
    heard.abort()
  })
})

describe('the health of a function', () => {
  it('is what it finds, under its own name, and costs the store one trip in five seconds', async () => {
    // A host whose clock is two minutes ahead.
    const host = { bootId: 'early', address: '', protocol: 2, content: '', publicKey: '' }
    const then = Date.now() + 120_000
    const card = { zone: 'hub', instance: 'hub-1', state: 'draining' as const, capacity: 10 }
    await openInstance(realm.store, then, realmId, { ...host, ...card })
    await createLease(realm.store, then, { ...host, instances: [] })
    for (const { name } of domains) {
      const { status, body } = await realm.ask('GET', `/health/${name}`)
      expect(status, `${name}: ${body.toString()}`).toBe(200)
      expect(body.toString().includes('"clock:early":false'), name).toBe(name === 'world')
    }
    const began = performance.now()
    realm.aws.uses.length = 0
    for (let i = 0; i < 5; i++) {
      const answer = await realm.ask('GET', '/health/world')
      expect(answer.json()).toMatchObject({ ok: true, checks: { store: true, keys: true } })
      expect(answer.headers.get('ratelimit'), 'nothing is counted').toBeNull()
    }
    const checks = 1 + Math.floor((performance.now() - began) / 5000)
    expect(realm.aws.uses.length).toBeLessThanOrEqual(checks)
    for (const use of realm.aws.uses) {
      expect(use).toMatchObject({ action: 'dynamodb:Query', partition: 'KEYS' })
    }
    expect((await realm.ask('GET', '/health')).status).toBe(200)
  })

  it('is not reported by another', async () => {
    const event = httpEvent({ method: 'GET', target: '/health/auth' })
    const outcome = await realm.functions.get('content')!.invoke(event)
    if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
    expect(httpAnswer(outcome.answer).json()).toMatchObject({ code: 'route.not_found' })
  })
})

describe('the clock of EventBridge', () => {
  it('lets the function of personal data close whom it is time for, and is told when that fails', async () => {
    const { accountId } = (
      await realm.ask('POST', '/v1/auth/guest', {
        body: { deviceSecret: Buffer.alloc(32, 3).toString('base64url') },
      })
    ).json() as { accountId: string }
    const at = Date.now() - 1000
    const key = { pk: 'ERASURES', sk: `${String(at).padStart(15, '0')}#${accountId}` }
    const item = { ...key, v: 1, accountId, at, askedAt: at, closed: false }
    await realm.store.put({ table: 'core', item })
    await realm.store.update({
      table: 'core',
      key: { pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' },
      update: 'SET eraseAt = :at, closing = :no',
      values: { ':at': at, ':no': false },
    })
    const personal = realm.functions.get('personal')!
    expect(await personal.invoke({ timer: 'personal' })).toMatchObject({
      answer: { statusCode: 200 },
    })
    const query = { keyCondition: 'pk = :pk', values: { ':pk': 'ERASURES' } }
    const { items } = await realm.store.query({ table: 'core', ...query })
    expect(items).toMatchObject([{ accountId, closed: true }])
    // Of another domain: nothing to do.
    const other = realm.functions.get('content')!
    expect(await other.invoke({ timer: 'personal' })).toMatchObject({ answer: { statusCode: 200 } })
    // A row that it cannot read is an error of the function, and its alarm.
    await realm.store.put({ table: 'core', item: { pk: 'ERASURES', sk: '0', v: 1 } })
    expect(await personal.invoke({ timer: 'personal' })).toMatchObject({ error: {} })
    await realm.store.delete({ table: 'core', key: { pk: 'ERASURES', sk: '0' } })
  })
})

describe('what API Gateway hands over', () => {
  it('keeps bodies in base64, cookies, and several values of one name', async () => {
    const headers = {
      authorization: `Bearer ${token}`,
      // It is no type that is passed as text, though its body is read as JSON or not at all.
      'content-type': 'application/problem+json',
      'idempotency-key': newId(systemRuntime),
      cookie: 'a=1; b=2',
      accept: ['text/html', 'application/json'],
    }
    const target = `/v1/realms/${realmId}/characters?zone=hub&zone=forest`
    const body = JSON.stringify({ name: 'Zoe Vale', race: 'human', job: 'mage' })
    const refused = await realm.send({ method: 'POST', target, headers, body })
    expect(refused.json()).toMatchObject({ status: 415, code: 'request.media_type' })
    const event = httpEvent({ method: 'POST', target, headers, body })
    expect(event).toMatchObject({ isBase64Encoded: true, cookies: ['a=1', 'b=2'] })
    // A text type in base64, as after a compression on the way.
    const packed = {
      ...event,
      headers: { ...headers, 'content-type': 'application/json', accept: '*/*' },
    }
    const outcome = await realm.functions.get('characters')!.invoke({ ...packed, cookies: [] })
    if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
    expect(httpAnswer(outcome.answer).json()).toMatchObject({ name: 'Zoe Vale' })
  })

  it('refuses a body that is not UTF-8, too large, or broken', async () => {
    const target = '/v1/auth/login'
    const headers = { 'content-type': 'application/json', 'idempotency-key': newId(systemRuntime) }
    const send = async (body: string | Uint8Array) =>
      (await realm.send({ method: 'POST', target, headers, body })).json()
    expect(await send('{"loginName":')).toMatchObject({ code: 'request.malformed' })
    expect(await send('x'.repeat(70_000))).toMatchObject({ code: 'request.too_large' })
    const event = httpEvent({ method: 'POST', target, headers, body: '' })
    const latin = Buffer.from('{"loginName":"zo\xeb"}', 'latin1').toString('base64')
    const outcome = await realm.functions
      .get('auth')!
      .invoke({ ...event, body: latin, isBase64Encoded: true })
    if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
    expect(httpAnswer(outcome.answer).json()).toMatchObject({ code: 'request.malformed' })
  })

  it.each([
    ['Mira%20Vale', 'character:Mira Vale'],
    ['%23', '#'],
    ['a%25b', 'a%b'],
    ['a%2541', 'a%41'],
    ['%C3%AB', 'ë'],
    ['a%3Fb', 'a?b'],
    ['a%26b%3Dc', 'a&b=c'],
    ['..', '..'],
  ])('keeps what is encoded in a path: %s', async (encoded) => {
    // Nobody is called that; it must be asked for, and nothing else.
    const answer = await realm.send({ method: 'GET', target: `/v1/content/zones/${encoded}` })
    const { code } = answer.json()
    expect([400, 404]).toContain(answer.status)
    expect(['request.invalid', 'content.not_found', 'route.not_found']).toContain(code)
  })

  it('finds a player by a name with a blank', async () => {
    const body = { loginName: 'mira', password: goodPassword }
    const operator = (await realm.ask('POST', '/v1/auth/login', { body })).json()
    const target = '/v1/admin/players/character%3AMira%20Vale'
    const found = await realm.ask('GET', target, { token: operator['accessToken'] as string })
    expect(found.json()).toMatchObject({
      characters: [{ name: 'Mira Vale' }, { name: 'Zoe Vale' }],
    })
  })

  it('answers 404 and 405 as problems, HEAD without a body, and headers of safety', async () => {
    const nowhere = await realm.ask('GET', '/v1/nowhere')
    expect(nowhere.json()).toMatchObject({ status: 404, code: 'route.not_found' })
    expect(nowhere.headers.get('content-type')).toBe('application/problem+json')
    const wrong = await realm.ask('DELETE', '/v1/realms')
    expect(wrong.json()).toMatchObject({ status: 405, code: 'route.method_not_allowed' })
    expect(wrong.headers.get('allow')).toBe('GET, HEAD')
    const head = await realm.ask('HEAD', '/v1/realms')
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect(head.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('serves the document and its page, and JWKS with an ETag', async () => {
    const document = await realm.ask('GET', '/openapi.json')
    expect(document.json()).toMatchObject({
      openapi: expect.stringMatching(/^3\.1/),
      servers: [{ url: '/' }],
    })
    const page = await realm.ask('GET', '/docs')
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(page.body.toString()).toMatch(/^<!doctype html>/)
    const jwks = await realm.ask('GET', '/.well-known/jwks.json')
    expect(jwks.json()).toMatchObject({ keys: [{ kty: 'OKP', use: 'sig' }] })
    const again = await realm.send({
      method: 'GET',
      target: '/.well-known/jwks.json',
      headers: { 'if-none-match': jwks.headers.get('etag')! },
    })
    expect([again.status, again.body.length]).toEqual([304, 0])
  })
})

describe('when things go wrong', () => {
  it('a function without its variables fails its event, says which, and keeps its environment', async () => {
    const folder = realm.folders.get('content')!
    const bare = await startLambda({ name: 'bare', folder, env: {} })
    const event = httpEvent({ method: 'GET', target: '/v1/content' })
    const first = await bare.invoke(event)
    expect(first).toMatchObject({
      cold: true,
      error: {
        errorType: 'ConfigError',
        errorMessage: expect.stringContaining('WAYSTONE_PUBLIC_URL'),
      },
    })
    expect(first).toMatchObject({
      error: { errorMessage: expect.stringContaining('WAYSTONE_REDIS_SECRET') },
    })
    expect(await bare.invoke(event)).toMatchObject({ cold: false, error: {} })
    await bare.stop()
  })

  it('a handler that is not there fails the start', async () => {
    const folder = realm.folders.get('content')!
    const wrong = await startLambda({ name: 'wrong', folder, env: {}, handler: 'index.main' })
    const outcome = await wrong.invoke({})
    expect(outcome).toMatchObject({ error: { errorType: 'Runtime.HandlerNotFound' } })
    await wrong.stop()
  })

  it('a secret that is none is not quoted', async () => {
    const env = { WAYSTONE_PUBLIC_URL: 'https://x.example', WAYSTONE_REDIS_SECRET: 'broken' }
    realm.aws.secrets.set('broken', '{"url": "https://redis.example", "token": 7, "hunter2": 1}')
    const folder = realm.folders.get('content')!
    const broken = await startLambda({
      name: 'broken',
      folder,
      env: { ...env, ...realm.aws.env('broken') },
    })
    const outcome = await broken.invoke(httpEvent({ method: 'GET', target: '/v1/content' }))
    expect(outcome).toMatchObject({ error: { errorType: 'ConfigError' } })
    expect(JSON.stringify(outcome) + broken.output()).not.toMatch(/hunter2|redis\.example/)
    await broken.stop()
  })

  it('without a Redis rates count in the store', async () => {
    const env = {
      WAYSTONE_REALM: realmId,
      WAYSTONE_TABLES: tablePrefix,
      WAYSTONE_PUBLIC_URL: 'https://x.example',
      WAYSTONE_REDIS_SECRET: 'none',
      ...realm.aws.env('without'),
    }
    realm.aws.secrets.set('none', '{}')
    const folder = realm.folders.get('content')!
    const without = await startLambda({ name: 'without', folder, env })
    // A process reports cheap reads by the 20th part of their limit. A window may end in between.
    const event = httpEvent({ method: 'GET', target: '/v1/content' })
    for (let i = 0; i < (2 * RATES['read.address'].strict.count) / rateReportPart + 2; i++) {
      const outcome = await without.invoke(event)
      if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
      expect(httpAnswer(outcome.answer).headers.get('ratelimit')).toMatch(/r=\d+/)
    }
    const counted = realm.aws.uses.filter((use) => use.function === 'without')
    expect(counted.some(({ partition }) => partition?.startsWith('RATE#'))).toBe(true)
    await without.stop()
  })

  it('a store that says nothing is a 503 well before the deadline, warm and cold', async () => {
    const target = `/v1/realms/${realmId}/status`
    const ask = async () => await realm.send({ method: 'GET', target })
    process.kill(realm.databasePid, 'SIGSTOP')
    try {
      const health = async () => (await realm.ask('GET', '/health/characters')).json()
      const unhealthy = { ok: false, checks: { store: false, keys: false } }
      await expect.poll(health, { timeout: 15_000 }).toMatchObject(unhealthy)
      const warm = await ask()
      expect(warm.json()).toMatchObject({ status: 503, code: 'store.unavailable' })
      expect(warm.headers.get('retry-after')).toMatch(/^\d+$/)
      await realm.functions.get('world')!.recycle()
      const cold = await ask()
      expect(cold.json()).toMatchObject({ status: 503, code: 'store.unavailable' })
    } finally {
      process.kill(realm.databasePid, 'SIGCONT')
    }
    expect((await ask()).status).toBe(200)
  })

  it('a store that says nothing leaves a fleet its hosts, and to the buffer where a function starts', async () => {
    const status = { replicas: 7, readyReplicas: 2, reservedReplicas: 0, allocatedReplicas: 5 }
    const body = { request: { uid: 'one', name: 'hub', status } }
    const target = `/internal/v1/realms/${realmId}/scaling/${scalingSecret}`
    const ask = async () => await realm.ask('POST', target, { body })
    const scaling = realm.functions.get('scaling')!
    const saidAfterAnswer = async () => {
      const response = { uid: 'one', scale: false, replicas: 7 }
      expect((await ask()).json()).toEqual({ request: null, response })
      return scaling.output()
    }
    await saidAfterAnswer()
    process.kill(realm.databasePid, 'SIGSTOP')
    try {
      // What was read before is remembered for five seconds.
      const said = 'the registry does not answer'
      await expect.poll(saidAfterAnswer, { timeout: 15_000 }).toContain(said)
      await scaling.recycle()
      expect((await ask()).json()).toMatchObject({ status: 503, code: 'store.unavailable' })
    } finally {
      process.kill(realm.databasePid, 'SIGCONT')
    }
    await saidAfterAnswer()
  })

  it('a function that FlexMatch matches for keeps what its topic tells', async () => {
    const topic = 'arn:aws:sns:eu-central-1:123456789012:flexmatch'
    const env = {
      ...realm.env('matchmaking'),
      WAYSTONE_FLEXMATCH: JSON.stringify({ topic, queues: { crypt: 'test-crypt' } }),
    }
    const folder = realm.folders.get('matchmaking')!
    const made = await startLambda({ name: 'matchmaking', folder, env })
    const message = JSON.stringify({
      source: 'aws.gamelift',
      'detail-type': 'GameLift Matchmaking Event',
      resources: ['arn:aws:gamelift:eu-central-1:1:matchmakingconfiguration/test-crypt'],
      detail: {
        type: 'MatchmakingSucceeded',
        matchId: 'one',
        tickets: [{ ticketId: 'a', players: [{ playerId: 'b', team: 'party' }] }],
      },
    })
    const sns = (TopicArn: string) => ({ Records: [{ Sns: { TopicArn, Message: message } }] })
    for (const each of [topic, `${topic}-other`]) {
      expect(await made.invoke(sns(each))).toMatchObject({ answer: { statusCode: 200 } })
    }
    await made.stop()
    const told = await Promise.all(
      [0, 1, 2, 3].map(async (shard) => {
        const { items } = await realm.store.query({
          table: 'volatile',
          keyCondition: 'pk = :pk',
          values: { ':pk': `R#${realmId}#QUEUE#crypt#${shard}` },
        })
        return items.flatMap(({ report }) => report ?? [])
      }),
    )
    expect(told.flat()).toMatchObject([{ kind: 'matched', matchId: 'one' }])
  })

  it('an event that takes too long ends the environment, and the next one starts anew', async () => {
    const folder = realm.folders.get('content')!
    const env = {
      WAYSTONE_PUBLIC_URL: 'https://x.example',
      WAYSTONE_REALM: realmId,
      WAYSTONE_TABLES: tablePrefix,
      WAYSTONE_REDIS_SECRET: redisSecret,
      ...realm.aws.env('hurried'),
    }
    const hurried = await startLambda({ name: 'hurried', folder, env, timeoutMs: 4000 })
    const event = httpEvent({ method: 'GET', target: '/v1/content' })
    realm.aws.silent.add('hurried')
    const late = await hurried.invoke(event)
    realm.aws.silent.delete('hurried')
    expect(late).toMatchObject({ error: { errorType: 'Sandbox.Timedout' } })
    expect(await hurried.invoke(event)).toMatchObject({ cold: true, answer: { statusCode: 200 } })
    await hurried.stop()
  })
})
