import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createApp } from '#functions/app.ts'
import { addressSubject, clientAddress } from '#functions/http/address.ts'
import { signAccessToken } from '#functions/http/token.ts'
import { domain, endpoint } from '#shared/api/endpoint.ts'
import { done } from '#shared/api/names.ts'
import {
  accessTokenMs,
  clockSlackMs,
  bodyMaxBytes,
  operationMaxAgeMs,
  operationMaxAheadMs,
} from '#shared/limits.ts'
import { signTicket } from '#shared/ownership/ticket.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { bareOptions, extraDomain, goodPassword, newAccount, openApi } from './api.ts'
import type { SendOptions, TestApi } from './api.ts'

const json = { 'content-type': 'application/json' }

function login(test: TestApi, more: SendOptions = {}) {
  return test.send('POST', '/v1/auth/login', {
    body: JSON.stringify({ loginName: 'mira', password: goodPassword }),
    ...more,
    headers: { ...json, 'idempotency-key': newId(test.clock), ...more.headers },
  })
}

async function codeOf(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const document = (await response.json()) as Record<string, unknown>
  expect(document['status']).toBe(response.status)
  expect(document['type']).toBe(`urn:waystone:problem:${String(document['code'])}`)
  return String(document['code'])
}

describe('routes', () => {
  it('answers 404 where nothing is declared', async () => {
    const test = await openApi()
    for (const path of ['/', '/v1', '/v1/auth/login/', '/v2/auth/login', '/%00', '/v1/%zz']) {
      const response = await test.send('GET', path)
      expect(await codeOf(response)).toBe('route.not_found')
    }
  })

  it('answers 405 with the methods that there are', async () => {
    const test = await openApi()
    const login = await test.send('GET', '/v1/auth/login')
    expect(login.status).toBe(405)
    expect(login.headers.get('allow')).toBe('POST')
    const characters = await test.send('PUT', '/v1/realms/local/characters')
    expect(await codeOf(characters)).toBe('route.method_not_allowed')
    expect(characters.headers.get('allow')).toBe('GET, HEAD, POST')
  })

  it('answers HEAD as GET without a body', async () => {
    const test = await openApi()
    const response = await test.send('HEAD', '/v1/realms')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
})

describe('bodies', () => {
  it.each([
    [undefined, 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=latin1', 415],
    ['application/jsonp', 415],
    ['application/json', 401],
    ['Application/JSON; charset=UTF-8', 401],
  ])('of type %s are answered with %i', async (type, status) => {
    const test = await openApi()
    const headers = new Headers({ 'idempotency-key': newId(test.clock) })
    if (type !== undefined) headers.set('content-type', type)
    const body = new TextEncoder().encode(JSON.stringify({ loginName: 'x', password: 'y' }))
    const response = await test.app.request('/v1/auth/login', { method: 'POST', headers, body })
    expect(response.status).toBe(status)
  })

  it.each(['', '{', 'null', '[]', '"text"', '{"loginName":', '[[[['.repeat(2000)])(
    'that are no JSON object are refused (%#)',
    async (body) => {
      const test = await openApi()
      const response = await login(test, { body })
      expect(response.status).toBe(400)
      expect(await codeOf(response)).toMatch(/^request\.(malformed|invalid)$/)
    },
  )

  it('that are not UTF-8 are refused', async () => {
    const test = await openApi()
    const response = await test.app.request('/v1/auth/login', {
      method: 'POST',
      headers: { ...json, 'idempotency-key': newId(test.clock) },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    })
    expect(await codeOf(response)).toBe('request.malformed')
  })

  it('with text that is not Unicode are refused', async () => {
    const test = await openApi()
    const half = String.raw`\ud800`
    for (const body of [
      `{"loginName":"mira${half}","password":"violet tractor sings at noon"}`,
      `{"loginName":"mira","password":"violet tractor ${half} sings"}`,
    ]) {
      expect(await codeOf(await login(test, { body }))).toBe('request.malformed')
    }
    // Whole pairs, and a backslash before a `u`, are what they look like.
    for (const name of [String.raw`\ud83d\ude00`, String.raw`\\ud800`]) {
      const body = `{"loginName":"${name}","password":"wrong"}`
      expect(await codeOf(await login(test, { body }))).toBe('auth.invalid_credentials')
    }
    expect(test.logged).toEqual([])
  })

  it('that are too large are refused, announced or not', async () => {
    const test = await openApi()
    const body = JSON.stringify({ loginName: 'x', password: 'y', more: 'x'.repeat(bodyMaxBytes) })
    const announced = await login(test, { body, headers: { 'content-length': `${body.length}` } })
    expect(await codeOf(announced)).toBe('request.too_large')
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(1024).fill(0x20))
      },
    })
    const init = { method: 'POST', headers: json, body: endless, duplex: 'half' }
    const response = await test.app.request(new Request('http://x/v1/auth/login', init))
    expect(await codeOf(response)).toBe('request.too_large')
    expect(pulled).toBeLessThan(40)
  })

  it('say which fields are wrong and why, and repeat none of them', async () => {
    const test = await openApi()
    const body = JSON.stringify({ loginName: 'sEcReT <b>', password: 17 })
    const response = await test.send('POST', '/v1/auth/register', { headers: json, body })
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      code: 'request.invalid',
      fields: [
        { path: 'body.loginName', reason: 'has the wrong form' },
        { path: 'body.password', reason: 'must be of type string' },
      ],
    })
    expect(text).not.toMatch(/secret|17/i)
    const empty = await test.send('POST', '/v1/auth/login', { headers: json, body: '{}' })
    expect(await empty.json()).toMatchObject({
      fields: [
        { path: 'body.loginName', reason: 'is missing' },
        { path: 'body.password', reason: 'is missing' },
      ],
    })
  })

  it('cannot reach a prototype', async () => {
    const test = await openApi()
    const body = '{"__proto__":{"admin":true},"constructor":{},"loginName":"x","password":"y"}'
    expect(await codeOf(await login(test, { body }))).toBe('auth.invalid_credentials')
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })
})

describe('operation ids', () => {
  it.each([
    ['', 'operation.missing'],
    ['1', 'operation.invalid'],
    ['a3bb189e-8bf9-4888-9912-ace4e6543002', 'operation.invalid'],
  ])('%j is refused with %s', async (key, code) => {
    const test = await openApi()
    expect(await codeOf(await login(test, { headers: { 'idempotency-key': key } }))).toBe(code)
  })

  it('are refused when they are too old or from the future', async () => {
    const test = await openApi()
    const at = (now: number) => ({
      headers: { 'idempotency-key': newId({ ...test.clock, now: () => now }) },
    })
    const now = test.clock.now()
    const codes: string[] = []
    for (const birth of [
      now - operationMaxAgeMs - 1,
      now - operationMaxAgeMs,
      now + operationMaxAheadMs,
      now + operationMaxAheadMs + 1,
    ]) {
      codes.push(await codeOf(await login(test, at(birth))))
    }
    expect(codes).toEqual([
      'operation.too_old',
      'auth.invalid_credentials',
      'auth.invalid_credentials',
      'operation.from_future',
    ])
  })
})

describe('access tokens', () => {
  const list = (test: TestApi, authorization?: string) =>
    test.send('GET', '/v1/realms/local/characters', {
      headers: authorization === undefined ? {} : { authorization },
    })

  it('are taken for 15 minutes, and then said to be expired', async () => {
    const test = await openApi()
    const { accessToken } = await newAccount(test)
    test.clock.advance(accessTokenMs - 1000)
    expect((await list(test, `Bearer ${accessToken}`)).status).toBe(200)
    expect((await list(test, `bearer ${accessToken}`)).status).toBe(200)
    test.clock.advance(1000 + clockSlackMs)
    const late = await list(test, `Bearer ${accessToken}`)
    expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await codeOf(late)).toBe('auth.expired')
  })

  it('that are missing, broken, forged or meant for something else are refused without the store', async () => {
    const test = await openApi()
    const { accessToken, accountId } = await newAccount(test)
    const key = test.keys.signing()
    const now = test.clock.now()
    const [head, payload, signature] = accessToken.split('.') as [string, string, string]
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = (other: { typ?: string; iss?: string; aud?: string } = {}) => {
      const claims = { sub: accountId, sid: 's', gst: false, era: 0, iat: now / 1000 }
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', typ: other.typ ?? 'at+jwt', kid: key.keyId })
        .setIssuer(other.iss ?? 'waystone')
        .setAudience(other.aud ?? 'waystone:player')
        .setExpirationTime(Math.floor(now / 1000) + 900)
        .sign(key.privateKey)
    }
    const x = test.keys.jwks().keys[0]!.x
    const bad = {
      'an empty header': '',
      'no scheme': accessToken,
      'another scheme': `Basic ${accessToken}`,
      'two tokens': `Bearer ${accessToken} ${accessToken}`,
      garbage: 'Bearer x.y.z',
      'another payload': `Bearer ${head}.${encode({ sub: 'me' })}.${signature}`,
      'no signature': `Bearer ${head}.${payload}.`,
      'alg none': `Bearer ${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      'HMAC with the public key': `Bearer ${await new SignJWT({ sub: accountId })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key.keyId })
        .sign(Buffer.from(x))}`,
      'another type': `Bearer ${await signed({ typ: 'JWT' })}`,
      'another audience': `Bearer ${await signed({ aud: 'waystone:zone' })}`,
      'another issuer': `Bearer ${await signed({ iss: 'elsewhere' })}`,
      'a ticket': `Bearer ${await signTicket(key, {
        ticketId: 't',
        characterId: accountId,
        accountId,
        realmId: 'local',
        bootId: 'b',
        instance: 'i',
        epoch: 1,
        expiresAt: now + 30_000,
      })}`,
      'a very long one': `Bearer ${'a'.repeat(10_000)}`,
    }
    test.trips.reset()
    expect((await list(test, `Bearer ${await signed()}`)).status).toBe(200)
    expect(test.trips.trips).toHaveLength(1)
    for (const [what, authorization] of Object.entries(bad)) {
      const response = await list(test, authorization)
      expect(response.headers.get('www-authenticate'), what).toContain('Bearer')
      expect(await codeOf(response), what).toBe('auth.required')
    }
    expect(await codeOf(await list(test))).toBe('auth.required')
    expect(test.trips.trips).toHaveLength(1)
    // A key that is not known may have been made just now: the keys are read, once a second.
    const unknown = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: 'no' })
    for (let i = 0; i < 5; i++) {
      const response = await list(test, `Bearer ${unknown}.${payload}.${signature}`)
      expect(await codeOf(response)).toBe('auth.required')
    }
    expect(test.trips.trips).toHaveLength(2)
  })

  it('are verified across a rotation of keys, and no longer than they may live', async () => {
    const test = await openApi()
    const before = await newAccount(test)
    await test.keys.rotate()
    test.clock.advance(accessTokenMs - 1000)
    expect((await list(test, `Bearer ${before.accessToken}`)).status).toBe(200)
    const after = await newAccount(test, 'vale')
    const keyOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid
    expect(keyOf(after.accessToken)).not.toBe(keyOf(before.accessToken))
    const old = test.keys.verify(keyOf(before.accessToken))
    expect(old).toBeDefined()
    test.clock.advance(60 * 60 * 1000)
    expect(test.keys.verify(keyOf(before.accessToken))).toBeUndefined()
  })

  it('say who calls, from which session and of which era', async () => {
    const test = await openApi()
    const issuedAt = test.clock.now()
    const player = { accountId: 'a', loginSessionId: 's', guest: true, era: 3 }
    const { token } = await signAccessToken(test.keys.signing(), player, issuedAt)
    const seen: unknown[] = []
    const echo = domain({
      name: 'echo',
      description: '',
      endpoints: {
        who: endpoint({
          method: 'GET',
          path: '/who',
          summary: '',
          identity: 'player',
          answer: done,
          errors: [],
          limits: [],
        }),
      },
    })
    const other = await openApi({
      extra: [
        extraDomain(echo, {
          who: async (call) => {
            seen.push(call.caller)
            return {}
          },
        }),
      ],
    })
    const response = await other.send('GET', '/who', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)
    expect(seen).toEqual([{ kind: 'player', ...player }])
  })
})

describe('faults', () => {
  it('of the store are answered with 503 and a time to come back, and the process lives', async () => {
    const test = await openApi()
    const { accessToken } = await newAccount(test)
    const authorization = `Bearer ${accessToken}`
    test.faults.next = () => ({ kind: 'outage' })
    const create = { name: 'Mira', race: 'human', job: 'mage' }
    const requests = [
      () => login(test),
      () => test.send('GET', '/v1/realms/local/characters', { headers: { authorization } }),
      () => test.send('POST', '/v1/auth/logout', { headers: { authorization } }),
      () =>
        test.send('POST', '/v1/realms/local/characters', {
          headers: { ...json, authorization, 'idempotency-key': newId(test.clock) },
          body: JSON.stringify(create),
        }),
    ]
    for (const request of requests) {
      const response = await request()
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(await codeOf(response)).toBe('store.unavailable')
    }
    // Requests that need no store go on.
    expect((await test.send('GET', '/v1/realms')).status).toBe(200)
    test.faults.next = undefined
    expect(await codeOf(await login(test))).toBe('auth.invalid_credentials')
  })

  it('are logged, but what is only busy or full is not', async () => {
    const refuse = domain({
      name: 'refuse',
      description: '',
      endpoints: {
        refuse: endpoint({
          method: 'GET',
          path: '/refuse',
          summary: '',
          identity: 'anyone',
          answer: done,
          errors: ['world.full', 'auth.busy', 'world.busy'],
          limits: [],
        }),
      },
    })
    const codes: ProblemCode[] = ['world.full', 'auth.busy', 'world.busy', 'store.unavailable']
    const left = [...codes]
    const handlers = {
      refuse: async () => {
        throw new Problem(left.shift()!, { retryAfterS: 1 })
      },
    }
    const test = await openApi({ extra: [extraDomain(refuse, handlers)] })
    for (const code of codes) {
      const response = await test.send('GET', '/refuse')
      expect([response.status, await codeOf(response)]).toEqual([503, code])
    }
    expect(test.logged).toHaveLength(1)
    expect(test.logged[0]).toContain('store.unavailable')
  })

  it('of ours are logged with their cause and never shown', async () => {
    const broken = domain({
      name: 'broken',
      description: '',
      endpoints: {
        break: endpoint({
          method: 'GET',
          path: '/break',
          summary: '',
          identity: 'anyone',
          answer: done,
          errors: [],
          limits: [],
        }),
      },
    })
    const fail = async () => {
      throw new Error('the vault code is 1234', { cause: new Error('deeper') })
    }
    const test = await openApi({ extra: [extraDomain(broken, { break: fail })] })
    const response = await test.send('GET', '/break')
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(JSON.parse(text)).toEqual({
      type: 'urn:waystone:problem:internal.error',
      code: 'internal.error',
      status: 500,
      title: 'Something went wrong here',
    })
    expect(test.logged).toHaveLength(1)
    expect(test.logged[0]).toContain('the vault code is 1234')
    expect(test.logged[0]).toContain(response.headers.get('x-request-id'))
  })
})

describe('headers', () => {
  it('keep answers out of caches and pages out of answers', async () => {
    const test = await openApi()
    for (const path of ['/v1/realms', '/nothing']) {
      const { headers } = await test.send('GET', path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('let other origins in only as configured', async () => {
    const app = createApp({
      ...bareOptions(),
      corsOrigins: ['https://game.example'],
      health: async () => ({ ok: false, checks: { store: 'gone' } }),
    })
    const ask = (origin: string) =>
      app.request('/v1/auth/login', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    const good = await ask('https://game.example')
    expect(good.headers.get('access-control-allow-origin')).toBe('https://game.example')
    expect(good.headers.get('access-control-allow-headers')).toContain('idempotency-key')
    const bad = await ask('https://evil.example')
    expect(bad.headers.get('access-control-allow-origin')).toBeNull()
    expect([good.status, good.headers.get('access-control-max-age')]).toEqual([204, '600'])
    const answer = await app.request('/health', { headers: { origin: 'https://game.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://game.example')
    expect(answer.headers.get('access-control-expose-headers')).toContain('retry-after')
    // The answer to one origin is not kept for another one.
    for (const one of [good, bad, answer]) expect(one.headers.get('vary')).toBe('Origin')
    for (const path of ['/health', '/nothing']) {
      const foreign = await app.request(path, { headers: { origin: 'https://evil.example' } })
      expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
      const own = await app.request(path, { headers: { origin: 'https://game.example' } })
      expect(own.headers.get('access-control-allow-origin')).toBe('https://game.example')
    }
    const open = createApp({ ...bareOptions(), corsOrigins: ['*'] })
    const any = await open.request('/nothing', { headers: { origin: 'https://any.example' } })
    expect(any.headers.get('access-control-allow-origin')).toBe('*')
    expect(any.headers.get('vary')).toBeNull()
    const health = await app.request('/health')
    expect(health.status).toBe(503)
    const posted = await app.request('/health', { method: 'POST' })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await health.json()).toEqual({ ok: false, checks: { store: 'gone' } })
  })
})

describe('addresses', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:C000:0207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['999.0.2.7', 'unknown'],
    ['1:2:3', 'unknown'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:1::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
    ['nonsense', 'unknown'],
  ])('%s counts as %s', (address, subject) => {
    expect(addressSubject(address)).toBe(subject)
  })

  it.each<[string, string | undefined, number, string]>([
    ['no proxy, whatever the header claims', '6.6.6.6', 0, '10.0.0.1'],
    ['one proxy that saw the caller', '192.0.2.7', 1, '192.0.2.7'],
    ['one proxy, and a claim of the caller before it', '6.6.6.6, 192.0.2.7', 1, '192.0.2.7'],
    ['one proxy that adds the port', '192.0.2.7:51234', 1, '192.0.2.7'],
    ['one proxy that writes brackets', '[2001:db8::1]', 1, '2001:db8::1'],
    ['one proxy that writes brackets and port', '[2001:db8::1]:51234', 1, '2001:db8::1'],
    ['one proxy that saw an IPv6 address', '2001:db8::1', 1, '2001:db8::1'],
    ['two proxies', '6.6.6.6,192.0.2.7, 10.0.0.9', 2, '192.0.2.7'],
    ['fewer entries than proxies', '192.0.2.7', 2, '10.0.0.1'],
    ['no header', undefined, 1, '10.0.0.1'],
  ])('behind %s the caller is found', (_what, forwarded, proxies, expected) => {
    expect(clientAddress('10.0.0.1', forwarded, proxies)).toBe(expected)
  })
})
