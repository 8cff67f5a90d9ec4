// A session of the client against an API in a function.
import { accessTokenMs, operationMaxAgeMs, operationMaxAheadMs } from '#shared/limits.ts'
import { PROBLEMS } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { birthOfId } from '#shared/runtime.ts'
import { createSession } from '#client/library/session.ts'
import type { Session } from '#client/library/session.ts'
import { createMemoryStore } from '#client/library/storage.ts'
import type { KeyStore } from '#client/library/storage.ts'
import { createTime } from '#testing/time.ts'
import type { Time } from '#testing/time.ts'

type Seen = {
  url: string
  method: string
  key: string | undefined
  token: string | undefined
  body: unknown
}

/** An API in a function: tokens are numbered, refresh tokens work once. */
export function createApi(time: Time) {
  let generation = 0
  const api = {
    seen: [] as Seen[],
    /** Who logs in next. */
    accountId: '01900000-0000-7000-8000-000000000001',
    /** Answered before anything else, once each; undefined lets one through. */
    failures: [] as (ProblemCode | 'lost' | 'lost answer' | undefined)[],
    retryAfterS: undefined as number | undefined,
    /** The time in the header Date; undefined: a server that sends none. */
    date: undefined as (() => number) | undefined,
    /** Tokens below this generation have run out. */
    validFrom: 0,
    get generation() {
      return generation
    },
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      const headers = new Headers(init.headers)
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      const token = headers.get('authorization')?.replace('Bearer ', '')
      const key = headers.get('idempotency-key') ?? undefined
      api.seen.push({ url, method: init.method!, key, token, body })
      const failure = api.failures.shift()
      if (failure === 'lost') throw new TypeError('no network')
      if (failure !== undefined && failure !== 'lost answer') return dated(problem(failure))
      const born = key === undefined ? undefined : birthOfId(key)
      const ahead = born === undefined ? 0 : born - time.now()
      if (api.date !== undefined && ahead > operationMaxAheadMs) {
        return dated(problem('operation.from_future'))
      }
      if (api.date !== undefined && -ahead > operationMaxAgeMs) {
        return dated(problem('operation.too_old'))
      }
      const answer = dated(reply(url, token, body))
      if (failure === 'lost answer') throw new TypeError('no network')
      return answer
    },
  }
  const dated = (response: Response) => {
    if (api.date !== undefined) response.headers.set('date', new Date(api.date()).toUTCString())
    return response
  }
  const problem = (code: ProblemCode) => {
    const { status, title } = PROBLEMS[code]
    const headers = new Headers({ 'content-type': 'application/problem+json' })
    if (api.retryAfterS !== undefined) headers.set('retry-after', String(api.retryAfterS))
    const observed = code === 'auth.second_factor' ? { observed: 'ticket' } : {}
    return new Response(JSON.stringify({ code, status, title, ...observed }), { status, headers })
  }
  const tokens = () => {
    generation++
    return Response.json({
      accountId: api.accountId,
      guest: true,
      accessToken: `a${generation}`,
      accessExpiresAt: time.now() + accessTokenMs,
      refreshToken: `r${generation}`,
      deviceToken: `d${generation}`,
      refreshExpiresAt: time.now() + 1e9,
      realms: [{ realmId: 'local', name: 'Local', address: 'http://realm.test/', state: 'open' }],
    })
  }
  const reply = (url: string, token: string | undefined, body: unknown) => {
    if (url.endsWith('/auth/refresh')) {
      const { refreshToken } = body as { refreshToken: string }
      if (refreshToken !== `r${generation}`) return problem('auth.session_revoked')
      return tokens()
    }
    if (url.endsWith('/begin')) {
      return Response.json({ address: 'https://acme.test/in', flow: 'sealed' })
    }
    if (url.endsWith('/upgrade')) return Response.json({ deviceToken: 'd' })
    if (url.includes('/auth/') && !url.includes('logout')) return tokens()
    if (token === undefined) return problem('auth.required')
    if (Number(token.slice(1)) < api.validFrom) return problem('auth.expired')
    if (url.endsWith('/erase')) return Response.json({ at: time.now() + 1e9 })
    if (url.endsWith('/export')) {
      const { after } = body as { after?: string }
      const part = { section: after === undefined ? 'account' : 'letters', entry: {} }
      return Response.json({ entries: [part], ...(after === undefined ? { next: 'more' } : {}) })
    }
    return Response.json(url.endsWith('/characters') ? { characters: [] } : {})
  }
  return api
}

export function open(
  time: Time,
  api: ReturnType<typeof createApi>,
  storage: KeyStore = createMemoryStore(),
) {
  const lost: string[] = []
  const session: Session = createSession({
    baseUrl: 'http://api.test',
    fetch: api.fetch,
    runtime: time.runtime,
    storage,
    lost: (code) => lost.push(code),
  })
  return { session, storage, lost }
}

/** Lets time pass until a promise has settled. */
export async function settled<T>(time: Time, promise: Promise<T>): Promise<T> {
  let over = false
  void Promise.allSettled([promise]).then(() => {
    over = true
  })
  await time.until(() => over, 300_000)
  return await promise
}

export async function asGuest() {
  const time = createTime()
  const api = createApi(time)
  const opened = open(time, api)
  await settled(time, opened.session.guest())
  return { time, api, ...opened }
}
