import { expect, test } from 'vitest'
import { ApiError } from '#shared/api/client.ts'
import { accessTokenMs } from '#shared/limits.ts'
import { birthOfId } from '#shared/runtime.ts'
import { createSession } from '#client/library/session.ts'
import { createBrowserStore, createMemoryStore } from '#client/library/storage.ts'
import { deviceKey } from '#client/library/ways-in.ts'
import { flock } from '../games/tiny/protocol.ts'
import { createTime } from '#testing/time.ts'
import { asGuest, createApi, open, settled } from './session-kit.ts'

test('a guest keeps the secret of the device, so the next visit is the same account', async () => {
  const { time, api, storage, session } = await asGuest()
  const secret = storage.get(deviceKey)!
  expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
  await settled(time, session.logOut())
  await settled(time, session.guest())
  const sent = api.seen.filter(({ url }) => url.endsWith('/auth/guest'))
  expect(sent.map(({ body }) => body)).toEqual([{ deviceSecret: secret }, { deviceSecret: secret }])
})

test('a request is sent again under the same operation id, also when only its answer was lost', async () => {
  const time = createTime()
  const api = createApi(time)
  const { session } = open(time, api)
  api.failures.push('lost', 'lost answer', 'store.unavailable')
  await settled(time, session.register('mira', 'a long enough phrase'))
  expect(api.seen).toHaveLength(4)
  expect(new Set(api.seen.map(({ key }) => key)).size).toBe(1)
  expect(birthOfId(api.seen[0]!.key!)).toBeDefined()
  expect(session.account?.accountId).toBeDefined()
})

test('it waits as long as the server asks, and gives up after five tries', async () => {
  const time = createTime()
  const api = createApi(time)
  const { session } = open(time, api)
  api.retryAfterS = 9
  api.failures.push('request.rate_limited')
  const before = time.now()
  await settled(time, session.guest())
  expect(time.now() - before).toBeGreaterThanOrEqual(9000)

  api.seen.length = 0
  api.failures.push(...Array.from({ length: 9 }, () => 'store.unavailable' as const))
  await expect(settled(time, session.guest())).rejects.toMatchObject({ code: 'store.unavailable' })
  expect(api.seen).toHaveLength(5)
})

test('a refusal is not sent again', async () => {
  const time = createTime()
  const api = createApi(time)
  const { session } = open(time, api)
  api.failures.push('auth.invalid_credentials')
  await expect(settled(time, session.logIn('mira', 'wrong'))).rejects.toBeInstanceOf(ApiError)
  expect(api.seen).toHaveLength(1)
})

test('a superseded operation is asked anew under another id, once', async () => {
  const time = createTime()
  const api = createApi(time)
  const { session } = open(time, api)
  api.failures.push('lost', 'operation.superseded')
  await settled(time, session.guest())
  const keys = api.seen.map(({ key }) => key)
  expect(keys[0]).toBe(keys[1])
  expect(keys[2]).not.toBe(keys[0])
  api.failures.push('operation.superseded', 'operation.superseded')
  await expect(settled(time, session.guest())).rejects.toMatchObject({
    code: 'operation.superseded',
  })
})

test('the access token is renewed shortly before it runs out, and not before', async () => {
  const { time, api, session } = await asGuest()
  const realm = session.inRealm('local')
  await time.pass(accessTokenMs - 90_000)
  await settled(time, realm.characters())
  expect(api.generation).toBe(1)
  await time.pass(40_000)
  await settled(time, realm.characters())
  expect(api.generation).toBe(2)
  expect(api.seen.at(-1)!.token).toBe('a2')
})

test('a token the server calls expired is renewed once, by one request however many calls wait', async () => {
  const { time, api, session } = await asGuest()
  api.validFrom = 2
  const realm = session.inRealm('local')
  await settled(time, Promise.all([realm.characters(), realm.characters(), realm.characters()]))
  expect(api.seen.filter(({ url }) => url.endsWith('/refresh'))).toHaveLength(1)
  api.validFrom = 100
  await expect(settled(time, realm.characters())).rejects.toMatchObject({ code: 'auth.expired' })
})

test("a game's own routes carry the log-in, and are sent again under one operation id", async () => {
  const { time, api, session } = await asGuest()
  const { game } = session.inRealm('local').api({ game: flock })
  api.validFrom = 2
  api.failures = [undefined, undefined, 'lost answer']
  await settled(time, game.add({ params: { realmId: 'local' }, body: { sheep: 2 } }))
  const added = api.seen.filter(({ url }) => url.endsWith('/realms/local/flock'))
  expect(added.map(({ token }) => token)).toEqual(['a1', 'a2', 'a2'])
  expect(added[2]!.key).toBe(added[1]!.key)
})

test('a device whose clock is an hour off neither renews all the time nor never', async () => {
  const time = createTime()
  const api = createApi(time)
  const fast = { ...time.runtime, now: () => time.now() + 3_600_000 }
  const session = createSession({
    baseUrl: 'http://api.test',
    fetch: api.fetch,
    runtime: fast,
    storage: createMemoryStore(),
  })
  await settled(time, session.guest())
  for (let i = 0; i < 5; i++) await settled(time, session.inRealm('local').characters())
  expect(api.generation).toBe(1)
  await time.pass(accessTokenMs)
  await settled(time, session.inRealm('local').characters())
  expect(api.generation).toBe(2)
})

test.each([4, 6, 60, 24 * 60, 400 * 24 * 60, -60, -40 * 24 * 60])(
  'a device whose clock is %i min off does all that another one does',
  async (minutes) => {
    const time = createTime()
    const api = createApi(time)
    api.date = () => time.now()
    let offMs = minutes * 60_000
    const runtime = { ...time.runtime, now: () => time.now() + offMs }
    const options = { baseUrl: 'http://api.test', fetch: api.fetch, runtime }
    const session = createSession({ ...options, storage: createMemoryStore() })
    await settled(time, session.guest())
    const tries = api.seen.length
    expect(tries).toBeLessThanOrEqual(2)
    const realm = session.inRealm('local')
    const create = async () =>
      await settled(time, realm.create({ name: 'Mira', race: 'human', job: 'mage' }))
    await create()
    expect(api.seen).toHaveLength(tries + 1)
    const born = birthOfId(api.seen.at(-1)!.key!)!
    expect(Math.abs(born - time.now())).toBeLessThan(2000)
    // The clock is set right while it plays: the next answer says so, one more try at most.
    offMs = 0
    api.seen.length = 0
    await create()
    await create()
    expect(api.seen.filter(({ url }) => url.endsWith('/characters')).length).toBeLessThanOrEqual(3)
  },
)

test('two accounts in two pages of a browser keep their tokens when either logs out', async () => {
  const time = createTime()
  const api = createApi(time)
  const storage = createMemoryStore()
  const one = open(time, api, storage)
  await settled(time, one.session.guest())
  api.accountId = '01900000-0000-7000-8000-000000000002'
  const other = open(time, api, storage)
  await settled(time, other.session.logIn('vale', 'a phrase'))
  expect(one.session.loggedOutElsewhere()).toBe(false)
  // The next start is of the account that logged in last.
  expect(open(time, api, storage).session.account?.accountId).toBe(api.accountId)
  await settled(time, other.session.logOut())
  expect(one.session.loggedOutElsewhere()).toBe(false)
  expect(one.session.account?.accountId).toBe('01900000-0000-7000-8000-000000000001')
  expect(open(time, api, storage).session.account).toBeUndefined()
})

test('a page takes over what another page has renewed instead of using a spent token', async () => {
  const { time, api, session, storage } = await asGuest()
  const other = open(time, api, storage)
  await time.pass(accessTokenMs)
  await settled(time, session.inRealm('local').characters())
  await time.pass(60_000)
  await settled(time, other.session.inRealm('local').characters())
  expect(api.generation).toBe(2)
  expect(api.seen.at(-1)!.token).toBe('a2')
  expect(other.lost).toEqual([])
})

test('a session ended by the server is forgotten, and the page learns it', async () => {
  const { time, api, session, storage, lost } = await asGuest()
  api.failures.push('auth.session_revoked')
  await expect(settled(time, session.inRealm('local').characters())).rejects.toBeInstanceOf(
    ApiError,
  )
  expect(lost).toEqual(['auth.session_revoked'])
  expect(session.account).toBeUndefined()
  expect(open(time, api, storage).session.account).toBeUndefined()
  expect(storage.get(deviceKey)).toBeDefined()
})

test('while the server cannot be reached the session is kept', async () => {
  const { time, api, session, lost } = await asGuest()
  await time.pass(accessTokenMs)
  api.failures.push(...Array.from({ length: 30 }, () => 'lost' as const))
  await expect(settled(time, session.inRealm('local').characters())).rejects.toMatchObject({
    code: 'network',
  })
  expect(lost).toEqual([])
  expect(session.account).toBeDefined()
})

test('a realm that is served elsewhere is called there from then on', async () => {
  const { time, api, session } = await asGuest()
  const realm = session.inRealm('local')
  api.failures.push('realm.elsewhere')
  await settled(time, realm.characters())
  await settled(time, realm.characters())
  const urls = api.seen.slice(-3).map(({ url }) => new URL(url).host)
  expect(urls).toEqual(['api.test', 'realm.test', 'realm.test'])
})

test('logging out works without the server, and the next start is logged out', async () => {
  const { time, api, session, storage } = await asGuest()
  api.failures.push('lost')
  await settled(time, session.logOut())
  expect(session.account).toBeUndefined()
  expect(open(time, api, storage).session.account).toBeUndefined()
})

test('a session is restored from storage; a damaged one is no session', async () => {
  const { time, api, storage } = await asGuest()
  expect(open(time, api, storage).session.account?.guest).toBe(true)
  const key = `session.${api.accountId}`
  for (const damaged of ['', '{', 'null', '[]', '{"accountId":1}']) {
    storage.set(key, damaged)
    expect(open(time, api, storage).session.account).toBeUndefined()
  }
})

test('a browser that forbids storage still lets one play', () => {
  const store = createBrowserStore(() => {
    throw new DOMException('denied', 'SecurityError')
  }, 'x.')
  store.set('a', '1')
  expect(store.get('a')).toBe('1')
  store.remove('a')
  expect(store.get('a')).toBeUndefined()
})

test('a page hears that another page of the browser has logged out', async () => {
  const { api, time, session } = await asGuest()
  const [rows, prefix] = [new Map<string, string>(), 'x.']
  const storage = {
    getItem: (key: string) => rows.get(key) ?? null,
    setItem: (key: string, value: string) => void rows.set(key, value),
    removeItem: (key: string) => void rows.delete(key),
  } as Storage
  expect(session.loggedOutElsewhere()).toBe(false)
  const one = open(
    time,
    api,
    createBrowserStore(() => storage, prefix),
  ).session
  await settled(time, one.guest())
  const other = open(
    time,
    api,
    createBrowserStore(() => storage, prefix),
  ).session
  expect(one.loggedOutElsewhere()).toBe(false)
  await settled(time, other.logOut())
  expect(one.loggedOutElsewhere()).toBe(true)
  expect(one.account).toBeUndefined()
  expect(one.loggedOutElsewhere()).toBe(false)
})

test('what a full storage does not take lasts as long as the page', () => {
  const old = new Map([['x.a', 'old']])
  const storage = {
    getItem: (key: string) => old.get(key) ?? null,
    setItem() {
      throw new DOMException('full', 'QuotaExceededError')
    },
    removeItem: (key: string) => void old.delete(key),
  } as unknown as Storage
  const store = createBrowserStore(() => storage, 'x.')
  store.set('a', 'new')
  expect(store.get('a')).toBe('new')
})

test('a name that has logged in here is known again after any log-out; another one is not', async () => {
  const time = createTime()
  const api = createApi(time)
  const { session, storage } = open(time, api)
  await settled(time, session.logIn('Mira', 'a phrase'))
  await settled(time, session.logOut())
  await settled(time, open(time, api, storage).session.logIn('mira', 'a phrase'))
  await settled(time, open(time, api, storage).session.logIn('vale', 'a phrase'))
  const sent = api.seen.filter(({ url }) => url.endsWith('/auth/login')).map(({ body }) => body)
  expect(sent).toEqual([
    { loginName: 'Mira', password: 'a phrase' },
    { loginName: 'mira', password: 'a phrase', deviceToken: 'd1' },
    { loginName: 'vale', password: 'a phrase' },
  ])
})
