import { describe, expect, it } from 'vitest'
import { requireSession } from '#functions/auth/auth.ts'
import { endEra } from '#functions/auth/store.ts'
import { verifyAccessToken } from '#functions/http/token.ts'
import type { Session } from '#shared/api/auth.ts'
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import {
  accessTokenMs,
  refreshRepeatMs,
  refreshTokenMs,
  sessionsPerAccountMax,
  guestsAtOnceMax,
} from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import type { Item } from '#shared/store/store.ts'
import { codeOf, goodPassword, newAccount, openApi } from './api.ts'
import type { TestApi } from './api.ts'

const body = { loginName: 'mira@example.org', password: goodPassword }
const deviceSecret = 'A'.repeat(42) + 'E'

function rowsOf(test: TestApi, sk: string): Item[] {
  return test.memory.rows('core').filter((row) => row.sk.startsWith(sk))
}

/** Sends a call 3 times in turn and 20 times at once under one operation id. */
async function repeat(test: TestApi, call: (operationId: string) => Promise<Session>) {
  const inTurn: Session[] = []
  const first = newId(test.clock)
  for (let i = 0; i < 3; i++) inTurn.push(await call(first))
  const second = newId(test.clock)
  const atOnce = await Promise.all(Array.from({ length: 20 }, () => call(second)))
  return { inTurn, atOnce }
}

function distinct(sessions: Session[]): number {
  return new Set(sessions.map((s) => `${s.accountId} ${s.refreshToken}`)).size
}

describe('register', () => {
  it('makes an account and opens its first session', async () => {
    const test = await openApi()
    const session = await newAccount(test)
    expect(session).toMatchObject({
      guest: false,
      realms: [{ realmId: 'local' }, { realmId: 'far' }],
      accessExpiresAt: test.clock.now() + accessTokenMs,
      refreshExpiresAt: test.clock.now() + refreshTokenMs,
    })
    expect(test.trips.sequential()).toBe(2)
  })

  it('has one effect, however often it is sent', async () => {
    const test = await openApi()
    const inTurn = newId(test.clock)
    const sessions: Session[] = []
    for (let i = 0; i < 3; i++) {
      sessions.push(await test.client().auth.register({ body }, { operationId: inTurn }))
    }
    expect(distinct(sessions)).toBe(1)
    const other = { loginName: 'vale', password: goodPassword }
    const operationId = newId(test.clock)
    const atOnce = await Promise.all(
      Array.from({ length: 20 }, () =>
        test.client().auth.register({ body: other }, { operationId }),
      ),
    )
    expect(distinct(atOnce)).toBe(1)
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(2)
    expect(rowsOf(test, 'LOGIN')).toHaveLength(2)
    expect(rowsOf(test, 'SESSION#')).toHaveLength(2)
  })

  it('refuses a name that is taken, in any case', async () => {
    const test = await openApi()
    await newAccount(test)
    const again = { ...body, loginName: 'MIRA@example.org' }
    expect(await codeOf(test.client().auth.register({ body: again }))).toBe('auth.name_taken')
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
  })

  it('gives a name to one of twenty who want it at once', async () => {
    const test = await openApi()
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(test.client().auth.register({ body }))),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
    expect(codes.filter((code) => code === 'auth.name_taken')).toHaveLength(19)
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
  })

  it('that is repeated from another address gets the same answer', async () => {
    const test = await openApi()
    const operationId = newId(test.clock)
    const first = await test.client().auth.register({ body }, { operationId })
    const phone = test.client({ address: '198.51.100.7' })
    expect(await phone.auth.register({ body }, { operationId })).toMatchObject({
      accountId: first.accountId,
      refreshToken: first.refreshToken,
    })
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
    expect(rowsOf(test, 'SESSION#')).toHaveLength(1)
  })

  it('opens nothing for who knows the operation id but not the password', async () => {
    const test = await openApi()
    const operationId = newId(test.clock)
    await test.client().auth.register({ body }, { operationId })
    const guess = { ...body, password: 'another phrase of some length' }
    const call = test.client().auth.register({ body: guess }, { operationId })
    expect(await codeOf(call)).toBe('operation.mismatch')
  })

  it('refuses another name under the same operation id', async () => {
    const test = await openApi()
    const operationId = newId(test.clock)
    await test.client().auth.register({ body }, { operationId })
    const other = { ...body, loginName: 'vale' }
    const call = test.client().auth.register({ body: other }, { operationId })
    expect(await codeOf(call)).toBe('operation.mismatch')
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
  })

  it('is over once its session has moved on', async () => {
    const test = await openApi()
    const operationId = newId(test.clock)
    const session = await test.client().auth.register({ body }, { operationId })
    await test.client().auth.refresh({ body: { refreshToken: session.refreshToken } })
    const call = test.client().auth.register({ body }, { operationId })
    expect(await codeOf(call)).toBe('operation.superseded')
  })

  it.each([
    'passwordpassword',
    'P4ssw0rd!P4ssw0rd?',
    'qwertyuiopasdfghjkl',
    '1234567890123456',
    'abcabcabcabcabcabc',
    'mira@example.org!1',
    'Waystone Waystone 2026',
    'Correct Horse Battery Staple',
    '😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀',
    '😀 password 😀 password 😀',
  ])('refuses the password %s', async (password) => {
    const test = await openApi()
    const call = test.client().auth.register({ body: { ...body, password } })
    expect(await codeOf(call)).toBe('auth.password_refused')
    expect(test.hasher.count()).toBe(0)
  })

  // Emoji count once each, although JavaScript counts two.
  it.each(['short', 'fourteen chars', '🐎🔋📎🌈🎲🧲🪐🥁'])(
    'refuses the length of %s',
    async (password) => {
      const test = await openApi()
      const call = test.client().auth.register({ body: { ...body, password } })
      expect(await codeOf(call)).toBe('request.invalid')
    },
  )

  it.each([
    'kitchen lamp river 49',
    'my dog ate 3 green apples',
    '我喜欢在下雨天的时候慢慢地散步和读书',
    '🐎🔋📎🌈🎲🧲🪐🥁🦊🍇🧵🪁🛶🧊🎈',
  ])('takes the phrase %s', async (password) => {
    const test = await openApi()
    await test.client().auth.register({ body: { ...body, password } })
    await test.client().auth.login({ body: { ...body, password } })
  })
})

describe('log-in', () => {
  it('opens a session in at most four store trips', async () => {
    const test = await openApi()
    const { accountId } = await newAccount(test)
    test.trips.reset()
    const session = await test.client().auth.login({ body })
    expect(session.accountId).toBe(accountId)
    expect(test.trips.trips.map((trip) => trip.operation)).toEqual(['get', 'query', 'transact'])
  })

  it('ends the session that was renewed longest ago when there are twenty', async () => {
    const test = await openApi()
    const { refreshToken: first } = await newAccount(test)
    const opened: string[] = []
    for (let i = 1; i < sessionsPerAccountMax; i++) {
      test.clock.advance(60_000)
      opened.push((await test.client().auth.login({ body })).refreshToken)
    }
    const renewed = await test.client().auth.refresh({ body: { refreshToken: first } })
    for (let i = 0; i < 3; i++) {
      test.clock.advance(60_000)
      await test.client().auth.login({ body })
    }
    expect(rowsOf(test, 'SESSION#')).toHaveLength(sessionsPerAccountMax)
    const codeFor = async (refreshToken: string) =>
      await codeOf(test.client().auth.refresh({ body: { refreshToken } }))
    expect(await Promise.all(opened.slice(0, 3).map(codeFor))).toEqual(
      Array.from({ length: 3 }, () => 'auth.refresh_refused'),
    )
    expect(await codeFor(opened[3]!)).toBe('done')
    expect(await codeFor(renewed.refreshToken)).toBe('done')
  })

  it('brings an account that had hundreds of sessions down to twenty', async () => {
    const test = await openApi()
    await newAccount(test)
    const row = rowsOf(test, 'SESSION#')[0]!
    for (let i = 0; i < 120; i++) {
      await test.memory.put({ table: 'core', item: { ...row, sk: `SESSION#${i}` } })
    }
    for (let i = 0; i < 3; i++) await test.client().auth.login({ body })
    expect(rowsOf(test, 'SESSION#')).toHaveLength(sessionsPerAccountMax)
  })

  it('opens one session, however often it is sent', async () => {
    const test = await openApi()
    await newAccount(test)
    const { inTurn, atOnce } = await repeat(test, (operationId) =>
      test.client().auth.login({ body }, { operationId }),
    )
    expect(distinct(inTurn)).toBe(1)
    expect(distinct(atOnce)).toBe(1)
    // One from register, one from each of the two log-ins.
    expect(rowsOf(test, 'SESSION#')).toHaveLength(3)
  })

  it('does the same work and says the same for an unknown user and a wrong password', async () => {
    const test = await openApi()
    await newAccount(test)
    const attempt = async (loginName: string, password: string) => {
      const hashes = test.hasher.count()
      test.trips.reset()
      const response = await test.send('POST', '/v1/auth/login', {
        headers: {
          'content-type': 'application/json',
          'idempotency-key': newId(test.clock),
        },
        body: JSON.stringify({ loginName, password }),
      })
      const headers = Object.fromEntries(
        [...response.headers].filter(([name]) => !/^(x-request-id|ratelimit)/.test(name)),
      )
      return {
        status: response.status,
        headers,
        text: await response.text(),
        hashes: test.hasher.count() - hashes,
        trips: test.trips.trips.map((trip) => trip.operation),
      }
    }
    const wrong = await attempt('mira@example.org', 'not the right phrase')
    const unknown = await attempt('nobody@example.org', 'not the right phrase')
    expect(unknown).toEqual(wrong)
    expect(wrong).toMatchObject({ status: 401, hashes: 1, trips: ['get'] })
    expect(wrong.text).toContain('auth.invalid_credentials')
  })

  it('takes a short wrong password for wrong, not for malformed', async () => {
    const test = await openApi()
    const call = test.client().auth.login({ body: { loginName: 'x', password: 'y' } })
    expect(await codeOf(call)).toBe('auth.invalid_credentials')
  })

  it('stores nothing that a fast guess at the password could be checked with', async () => {
    const stored: unknown[] = []
    for (const password of [goodPassword, 'kitchen lamp river 49']) {
      const test = await openApi()
      const operationId = newId(test.clock)
      await test.client().auth.register({ body: { ...body, password } }, { operationId })
      await test.client().auth.login({ body: { ...body, password } }, { operationId })
      stored.push(rowsOf(test, 'OP').map((row) => row['fingerprint']))
    }
    expect(stored[0]).toHaveLength(2)
    expect(stored[1]).toEqual(stored[0])
  })

  it('keeps no password and no token in any row', async () => {
    const test = await openApi()
    const session = await newAccount(test)
    await test.client().auth.login({ body })
    const everything = JSON.stringify(test.memory.rows('core'))
    expect(everything).not.toContain(goodPassword)
    expect(everything).not.toContain(session.refreshToken.split('.').at(-1))
    expect(everything).not.toContain(session.accessToken)
  })
})

describe('strict limits', () => {
  it('let one address try ten passwords a minute', async () => {
    const test = await openApi({ profile: 'strict' })
    const tries: string[] = []
    for (let i = 0; i < 11; i++) {
      const attempt = { loginName: `user${i}`, password: 'wrong phrase' }
      tries.push(await codeOf(test.client().auth.login({ body: attempt })))
    }
    expect(tries.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'auth.invalid_credentials'))
    expect(tries[10]).toBe('request.rate_limited')
    expect(test.hasher.count()).toBe(10)
  })

  it.each(['mira@example.org', 'nobody@example.org'])(
    'let one address try five passwords in five minutes at %s, and nobody else is kept out by that',
    async (loginName) => {
      const test = await openApi({ profile: 'strict' })
      await newAccount(test)
      const hashes = test.hasher.count()
      const guess = { loginName, password: 'wrong phrase' }
      const guesser = test.client({ address: '198.51.100.7' })
      const tries: string[] = []
      for (let i = 0; i < 8; i++) tries.push(await codeOf(guesser.auth.login({ body: guess })))
      expect(tries.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'auth.invalid_credentials'))
      expect(tries.slice(5)).toEqual(Array.from({ length: 3 }, () => 'request.rate_limited'))
      expect(test.hasher.count() - hashes).toBe(5)
      const elsewhere = test.client({ address: '203.0.113.1' })
      const owner = codeOf(elsewhere.auth.login({ body: { ...body, loginName } }))
      expect(await owner).toBe(loginName === body.loginName ? 'done' : 'auth.invalid_credentials')
      test.clock.advance(600_000)
      expect(await codeOf(guesser.auth.login({ body: guess }))).toBe('auth.invalid_credentials')
    },
  )

  it('let all strangers together try a hundred an hour at a name; a known device gets in all the same', async () => {
    const test = await openApi({ profile: 'strict' })
    const { deviceToken } = await test.client().auth.register({ body })
    const hashes = test.hasher.count()
    const guess = { ...body, password: 'wrong phrase' }
    const tries: string[] = []
    for (let i = 0; i < 120; i++) {
      const client = test.client({ address: `198.51.${i}.1` })
      tries.push(await codeOf(client.auth.login({ body: guess })))
    }
    expect(tries.indexOf('request.rate_limited')).toBe(100)
    expect(test.hasher.count() - hashes).toBe(100)
    // The right password too, for the store is not even asked; but not from where it was known before.
    const stranger = test.client({ address: '203.0.113.1' })
    expect(await codeOf(stranger.auth.login({ body }))).toBe('request.rate_limited')
    const known = test.client({ address: '203.0.113.2' })
    const session = await known.auth.login({ body: { ...body, deviceToken } })
    expect(session.deviceToken).toBe(deviceToken)
    expect(await codeOf(known.auth.login({ body: { ...guess, deviceToken } }))).toBe(
      'auth.invalid_credentials',
    )
  })

  it('let a known device try ten passwords in five minutes, from wherever', async () => {
    const test = await openApi({ profile: 'strict' })
    const { deviceToken } = await test.client().auth.register({ body })
    const guess = { ...body, password: 'wrong phrase', deviceToken }
    const tries: string[] = []
    for (let i = 0; i < 12; i++) {
      const client = test.client({ address: `198.51.${i}.1` })
      tries.push(await codeOf(client.auth.login({ body: guess })))
    }
    expect(tries.indexOf('request.rate_limited')).toBe(10)
  })

  it('take a device for known at the name it has logged in to, and nowhere else', async () => {
    const test = await openApi({ profile: 'strict' })
    const { deviceToken } = await test.client().auth.register({ body })
    const [version, nonce, mac] = deviceToken.split('.')
    const forged = [
      { ...body, loginName: 'vale@example.org', deviceToken },
      { ...body, password: 'wrong phrase', deviceToken: `${version}.${nonce}.${'A'.repeat(43)}` },
      { ...body, password: 'wrong phrase', deviceToken: `${version}.${'A'.repeat(22)}.${mac}` },
      { ...body, password: 'wrong phrase', deviceToken: '1..' },
    ]
    for (const [index, guess] of forged.entries()) {
      const client = test.client({ address: `198.51.100.${index}` })
      const tries: string[] = []
      for (let i = 0; i < 6; i++) tries.push(await codeOf(client.auth.login({ body: guess })))
      expect(tries.indexOf('request.rate_limited'), guess.deviceToken).toBe(5)
    }
  })

  it('count the accounts that an address makes, not the guests who come back to theirs', async () => {
    const test = await openApi({ profile: 'strict' })
    const guest = async (deviceSecret: string) =>
      await codeOf(test.client().auth.guest({ body: { deviceSecret } }))
    const secretOf = (i: number) => `${'A'.repeat(41)}${String.fromCharCode(65 + i)}E`
    for (let i = 0; i < 30; i++) expect(await guest(secretOf(0)), `visit ${i}`).toBe('done')
    // A name that is taken makes no account either.
    test.clock.advance(60_000)
    await newAccount(test)
    for (let i = 0; i < 4; i++) {
      expect(await codeOf(test.client().auth.register({ body }))).toBe('auth.name_taken')
    }
    for (let i = 1; i < 9; i++) expect(await guest(secretOf(i))).toBe('done')
    expect(await guest(secretOf(9))).toBe('request.rate_limited')
    expect(await guest(secretOf(0))).toBe('done')
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(10)
  })

  it('count a whole IPv6 network as one address', async () => {
    const test = await openApi({ profile: 'strict' })
    const tries: string[] = []
    for (let i = 0; i < 11; i++) {
      const client = test.client({ address: `2001:db8:1:2::${i + 1}` })
      const attempt = { loginName: `user${i}`, password: 'wrong phrase' }
      tries.push(await codeOf(client.auth.login({ body: attempt })))
    }
    expect(tries[10]).toBe('request.rate_limited')
    const other = test.client({ address: '2001:db8:1:3::1' })
    const attempt = { loginName: 'user', password: 'wrong phrase' }
    expect(await codeOf(other.auth.login({ body: attempt }))).toBe('auth.invalid_credentials')
  })

  it('count the requests of an account from wherever they come', async () => {
    const test = await openApi({ profile: 'strict' })
    const { accessToken } = await newAccount(test)
    const other = await newAccount(test, 'vale')
    const codes: string[] = []
    for (let i = 0; i < 61; i++) {
      const client = test.client({ token: accessToken, address: `198.51.100.${i}` })
      codes.push(await codeOf(client.auth.logout()))
    }
    expect(codes.indexOf('request.rate_limited')).toBe(60)
    expect(await codeOf(test.client({ token: other.accessToken }).auth.logout())).toBe('done')
  })

  it('say how much is left, and when to come back', async () => {
    const test = await openApi({ profile: 'strict' })
    const attempt = async () =>
      await test.send('POST', '/v1/auth/login', {
        headers: { 'content-type': 'application/json', 'idempotency-key': newId(test.clock) },
        body: JSON.stringify({ loginName: 'x', password: 'y' }),
      })
    const first = await attempt()
    expect(first.headers.get('ratelimit-policy')).toBe('"password.address";q=10;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"password\.address";r=9;t=\d+$/)
    let last = first
    for (let i = 0; i < 10; i++) last = await attempt()
    expect(last.status).toBe(429)
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(last.headers.get('retry-after'))).toBeLessThanOrEqual(120)
  })
})

describe('guest', () => {
  it('is the same account for the same device, however often it is sent', async () => {
    const test = await openApi()
    const { inTurn, atOnce } = await repeat(test, (operationId) =>
      test.client().auth.guest({ body: { deviceSecret } }, { operationId }),
    )
    expect(distinct(inTurn)).toBe(1)
    expect(distinct(atOnce)).toBe(1)
    expect(new Set([...inTurn, ...atOnce].map((s) => s.accountId)).size).toBe(1)
    expect(inTurn[0]!.guest).toBe(true)
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
    expect(rowsOf(test, 'SESSION#')).toHaveLength(2)
    expect(JSON.stringify(test.memory.rows('core'))).not.toContain(deviceSecret)
  })

  it('come in by order of arrival when many come at once, a few at a time', async () => {
    const test = await openApi()
    const came: number[] = []
    const arrive = async (i: number) => {
      const secret = Buffer.alloc(32, i).toString('base64url')
      await test.client().auth.guest({ body: { deviceSecret: secret } })
      came.push(i)
    }
    const many = Array.from({ length: 40 }, (_, i) => i)
    await Promise.all(many.map(arrive))
    const { trips } = test.trips
    const underWay = trips.map(
      ({ start }) => trips.filter((other) => other.start <= start && start < other.end).length,
    )
    expect(Math.max(...underWay)).toBe(guestsAtOnceMax)
    expect(came.toSorted((a, b) => a - b)).toEqual(many)
    // Those that are under way together may end in any order, so one may overtake so many, and one may take long.
    const overtook = came.map((i, place) => i - place)
    expect(Math.max(...overtook)).toBeLessThan(guestsAtOnceMax)
  })

  it('makes one account when twenty different requests come at once', async () => {
    const test = await openApi()
    const sessions = await Promise.all(
      Array.from({ length: 20 }, () => test.client().auth.guest({ body: { deviceSecret } })),
    )
    expect(new Set(sessions.map((s) => s.accountId)).size).toBe(1)
    expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
    expect(rowsOf(test, 'SESSION#')).toHaveLength(20)
  })

  it('takes two store trips', async () => {
    const test = await openApi()
    await test.client().auth.guest({ body: { deviceSecret } })
    expect(test.trips.trips).toHaveLength(2)
    test.trips.reset()
    await test.client().auth.guest({ body: { deviceSecret } })
    expect(test.trips.trips).toHaveLength(2)
  })

  it('refuses another device under the same operation id', async () => {
    const test = await openApi()
    const operationId = newId(test.clock)
    await test.client().auth.guest({ body: { deviceSecret } }, { operationId })
    const other = { deviceSecret: 'B'.repeat(43) }
    const call = test.client().auth.guest({ body: other }, { operationId })
    expect(await codeOf(call)).toBe('operation.mismatch')
  })
})

describe('refresh', () => {
  const refresh = (test: TestApi, refreshToken: string) =>
    test.client().auth.refresh({ body: { refreshToken } })

  it('gives a new token in at most three store trips', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    test.trips.reset()
    test.clock.advance(60_000)
    const second = await refresh(test, first.refreshToken)
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect(second.refreshExpiresAt).toBe(test.clock.now() + refreshTokenMs)
    expect(test.trips.trips).toHaveLength(3)
    expect(test.trips.sequential()).toBe(2)
  })

  it('gives the same successor 3 times in turn and 20 times at once', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    const inTurn = new Set<string>()
    let next: Session = first
    for (let i = 0; i < 3; i++) {
      next = await refresh(test, first.refreshToken)
      inTurn.add(next.refreshToken)
    }
    expect(inTurn.size).toBe(1)
    const atOnce = await Promise.all(
      Array.from({ length: 20 }, () => refresh(test, next.refreshToken)),
    )
    expect(new Set(atOnce.map((s) => s.refreshToken)).size).toBe(1)
    expect(rowsOf(test, 'SESSION#')[0]).toMatchObject({ generation: 3, revoked: false })
  })

  it('repeats a lost answer for 30 s, and gives another successor after that', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    const lost = await refresh(test, first.refreshToken)
    test.clock.advance(refreshRepeatMs)
    expect((await refresh(test, first.refreshToken)).refreshToken).toBe(lost.refreshToken)
    // The device slept before the answer came, for an hour and then for a week.
    for (const ms of [1, 3_600_000, 7 * 86_400_000]) {
      test.clock.advance(ms)
      const late = await refresh(test, first.refreshToken)
      expect(late.refreshToken).not.toBe(lost.refreshToken)
      expect(late.refreshExpiresAt).toBe(test.clock.now() + refreshTokenMs)
    }
    const last = await refresh(test, first.refreshToken)
    const next = await refresh(test, last.refreshToken)
    expect(await codeOf(refresh(test, next.refreshToken))).toBe('done')
  })

  it('gives one successor to twenty who come late with the same token', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    await refresh(test, first.refreshToken)
    test.clock.advance(refreshRepeatMs + 1)
    const late = await Promise.all(
      Array.from({ length: 20 }, () => refresh(test, first.refreshToken)),
    )
    expect(new Set(late.map((s) => s.refreshToken)).size).toBe(1)
  })

  it.each(['owner', 'thief'] as const)(
    'sees a theft although the copy is used in turns with the original, the %s first',
    async (who) => {
      const test = await openApi()
      const stolen = (await newAccount(test)).refreshToken
      const token = { owner: stolen, thief: stolen }
      const other = who === 'owner' ? 'thief' : 'owner'
      for (const each of [who, other, who] as const) {
        token[each] = (await refresh(test, token[each])).refreshToken
        test.clock.advance(accessTokenMs)
      }
      // The first one has used his token, so the token of the other one is a copy.
      expect(await codeOf(refresh(test, token[other]))).toBe('auth.session_revoked')
      expect(await codeOf(refresh(test, token[who]))).toBe('auth.session_revoked')
    },
  )

  it('goes on with the first successor when it was not lost after all', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    const second = await refresh(test, first.refreshToken)
    test.clock.advance(refreshRepeatMs + 1)
    const late = await refresh(test, first.refreshToken)
    const third = await refresh(test, second.refreshToken)
    expect(await codeOf(refresh(test, third.refreshToken))).toBe('done')
    expect(await codeOf(refresh(test, late.refreshToken))).toBe('auth.session_revoked')
  })

  it('goes on with a session that was opened before spent tokens were written down', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    const second = await refresh(test, first.refreshToken)
    const { spent: _, unusedFrom: __, era: ___, ...old } = rowsOf(test, 'SESSION#')[0]!
    await test.memory.put({ table: 'core', item: old })
    expect((await refresh(test, first.refreshToken)).refreshToken).toBe(second.refreshToken)
    expect(await codeOf(refresh(test, second.refreshToken))).toBe('done')
  })

  it('ends the session for a token two generations old, however soon', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    const second = await refresh(test, first.refreshToken)
    const third = await refresh(test, second.refreshToken)
    expect(await codeOf(refresh(test, first.refreshToken))).toBe('auth.session_revoked')
    expect(await codeOf(refresh(test, third.refreshToken))).toBe('auth.session_revoked')
  })

  it('refuses a forged token without touching the store', async () => {
    const test = await openApi()
    const { refreshToken } = await newAccount(test)
    test.trips.reset()
    const [version, family, account, generation, mac] = refreshToken.split('.')
    const forged = [
      'x',
      '',
      `${version}.${family}.${account}.2.${mac}`,
      `${version}.${family}.${newId(test.clock)}.${generation}.${mac}`,
      `${version}.${'A'.repeat(22)}.${account}.${generation}.${mac}`,
      `2.${family}.${account}.${generation}.${mac}`,
      `${version}.${family}.${account}.${generation}.${'A'.repeat(43)}`,
    ]
    for (const token of forged) {
      expect(await codeOf(refresh(test, token))).toBe('auth.refresh_refused')
    }
    expect(test.trips.trips).toEqual([])
  })

  it('refuses a token that has lain for a month', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    test.clock.advance(refreshTokenMs)
    expect(await codeOf(refresh(test, first.refreshToken))).toBe('auth.refresh_refused')
  })

  it('says that it is a guest who refreshes', async () => {
    const test = await openApi()
    const guest = await test.client().auth.guest({ body: { deviceSecret } })
    expect((await refresh(test, guest.refreshToken)).guest).toBe(true)
  })
})

describe('log-out', () => {
  it('ends this session and no other, and can be sent again', async () => {
    const test = await openApi()
    const here = await newAccount(test)
    const there = await test.client().auth.login({ body })
    const client = test.client({ token: here.accessToken })
    test.trips.reset()
    for (let i = 0; i < 3; i++) await client.auth.logout()
    await Promise.all(Array.from({ length: 20 }, () => client.auth.logout()))
    expect(test.trips.trips).toHaveLength(23)
    const gone = test.client().auth.refresh({ body: { refreshToken: here.refreshToken } })
    expect(await codeOf(gone)).toBe('auth.session_revoked')
    await test.client().auth.refresh({ body: { refreshToken: there.refreshToken } })
  })

  it('ends the way into the world at once, for this session alone', async () => {
    const test = await openApi()
    const here = await newAccount(test)
    const there = await test.client().auth.login({ body })
    const codes = async () =>
      await Promise.all(
        [here, there].map(async ({ accessToken: token }) => {
          const request = { characterId: newId(test.clock), protocol: 2 }
          const params = { realmId: 'local' }
          return await codeOf(test.client({ token }).world.enter({ params, body: request }))
        }),
      )
    expect(await codes()).toEqual(['character.not_found', 'character.not_found'])
    await test.client({ token: here.accessToken }).auth.logout()
    expect(await codes()).toEqual(['auth.session_revoked', 'character.not_found'])
  })

  it('everywhere ends all sessions until the next log-in', async () => {
    const test = await openApi()
    const here = await newAccount(test)
    const there = await test.client().auth.login({ body })
    const client = test.client({ token: here.accessToken })
    for (let i = 0; i < 3; i++) await client.auth.logoutEverywhere()
    await Promise.all(Array.from({ length: 20 }, () => client.auth.logoutEverywhere()))
    for (const { refreshToken } of [here, there]) {
      const gone = test.client().auth.refresh({ body: { refreshToken } })
      expect(await codeOf(gone)).toBe('auth.session_revoked')
    }
    test.clock.advance(1)
    const again = await test.client().auth.login({ body })
    await test.client().auth.refresh({ body: { refreshToken: again.refreshToken } })
  })

  it('voids a token that is being made meanwhile', async () => {
    const test = await openApi()
    const { accountId, refreshToken } = await newAccount(test)
    let ended = false
    // It is applied after the refresh has read the account, and before the answer.
    test.faults.next = ({ operation }) => {
      if (operation !== 'update' || ended) return undefined
      ended = true
      void endEra(test.memory, accountId, 0)
      return undefined
    }
    const { accessToken } = await test.client().auth.refresh({ body: { refreshToken } })
    const player = await verifyAccessToken(test.keys.verify, test.clock.now(), accessToken)
    expect(ended).toBe(true)
    expect(player).toMatchObject({ accountId })
    const deps = { store: test.memory, runtime: test.clock }
    await expect(requireSession(deps, player as PlayerCaller)).rejects.toThrow(
      'The session was ended',
    )
  })

  it('everywhere ends what was there, whatever the clocks of the functions say', async () => {
    const test = await openApi()
    const { accessToken } = await newAccount(test)
    // The clock of this function is a day ahead. The clock of the next one is right.
    test.clock.advance(86_400_000 - accessTokenMs)
    const fresh = await test.client().auth.login({ body })
    await test.client({ token: fresh.accessToken }).auth.logoutEverywhere()
    test.clock.advance(-86_400_000 + accessTokenMs)
    const again = await test.client().auth.login({ body })
    await test.client().auth.refresh({ body: { refreshToken: again.refreshToken } })
    // An old log-out that is sent again does not end newer sessions.
    await test.client({ token: accessToken }).auth.logoutEverywhere()
    await test.client().auth.refresh({ body: { refreshToken: again.refreshToken } })
  })

  it('everywhere, of before there were eras, still holds', async () => {
    const test = await openApi()
    const { refreshToken } = await newAccount(test)
    const account = rowsOf(test, 'ACCOUNT')[0]!
    const { era: _, ...old } = account
    await test.memory.put({ table: 'core', item: { ...old, sessionsFrom: 5 } })
    const gone = test.client().auth.refresh({ body: { refreshToken } })
    expect(await codeOf(gone)).toBe('auth.session_revoked')
    const again = await test.client().auth.login({ body })
    await test.client({ token: again.accessToken }).auth.logoutEverywhere()
    const ended = test.client().auth.refresh({ body: { refreshToken: again.refreshToken } })
    expect(await codeOf(ended)).toBe('auth.session_revoked')
  })

  it('makes a repeated log-in of before worthless', async () => {
    const test = await openApi()
    await newAccount(test)
    const operationId = newId(test.clock)
    const session = await test.client().auth.login({ body }, { operationId })
    await test.client({ token: session.accessToken }).auth.logoutEverywhere()
    const call = test.client().auth.login({ body }, { operationId })
    expect(await codeOf(call)).toBe('operation.superseded')
  })
})

describe('realms and keys', () => {
  it('are open to anyone, and cost one look at what is planned in some seconds', async () => {
    const test = await openApi()
    expect((await test.client().auth.realms()).realms.map((realm) => realm.realmId)).toEqual([
      'local',
      'far',
    ])
    const { keys } = await test.client().auth.jwks()
    expect(keys).toHaveLength(1)
    expect(JSON.stringify(keys)).not.toContain('"d"')
    await test.client().auth.realms()
    expect(test.trips.trips.map(({ operation }) => operation)).toEqual(['query'])
  })
})

describe('a store that misbehaves', () => {
  it.each(['loseAnswer', 'loseRequest', 'conflict', 'throttle'] as const)(
    'cannot make two accounts or sessions of one request (%s)',
    async (kind) => {
      const test = await openApi()
      let faulty = 0
      // Every second transaction goes wrong once.
      test.faults.next = ({ operation }) =>
        operation === 'transact' && faulty++ % 2 === 0 ? { kind } : undefined
      const operationId = newId(test.clock)
      const session = await test.client().auth.register({ body }, { operationId })
      const again = await test.client().auth.register({ body }, { operationId })
      expect(again.refreshToken).toBe(session.refreshToken)
      expect(rowsOf(test, 'ACCOUNT')).toHaveLength(1)
      expect(rowsOf(test, 'SESSION#')).toHaveLength(1)
    },
  )

  it('gives the same successor when the answer of a refresh was lost', async () => {
    const test = await openApi()
    const first = await newAccount(test)
    test.faults.next = ({ operation }) =>
      operation === 'update' ? { kind: 'loseAnswer' } : undefined
    const call = test.client().auth.refresh({ body: { refreshToken: first.refreshToken } })
    expect(await codeOf(call)).toBe('store.unavailable')
    test.faults.next = undefined
    const { refreshToken } = await test.client().auth.refresh({ body: first })
    await test.client().auth.refresh({ body: { refreshToken } })
    expect(rowsOf(test, 'SESSION#')[0]).toMatchObject({ generation: 3, revoked: false })
  })
})
