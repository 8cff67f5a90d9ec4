// What a player does with his account, and the ways into it beside a password.
import { describe, expect, test } from 'vitest'
import { accessTokenMs } from '#shared/limits.ts'
import { collectExport } from '#client/library/export.ts'
import { beginSignIn, takeReturned } from '#client/library/provider-sign-in.ts'
import { createMemoryStore } from '#client/library/storage.ts'
import { deviceKey } from '#client/library/ways-in.ts'
import { createTime } from '#testing/time.ts'
import { asGuest, createApi, open, settled } from './session-kit.ts'

test('a device that opens its account no more is told so once, and begins anew the next time', async () => {
  const { time, api, session, storage } = await asGuest()
  const secret = storage.get(deviceKey)
  await settled(time, session.logOut())
  api.failures.push('auth.device_refused')
  await expect(settled(time, session.guest())).rejects.toMatchObject({
    code: 'auth.device_refused',
  })
  await settled(time, session.guest())
  expect(storage.get(deviceKey)).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(storage.get(deviceKey)).not.toBe(secret)
})

describe('a log-in that needs a code', () => {
  async function asked() {
    const time = createTime()
    const api = createApi(time)
    const { session, storage } = open(time, api)
    api.failures.push('auth.second_factor')
    await expect(settled(time, session.logIn('mira', 'a phrase'))).rejects.toMatchObject({
      code: 'auth.second_factor',
    })
    return { time, api, session, storage }
  }
  const codes = ({ seen }: ReturnType<typeof createApi>) =>
    seen.filter(({ url }) => url.endsWith('/auth/second-factor')).map(({ body }) => body)

  test('goes on with its ticket until a code is right; the device is known by then', async () => {
    const { time, api, session } = await asked()
    expect(session.account).toBeUndefined()
    api.failures.push('auth.code_refused')
    await expect(settled(time, session.enterCode('000000'))).rejects.toMatchObject({
      code: 'auth.code_refused',
    })
    await settled(time, session.enterCode('123456'))
    expect(codes(api)).toEqual([
      { ticket: 'ticket', code: '000000' },
      { ticket: 'ticket', code: '123456' },
    ])
    expect(session.account?.accountId).toBe(api.accountId)
    await settled(time, session.logIn('mira', 'a phrase'))
    expect(api.seen.at(-1)!.body).toMatchObject({ deviceToken: 'd1' })
  })

  test('is over with the next one, and after its end', async () => {
    const { time, api, session } = await asked()
    await settled(time, session.logIn('vale', 'a phrase'))
    await expect(settled(time, session.enterCode('123456'))).rejects.toMatchObject({
      code: 'auth.ticket_refused',
    })
    expect(codes(api)).toEqual([])
  })

  test('is not repeated behind the back of who has tried too often', async () => {
    const { time, api, session } = await asked()
    api.retryAfterS = 240
    api.failures.push('request.rate_limited')
    const before = time.now()
    await expect(settled(time, session.enterCode('123456'))).rejects.toMatchObject({
      code: 'request.rate_limited',
      retryAfterS: 240,
    })
    expect(time.now() - before).toBeLessThan(1000)
  })
})

describe('the own account', () => {
  test('a guest with a log-in name has tokens that say so, and a device that is known', async () => {
    const { time, api, session } = await asGuest()
    await settled(time, session.upgrade('mira', 'a long enough phrase', true))
    expect(api.seen.slice(-2).map(({ url, body }) => [new URL(url).pathname, body])).toEqual([
      [
        '/v1/auth/account/upgrade',
        { loginName: 'mira', password: 'a long enough phrase', forgetDevice: true },
      ],
      ['/v1/auth/refresh', { refreshToken: 'r1' }],
    ])
    await settled(time, session.logOut())
    await settled(time, session.logIn('mira', 'a long enough phrase'))
    expect(api.seen.at(-1)!.body).toHaveProperty('deviceToken')
  })

  test('a name that was added stays added when the renewal after it is lost', async () => {
    const { time, api, session, lost } = await asGuest()
    api.failures.push(undefined, ...Array.from({ length: 5 }, () => 'lost' as const))
    await settled(time, session.upgrade('mira', 'a long enough phrase', false))
    expect(lost).toEqual([])
    expect(session.account).toBeDefined()
  })

  test('a changed password goes on in the new session, here and after a reload', async () => {
    const { time, api, session, storage } = await asGuest()
    await settled(time, session.changePassword('mira', 'a phrase', 'another long phrase'))
    await settled(time, session.inRealm('local').characters())
    expect(api.seen.at(-1)!.token).toBe('a2')
    expect(open(time, api, storage).session.account).toMatchObject({ accessToken: 'a2' })
  })

  test('an erase ends the session; the guest is told of it until he plays again', async () => {
    const { time, api, session, storage } = await asGuest()
    const at = await settled(time, session.erase())
    expect(api.seen.at(-1)!.body).toEqual({ deviceSecret: storage.get(deviceKey) })
    expect(session.account).toBeUndefined()
    expect(open(time, api, storage).session.guestErasedAt()).toBe(at)
    await settled(time, session.guest())
    expect(session.guestErasedAt()).toBeUndefined()
    await settled(time, session.erase('a phrase'))
    expect(api.seen.at(-1)!.body).toEqual({ password: 'a phrase' })
    expect(session.guestErasedAt()).toBeUndefined()
  })

  test('what anyone may ask is asked also when the log-in has ended', async () => {
    const { time, api, session, lost } = await asGuest()
    await time.pass(accessTokenMs)
    api.failures.push('auth.secret_refused')
    const confirming = session.api.auth.confirmEmail({ body: { secret: 'x' } })
    await expect(settled(time, confirming)).rejects.toMatchObject({ code: 'auth.secret_refused' })
    expect(api.seen.at(-1)!.url).toMatch(/email\/confirm$/)
    expect(api.seen.at(-1)!.token).toBeUndefined()
    expect(lost).toEqual([])
  })
})

describe('a sign-in at another service', () => {
  const returnTo = 'http://play.test/'
  async function begun(to: { provider: string; linkTo?: string }) {
    const time = createTime()
    const api = createApi(time)
    const { session } = open(time, api)
    const store = createMemoryStore()
    const address = await settled(time, beginSignIn(session.api, store, { ...to, returnTo }))
    expect(address).toBe('https://acme.test/in')
    return { time, api, session, store }
  }
  const query = '?code=c1&state=s1&iss=https%3A%2F%2Facme.test'

  test('brings back what logs the player in, once', async () => {
    const { time, api, session, store } = await begun({ provider: 'acme' })
    const returned = takeReturned(store, query)!
    expect(returned).toMatchObject({ provider: 'acme', linkTo: undefined })
    await settled(time, session.signIn('acme', returned.proof!))
    expect(api.seen.at(-1)!.body).toEqual({
      flow: 'sealed',
      code: 'c1',
      state: 's1',
      iss: 'https://acme.test',
    })
    expect(session.account).toBeDefined()
    expect(takeReturned(store, query)).toBeUndefined()
  })

  test('says for which account it is to be linked, and that the player said no', async () => {
    const { store } = await begun({ provider: 'acme', linkTo: 'me' })
    expect(takeReturned(store, '?error=access_denied&state=s1')).toEqual({
      provider: 'acme',
      linkTo: 'me',
      proof: undefined,
    })
  })

  test('opens nothing in a tab that has begun none, nor with another query', async () => {
    expect(takeReturned(createMemoryStore(), query)).toBeUndefined()
    const { store } = await begun({ provider: 'acme' })
    expect(takeReturned(store, '')).toBeUndefined()
    expect(takeReturned(store, '?state=s1')).toBeUndefined()
    store.set('sign-in', '{')
    expect(takeReturned(store, query)).toBeUndefined()
  })
})

test('an export is all of its parts', async () => {
  const { time, api, session } = await asGuest()
  const entries = await settled(time, collectExport(session.inRealm('local').api({})))
  expect(entries.map(({ section }) => section)).toEqual(['account', 'letters'])
  const asked = api.seen.filter(({ url }) => url.endsWith('/account/export'))
  expect(asked.map(({ body }) => body)).toEqual([{}, { after: 'more' }])
})
