import { describe, expect, it } from 'vitest'
import { api } from '#shared/api/api.ts'
import { ApiError, createApiClient } from '#shared/api/client.ts'
import { newId } from '#shared/runtime.ts'
import { createClock, goodPassword, newAccount, openApi } from './api.ts'

type Sent = { url: string; init: RequestInit; headers: Headers }

/** A client whose requests end here. */
function clientTo(answer: (sent: Sent) => Promise<Response> | Response, timeoutMs?: number) {
  const sent: Sent[] = []
  const clock = createClock()
  const client = createApiClient({
    api,
    baseUrl: 'http://test.example',
    newId: () => newId(clock),
    token: () => 'the-token',
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    fetch: async (url, init) => {
      const one = { url, init, headers: new Headers(init.headers) }
      sent.push(one)
      return await answer(one)
    },
  })
  return { client, sent }
}

async function failure(call: Promise<unknown>): Promise<ApiError> {
  try {
    await call
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('the call did not fail')
}

const login = { body: { loginName: 'mira', password: goodPassword } }

describe('the typed client', () => {
  it('sends what the declaration says and no more', async () => {
    const { client, sent } = clientTo(() => Response.json({}))
    await client.auth.realms()
    await client.auth.login(login)
    await client.characters.delete({ params: { realmId: 'a/b?c', characterId: 'x' } })
    const [realms, loggedIn, deleted] = sent
    expect(realms!.url).toBe('http://test.example/v1/realms')
    expect([...realms!.headers.keys()]).toEqual(['accept'])
    expect([...loggedIn!.headers.keys()].sort()).toEqual([
      'accept',
      'content-type',
      'idempotency-key',
    ])
    expect(loggedIn!.init.body).toBe(JSON.stringify(login.body))
    expect(deleted!.url).toBe('http://test.example/v1/realms/a%2Fb%3Fc/characters/x')
    expect(deleted!.headers.get('authorization')).toBe('Bearer the-token')
    expect(deleted!.init.body).toBeUndefined()
  })

  it('makes a new operation id for each call, and takes one for a repeat', async () => {
    const { client, sent } = clientTo(() => Response.json({}))
    await client.auth.login(login)
    await client.auth.login(login)
    await client.auth.login(login, { operationId: 'kept' })
    const ids = sent.map(({ headers }) => headers.get('idempotency-key'))
    expect(new Set(ids).size).toBe(3)
    expect(ids[2]).toBe('kept')
  })

  it('throws the code, the status and the time to wait of a refusal', async () => {
    const { client } = clientTo(() =>
      Response.json(
        { code: 'store.unavailable', status: 503 },
        { status: 503, headers: { 'retry-after': '3' } },
      ),
    )
    expect(await failure(client.auth.realms())).toMatchObject({
      code: 'store.unavailable',
      status: 503,
      retryAfterS: 3,
      document: { status: 503 },
    })
  })

  it.each<[string, () => Response]>([
    ['a page of a proxy', () => new Response('<h1>Bad gateway</h1>', { status: 502 })],
    ['a success that is no JSON', () => new Response('hello')],
    ['a code of a newer server', () => Response.json({ code: 'moon.full' }, { status: 409 })],
    [
      'a code that is a name of every object',
      () => Response.json({ code: 'toString' }, { status: 400 }),
    ],
    ['an empty answer', () => new Response(null, { status: 204 })],
  ])('calls %s unexpected', async (_, answer) => {
    const { client } = clientTo(answer)
    expect((await failure(client.auth.realms())).code).toBe('unexpected')
  })

  it('calls a dead server, a silent one and a call given up `network`', async () => {
    const dead = clientTo(() => {
      throw new TypeError('fetch failed')
    })
    expect(await failure(dead.client.auth.realms())).toMatchObject({ code: 'network', status: 0 })
    const untilAborted = ({ init }: Sent) =>
      new Promise<Response>((_, reject) => {
        init.signal!.addEventListener('abort', () => reject(new Error('aborted')))
      })
    const silent = clientTo(untilAborted, 20)
    expect((await failure(silent.client.auth.realms())).code).toBe('network')
    const given = new AbortController()
    const call = clientTo(untilAborted).client.auth.realms(undefined, { signal: given.signal })
    given.abort()
    expect((await failure(call)).code).toBe('network')
  })

  it('has the types of the declarations', async () => {
    const test = await openApi()
    const { accessToken } = await newAccount(test)
    const client = test.client({ token: accessToken })
    const { characters } = await client.characters.list({ params: { realmId: 'local' } })
    const names: string[] = characters.map((character) => character.name)
    expect(names).toEqual([])
    // @ts-expect-error -- the body has no such field as `user`
    const wrong = client.auth.login({ body: { user: 'mira', password: goodPassword } })
    expect((await failure(wrong)).code).toBe('request.invalid')
  })
})
