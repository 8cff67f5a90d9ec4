// Every declared route with every kind of caller: the documented refusal, before anything else is read.
import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import type { CryptoKey, JWTPayload } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { domains } from '#functions/domains.ts'
import { declarationsOf } from '#functions/http/record.ts'
import { signAccessToken, signOperatorToken } from '#functions/http/token.ts'
import { api } from '#shared/api/api.ts'
import { commonErrors } from '#shared/api/endpoint.ts'
import type { Endpoint, Identity } from '#shared/api/endpoint.ts'
import { healthApi } from '#shared/api/health.ts'
import { reaches, roles } from '#shared/api/role.ts'
import type { Role } from '#shared/api/role.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import type { HostSigner } from '#shared/keys/host.ts'
import { accessTokenMs, clockSlackMs, hostKeyFreshMs, hostTokenMs } from '#shared/limits.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import { signTicket } from '#shared/ownership/ticket.ts'
import { newId } from '#shared/runtime.ts'
import { newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const routes = [...declarationsOf(domains), healthApi].flatMap((domain) =>
  Object.entries(domain.endpoints).map(([name, endpoint]: [string, Endpoint]) => ({
    name: `${domain.name}.${name}`,
    endpoint,
  })),
)
const closed = routes.filter(({ endpoint }) => endpoint.identity !== 'anyone')

let test: TestApi
let host: { bootId: string; identity: HostSigner }
/** Genuine tokens, by who carries them. */
let tokens: Record<'player' | Role | 'command line' | 'host', string>
let accountId: string

beforeAll(async () => {
  test = await openApi()
  const now = test.clock.now()
  host = { bootId: newId(test.clock), identity: await createHostSigner() }
  await createLease(test.memory, now, {
    bootId: host.bootId,
    address: 'ws://host/zone',
    protocol: 2,
    content: 'test',
    publicKey: host.identity.publicKey,
    instances: [],
  })
  const session = await newAccount(test)
  accountId = session.accountId
  const commandLine = await signOperatorToken(test.keys.signing(), 'ann', now)
  const withRole = async (role: Role) => {
    const { accountId: who, refreshToken } = await newAccount(test, role)
    const body = { role, reason: 'for this test' }
    await test.client({ token: commandLine }).admin.setRole({ params: { who }, body })
    return (await test.client().auth.refresh({ body: { refreshToken } })).accessToken
  }
  tokens = {
    player: session.accessToken,
    support: await withRole('support'),
    moderator: await withRole('moderator'),
    operator: await withRole('operator'),
    'command line': commandLine,
    host: await host.identity.sign(host.bootId, now),
  }
})

/** A request with a valid path and an invalid rest. A caller without permission must not learn even that. */
async function codeOf(endpoint: Endpoint, authorization?: string): Promise<string> {
  const path = endpoint.path
    .replace('{realmId}', 'local')
    .replace(/\{(characterId|who)\}/g, newId(test.clock))
    .replace(/\{\w+\}/g, 'something')
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  const response = await test.send(endpoint.method, path, { headers })
  if (response.ok) return 'done'
  const { code } = (await response.json()) as { code: string }
  if (response.status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
  const declared: readonly string[] = [...endpoint.errors, ...commonErrors(endpoint)]
  expect(declared, endpoint.path).toContain(code)
  return code
}

const refusals = new Set(['auth.required', 'auth.expired', 'auth.forbidden'])

/** What a route says to a genuine token; undefined when it is accepted. */
function refusalOf(identity: Identity, kind: keyof typeof tokens): string | undefined {
  if (identity === 'anyone') return undefined
  if (identity === 'host') return kind === 'host' ? undefined : 'auth.required'
  if (kind === 'host') return 'auth.required'
  if (identity === 'player') return kind === 'command line' ? 'auth.required' : undefined
  const role = kind === 'command line' ? 'operator' : kind === 'player' ? undefined : kind
  return reaches(role, identity) ? undefined : 'auth.forbidden'
}

describe('every route', () => {
  it.each(routes)('$name says to each kind of token what is declared', async ({ endpoint }) => {
    const { identity } = endpoint
    const without = await codeOf(endpoint)
    if (identity === 'anyone') expect(refusals).not.toContain(without)
    else expect(without).toBe('auth.required')
    for (const kind of ['player', ...roles, 'command line', 'host'] as const) {
      const code = await codeOf(endpoint, `Bearer ${tokens[kind]}`)
      const refusal = refusalOf(identity, kind)
      if (refusal === undefined) expect(refusals, kind).not.toContain(code)
      else expect(code, kind).toBe(refusal)
    }
  })

  it('refuses a genuine token that has expired, and says so', async () => {
    const now = test.clock.now()
    const key = test.keys.signing()
    const old = now - accessTokenMs - clockSlackMs - 1000
    const player = { accountId, loginSessionId: 's', guest: false, era: 0 }
    const expired: Record<Exclude<Identity, 'anyone'>, string> = {
      player: (await signAccessToken(key, player, old)).token,
      support: (await signAccessToken(key, { ...player, role: 'support' }, old)).token,
      moderator: (await signAccessToken(key, { ...player, role: 'moderator' }, old)).token,
      operator: await signOperatorToken(key, 'ann', old),
      host: await host.identity.sign(host.bootId, now - hostTokenMs - clockSlackMs - 1000),
    }
    for (const { name, endpoint } of closed) {
      const token = expired[endpoint.identity as keyof typeof expired]
      expect(await codeOf(endpoint, `Bearer ${token}`), name).toBe('auth.expired')
    }
  })

  it('refuses forged tokens of forty kinds', async () => {
    const kinds = await forgeries()
    expect(Object.keys(kinds).length).toBeGreaterThanOrEqual(40)
    for (const { name, endpoint } of closed) {
      for (const [kind, authorization] of Object.entries(kinds)) {
        const code = await codeOf(endpoint, authorization)
        expect(code, `${name}: ${kind}`).toBe('auth.required')
      }
    }
  })
})

describe("a player's things", () => {
  it('are not there for another player', async () => {
    const mine = test.client({ token: tokens.player })
    const params = { realmId: 'local' }
    const body = { name: 'Mira', race: 'human', job: 'mage' }
    const { characterId } = await mine.characters.create({ params, body })
    const other = test.client({ token: (await newAccount(test, 'bram')).accessToken })
    const notFound = { code: 'character.not_found' }
    await expect(
      other.world.enter({ params, body: { characterId, protocol: 2 } }),
    ).rejects.toMatchObject(notFound)
    const remove = other.characters.delete({ params: { ...params, characterId } })
    await expect(remove).rejects.toMatchObject(notFound)
    expect(await other.characters.list({ params })).toEqual({ characters: [] })
  })
})

describe('a host token', () => {
  const ask = async (token: string) => await codeOf(api.internal.endpoints.host, `Bearer ${token}`)

  it('is good for what the registry knows of its host', async () => {
    expect(await test.client({ token: tokens.host }).internal.host()).toEqual({
      bootId: host.bootId,
      address: 'ws://host/zone',
      now: test.clock.now(),
      realms: ['local'],
      instances: [],
    })
  })

  it('of a host that never was, or with the key of another, is refused', async () => {
    const now = test.clock.now()
    expect(await ask(await host.identity.sign(newId(test.clock), now))).toBe('auth.required')
    const other = await createHostSigner()
    expect(await ask(await other.sign(host.bootId, now))).toBe('auth.required')
  })

  it('counts for a minute, whatever the host wrote, and not before its time', async () => {
    const now = test.clock.now()
    const sign = async (at: number) => await ask(await host.identity.sign(host.bootId, at))
    expect(await sign(now - hostTokenMs + 1000)).toBe('done')
    // The host's clock may be off by a minute, either way.
    expect(await sign(now - 60_000)).toBe('done')
    expect(await sign(now + 60_000)).toBe('done')
    expect(await sign(now + clockSlackMs + 1000)).toBe('auth.required')
  })

  it('is refused within 10 s of the end of its host', async () => {
    const bootId = newId(test.clock)
    const identity = await createHostSigner()
    await createLease(test.memory, test.clock.now(), {
      bootId,
      address: 'a',
      protocol: 2,
      content: 'test',
      publicKey: identity.publicKey,
      instances: [],
    })
    const now = test.clock.now()
    expect(await ask(await identity.sign(bootId, now))).toBe('done')
    await endLease(test.memory, bootId)
    test.clock.advance(hostKeyFreshMs)
    expect(await ask(await identity.sign(bootId, now + hostKeyFreshMs))).toBe('auth.required')
    test.clock.advance(-hostKeyFreshMs)
  })
})

/** Headers of the kinds that a forger tries; none of them is expired in a way that we would report. */
async function forgeries(): Promise<Record<string, string>> {
  const now = Math.floor(test.clock.now() / 1000)
  const real = test.keys.signing()
  const x = test.keys.jwks().keys.find((key) => key.kid === real.keyId)!.x
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const stranger = pair.privateKey
  const strangerJwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const secret = new Uint8Array(Buffer.from(x, 'base64url'))
  const claims = {
    iss: 'waystone',
    aud: 'waystone:player',
    sub: accountId,
    sid: 's',
    gst: false,
    iat: now,
    era: 0,
    exp: now + 900,
    role: 'operator',
  }
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: real.keyId }
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
  const sign = async (
    payload: JWTPayload | Record<string, unknown> = claims,
    more: Record<string, unknown> = {},
    key: CryptoKey | Uint8Array = real.privateKey,
  ) => await new SignJWT(payload).setProtectedHeader({ ...header, ...more }).sign(key)
  const b64 = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const raw = (head: unknown, body: unknown, signature = 'A'.repeat(86)) =>
    `${b64(head)}.${b64(body)}.${signature}`

  const [head, body, signature] = tokens.player.split('.') as [string, string, string]
  const genuine = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  const hmacInput = `${b64({ ...header, alg: 'HS256' })}.${b64(claims)}`
  const hmac = createHmac('sha256', Buffer.from(x, 'base64url')).update(hmacInput)
  const bits = Buffer.from(signature, 'base64url')
  bits[0]! ^= 1
  const issued = test.clock.now()
  const ticket = await signTicket(real, {
    ticketId: newId(test.clock),
    characterId: accountId,
    accountId,
    realmId: 'local',
    bootId: host.bootId,
    instance: 'hub-1',
    epoch: 1,
    expiresAt: issued + 30_000,
  })

  const forged: Record<string, string> = {
    'no signature': `${head}.${body}.`,
    'two parts': `${head}.${body}`,
    'four parts': `${head}.${body}.${signature}.${signature}`,
    'five parts': `${head}.${body}.${signature}.a.b`,
    'one bit of the signature': `${head}.${body}.${bits.toString('base64url')}`,
    'a signature of nothing': raw(header, claims, ''),
    'a signature of zeros': raw(header, claims),
    'another payload under the signature': `${head}.${b64({ ...genuine, sub: 'another', role: 'operator' })}.${signature}`,
    'another header over the signature': `${b64({ ...header, typ: 'JWT' })}.${body}.${signature}`,
    'alg none': raw({ ...header, alg: 'none' }, claims, ''),
    'alg None': raw({ ...header, alg: 'None' }, claims, ''),
    'alg none with a signature': raw({ ...header, alg: 'none' }, claims),
    'HS256 with the public key': await sign(claims, { alg: 'HS256' }, secret),
    'HS256 with the public key, by hand': `${hmacInput}.${hmac.digest('base64url')}`,
    'alg ES256': raw({ ...header, alg: 'ES256' }, claims),
    'alg RS256': raw({ ...header, alg: 'RS256' }, claims),
    'alg missing': raw({ typ: 'at+jwt', kid: real.keyId }, claims),
    'the key of a stranger': await sign(claims, {}, stranger),
    'the key of a stranger with his jwk': await sign(claims, { jwk: strangerJwk }, stranger),
    'a jku': await sign(claims, { jku: 'https://forger.example/jwks.json' }, stranger),
    'an x5u': await sign(claims, { x5u: 'https://forger.example/x.pem' }, stranger),
    'an unknown kid': await sign(claims, { kid: 'nobody' }, stranger),
    'no kid': await sign(claims, { kid: undefined }, stranger),
    'a kid that is a path': await sign(claims, { kid: '../../dev/null' }, stranger),
    'a kid that is a prototype': await sign(claims, { kid: '__proto__' }, stranger),
    'another typ': await sign(claims, { typ: 'JWT' }),
    'no typ': await sign(claims, { typ: undefined }),
    'another issuer': await sign({ ...claims, iss: 'somebody' }),
    'no issuer': await sign(without('iss')),
    'another audience': await sign({ ...claims, aud: 'waystone:zone' }),
    'no audience': await sign(without('aud')),
    'no end': await sign(without('exp')),
    'an end that is a text': raw(header, { ...claims, exp: 'never' }),
    'no subject': await sign(without('sub')),
    'an empty subject': await sign({ ...claims, sub: '' }),
    'no era': await sign(without('era')),
    'a negative era': await sign({ ...claims, era: -1 }),
    'no session': await sign(without('sid')),
    'a role that is none': await sign({ ...claims, role: 'king' }),
    'not valid yet': await sign({ ...claims, nbf: now + 600 }),
    'a critical header': raw({ ...header, crit: ['exp'] }, claims, signature),
    'an unencoded payload': raw({ ...header, b64: false, crit: ['b64'] }, claims),
    'a ticket': ticket,
    'the command line of nobody': await sign(
      { ...claims, aud: 'waystone:operator', sub: accountId },
      { typ: 'waystone-operator+jwt' },
    ),
    'a host by our own key': await sign(
      { iss: host.bootId, aud: 'waystone:internal', iat: now, exp: now + 60 },
      { typ: 'waystone-host+jwt' },
    ),
    'a host that is a path': raw(
      { alg: 'EdDSA', typ: 'waystone-host+jwt' },
      { iss: '../KEYS', aud: 'waystone:internal', iat: now, exp: now + 60 },
    ),
    'arrays for objects': raw([], []),
    'JSON null': raw(null, null),
    dots: '..',
    garbage: 'garbage',
    'a long one': 'A'.repeat(5000),
  }
  const headers = Object.fromEntries(
    Object.entries(forged).map(([kind, token]) => [kind, `Bearer ${token}`]),
  )
  return {
    ...headers,
    'nothing behind Bearer': 'Bearer ',
    'another scheme': `Basic ${tokens.player}`,
    'no scheme': tokens.player,
    'two tokens': `Bearer ${tokens.player} ${tokens.player}`,
    'a list of schemes': `Bearer ${tokens.player}, Bearer ${tokens.operator}`,
  }
}
