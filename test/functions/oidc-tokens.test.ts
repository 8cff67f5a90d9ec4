// ID tokens that are forged or meant for somebody else, at the sign-in route. The issuer is small and does what a test
// says: each token comes from its token endpoint, as answer to a code, with the nonce of the sign-in that is under way.
import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, UnsecuredJWT, exportJWK } from 'jose'
import type { JWTHeaderParameters } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clockSlackMs } from '#shared/limits.ts'
import { codeOf, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const clientId = 'waystone'
const clientSecret = 'the secret of the client'
const returnTo = 'https://play.example/'
const params = { provider: 'small' }

type Key = { kid: string; privateKey: KeyObject; publicKey: KeyObject }

function newKey(kid: string, curve = 'P-256'): Key {
  return { kid, ...generateKeyPairSync('ec', { namedCurve: curve }) }
}

const published = newKey('one')
const another = newKey('one')
const unknown = newKey('two')
const forEncryption = newKey('enc')

let issuer: string
let keysRead = 0
/** What the token endpoint answers; `undefined`: the connection is cut. */
let answer: { status: number; body: string } | undefined
let metadata: Record<string, unknown> = {}
let stop: () => Promise<void>

async function publicJwk({ kid, publicKey }: Key, use = 'sig') {
  return { ...(await exportJWK(publicKey)), kid, use, alg: use === 'sig' ? 'ES256' : 'ECDH-ES' }
}

beforeAll(async () => {
  const jwks = JSON.stringify({
    keys: [await publicJwk(published), await publicJwk(forEncryption, 'enc')],
  })
  const server = createServer((request, response) => {
    request.resume()
    const at = (path: string) => `${issuer}/${path}`
    switch (request.url ?? '') {
      case '/.well-known/openid-configuration':
        response.end(
          JSON.stringify({
            issuer,
            authorization_endpoint: at('auth'),
            token_endpoint: at('token'),
            jwks_uri: at('jwks'),
            ...metadata,
          }),
        )
        return
      case '/jwks':
        keysRead++
        response.end(jwks)
        return
      default:
        if (answer === undefined) response.destroy()
        else response.writeHead(answer.status).end(answer.body)
    }
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})
afterAll(async () => await stop())
beforeEach(() => {
  answer = undefined
  metadata = {}
  keysRead = 0
})

async function open(): Promise<TestApi> {
  const small = { name: 'small', title: 'Small', issuer, clientId, clientSecret }
  return await openApi({ signIn: { oidc: [small] } })
}

/** Begins a sign-in. `bring` ends it with what the provider answers. */
async function begin(test: TestApi) {
  const { address, flow } = await test.client().auth.beginSignIn({ params, body: { returnTo } })
  const query = new URL(address).searchParams
  const [state, nonce] = [query.get('state')!, query.get('nonce')!]
  const bring = async (idToken: string) => {
    answer = { status: 200, body: JSON.stringify({ id_token: idToken, token_type: 'Bearer' }) }
    const body = { code: 'any', state, flow }
    return await test.client().auth.signIn({ params, body })
  }
  return { state, nonce, flow, bring }
}

type Claims = Record<string, unknown>
type Given = { test: TestApi; nonce: string; claims: Claims }

const seconds = (ms: number) => Math.floor(ms / 1000)

/** As an honest provider has them. */
function honest(test: TestApi, nonce: string): Claims {
  const iat = seconds(test.clock.now())
  return { iss: issuer, sub: 'mira', aud: clientId, iat, exp: iat + 300, nonce }
}

async function sign(claims: Claims, key: Key = published, header: object = {}): Promise<string> {
  const protectedHeader = { alg: 'ES256', kid: key.kid, ...header } as JWTHeaderParameters
  return await new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key.privateKey)
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** With a shared secret, as an attacker has it who knows nothing but what is public. */
function hmac(claims: Claims, secret: string | Buffer): string {
  const text = `${encoded({ alg: 'HS256', kid: published.kid })}.${encoded(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

const without = (claims: Claims, name: string): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([one]) => one !== name))

/** Each by what is wrong with it. */
const forged: Record<string, (given: Given) => Promise<string> | string> = {
  'another issuer': ({ claims }) => sign({ ...claims, iss: 'https://evil.example' }),
  'its issuer with a slash more': ({ claims }) => sign({ ...claims, iss: `${issuer}/` }),
  'no issuer': ({ claims }) => sign(without(claims, 'iss')),
  'another audience': ({ claims }) => sign({ ...claims, aud: 'another-game' }),
  'an audience that begins alike': ({ claims }) => sign({ ...claims, aud: `${clientId}-test` }),
  'no audience': ({ claims }) => sign(without(claims, 'aud')),
  'several audiences and none that is meant': ({ claims }) =>
    sign({ ...claims, aud: [clientId, 'another-game'] }),
  'another authorized party': ({ claims }) =>
    sign({ ...claims, aud: [clientId, 'another-game'], azp: 'another-game' }),
  'another authorized party, for us alone': ({ claims }) =>
    sign({ ...claims, azp: 'another-game' }),
  'no nonce': ({ claims }) => sign(without(claims, 'nonce')),
  'an empty nonce': ({ claims }) => sign({ ...claims, nonce: '' }),
  'a nonce that is no text': ({ claims, nonce }) => sign({ ...claims, nonce: [nonce] }),
  'the nonce of another sign-in': async ({ test, claims }) =>
    await sign({ ...claims, nonce: (await begin(test)).nonce }),
  'an end that is past': ({ test, claims }) =>
    sign({ ...claims, exp: seconds(test.clock.now() - clockSlackMs) - 1 }),
  'no end': ({ claims }) => sign(without(claims, 'exp')),
  'an end that is no number': ({ claims }) => sign({ ...claims, exp: '9999999999' }),
  'a beginning that is to come': ({ test, claims }) =>
    sign({ ...claims, nbf: seconds(test.clock.now() + clockSlackMs) + 5 }),
  'no time of its making': ({ claims }) => sign(without(claims, 'iat')),
  'no subject': ({ claims }) => sign(without(claims, 'sub')),
  'an empty subject': ({ claims }) => sign({ ...claims, sub: '' }),
  'a subject that is no text': ({ claims }) => sign({ ...claims, sub: 7 }),
  'a list of subjects': ({ claims }) => sign({ ...claims, sub: ['mira'] }),
  'a subject with other letters': ({ claims }) => sign({ ...claims, sub: 'mirä' }),
  'a subject with a line break': ({ claims }) => sign({ ...claims, sub: 'mira\nvale' }),
  'a subject that is too long': ({ claims }) => sign({ ...claims, sub: 'm'.repeat(256) }),
  'no signature (alg none)': ({ claims }) => new UnsecuredJWT(claims).encode(),
  'alg none in other letters': ({ claims }) => `${encoded({ alg: 'nOnE' })}.${encoded(claims)}.`,
  'an honest header and no signature': async ({ claims }) =>
    (await sign(claims)).replace(/[^.]*$/, ''),
  'the signature of another key under the known name': ({ claims }) => sign(claims, another),
  'a key that nobody has published': ({ claims }) => sign(claims, unknown),
  'a key that is for encryption': ({ claims }) => sign(claims, forEncryption),
  'a key of its own in its header': async ({ claims }) =>
    await sign(claims, another, { jwk: await publicJwk(another) }),
  'a key of its own at an address': ({ claims }) =>
    sign(claims, another, { jku: 'https://evil.example/jwks' }),
  'a header that must be understood, and is not': ({ claims }) => {
    const header = { alg: 'ES256', kid: published.kid, crit: ['exp'], exp: claims['exp'] }
    const text = `${encoded(header)}.${encoded(claims)}`
    const key = { key: published.privateKey, dsaEncoding: 'ieee-p1363' } as const
    return `${text}.${signBytes('sha256', Buffer.from(text), key).toString('base64url')}`
  },
  'the public key as a shared secret': ({ claims }) =>
    hmac(claims, published.publicKey.export({ type: 'spki', format: 'pem' })),
  'the public key as a shared secret, as JSON': async ({ claims }) =>
    hmac(claims, JSON.stringify(await publicJwk(published))),
  'the secret of the client as a shared secret': ({ claims }) => hmac(claims, clientSecret),
  'claims that were changed after it was signed': async ({ claims }) => {
    const [head, , signature] = (await sign(claims)).split('.')
    return `${head}.${encoded({ ...claims, sub: 'vale' })}.${signature}`
  },
  'a header that was changed after it was signed': async ({ claims }) => {
    const [, body, signature] = (await sign(claims)).split('.')
    return `${encoded({ alg: 'ES256', kid: published.kid, typ: 'JWT' })}.${body}.${signature}`
  },
  'five parts': ({ claims }) =>
    `${encoded({ alg: 'dir', enc: 'A128GCM' })}..a.${encoded(claims)}.b`,
  'nothing in it': () => '',
  'no JSON in it': () => 'a.b.c',
  'more than a token has': async ({ claims }) => await sign({ ...claims, x: 'x'.repeat(20_000) }),
}

/** Nobody has come in, and nothing is left of the try. */
function nobody(test: TestApi): void {
  const rows = test.memory.rows('core').map(({ pk }) => pk)
  expect(rows.filter((pk) => /^(ACCOUNT|IDENTITY)#/.test(pk))).toEqual([])
  expect(test.logged).toEqual([])
}

describe('an ID token', () => {
  it('of the provider for this sign-in opens an account', async () => {
    const test = await open()
    const { nonce, bring } = await begin(test)
    const session = await bring(await sign(honest(test, nonce)))
    const more = await begin(test)
    const aud = [clientId, 'another-game']
    const claims = { ...honest(test, more.nonce), aud, azp: clientId }
    expect((await more.bring(await sign(claims))).accountId).toBe(session.accountId)
    expect(keysRead).toBe(1)
  })

  it('is taken within what clocks may differ, and not after that', async () => {
    const test = await open()
    for (const [ago, code] of [
      [clockSlackMs - 2000, 'done'],
      [clockSlackMs + 1000, 'auth.provider_refused'],
    ] as const) {
      const { nonce, bring } = await begin(test)
      const exp = seconds(test.clock.now() - ago)
      expect(await codeOf(bring(await sign({ ...honest(test, nonce), exp })))).toBe(code)
    }
  })

  it.each(Object.keys(forged))('is refused with %s', async (what) => {
    const test = await open()
    const { nonce, bring } = await begin(test)
    const token = await forged[what]!({ test, nonce, claims: honest(test, nonce) })
    expect(await codeOf(bring(token))).toBe('auth.provider_refused')
    nobody(test)
  })

  it('is not taken a second time, for another sign-in', async () => {
    const test = await open()
    const first = await begin(test)
    const token = await sign(honest(test, first.nonce))
    await first.bring(token)
    const second = await begin(test)
    expect(await codeOf(second.bring(token))).toBe('auth.provider_refused')
  })

  it('with unknown keys makes us read the keys once a second, not more', async () => {
    const test = await open()
    for (let i = 0; i < 10; i++) {
      const { nonce, bring } = await begin(test)
      const token = await sign(honest(test, nonce), unknown, { kid: `guess ${i}` })
      expect(await codeOf(bring(token))).toBe('auth.provider_refused')
    }
    expect(keysRead).toBeLessThanOrEqual(2)
    test.clock.advance(1000)
    const { nonce, bring } = await begin(test)
    expect(await codeOf(bring(await sign(honest(test, nonce), unknown)))).toBe(
      'auth.provider_refused',
    )
    expect(keysRead).toBeLessThanOrEqual(3)
  })
})

describe('a token endpoint', () => {
  it.each([
    [{ status: 400, body: '{"error":"invalid_grant"}' }, 'auth.provider_refused'],
    [{ status: 200, body: '{"access_token":"x"}' }, 'auth.provider_refused'],
    [{ status: 200, body: '{"id_token":7}' }, 'auth.provider_refused'],
    [{ status: 200, body: '<html>' }, 'auth.provider_refused'],
    [{ status: 302, body: '' }, 'auth.provider_unavailable'],
    [{ status: 429, body: '{}' }, 'auth.provider_unavailable'],
    [{ status: 502, body: '' }, 'auth.provider_unavailable'],
    [undefined, 'auth.provider_unavailable'],
  ] as const)('that answers %j lets nobody in', async (says, code) => {
    const test = await open()
    const { state, flow } = await begin(test)
    answer = says
    const body = { code: 'any', state, flow }
    expect(await codeOf(test.client().auth.signIn({ params, body }))).toBe(code)
    nobody(test)
  })
})

describe('a provider', () => {
  it.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['no issuer', { issuer: undefined }],
    ['an address that is none', { token_endpoint: 'javascript:alert(1)' }],
  ])('that says of itself %s is not asked', async (_, says) => {
    metadata = says
    const test = await open()
    expect(await codeOf(begin(test))).toBe('auth.provider_unavailable')
  })
})
