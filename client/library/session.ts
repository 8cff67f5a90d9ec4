// A logged-in player: log-in, the renewal of tokens, and calls that carry them.
//
// Several pages of one browser share a storage. A refresh token works once, so a page reads
// the storage before it renews, and again after a refusal: another page may have renewed.
import { api } from '#shared/api/api.ts'
import type { Api } from '#shared/api/api.ts'
import type { Character } from '#shared/api/characters.ts'
import { ApiError, createApiClient } from '#shared/api/client.ts'
import type { ApiClient, ApiClientOptions, CallOptions } from '#shared/api/client.ts'
import type { Domain } from '#shared/api/endpoint.ts'
import type { Admission } from '#shared/api/world.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { enterByQueue } from './login-queue.ts'
import type { Waiting } from './login-queue.ts'
import { retrying } from './retry.ts'
import { createServerTime } from './server-time.ts'
import type { KeyStore } from './storage.ts'
import { createOwnAccount } from './own-account.ts'
import type { OwnAccount } from './own-account.ts'
import { createTokens } from './tokens.ts'
import type { Tokens } from './tokens.ts'
import { createWaysIn } from './ways-in.ts'
import type { Account, WaysIn } from './ways-in.ts'

export type SessionOptions = {
  /** Of the API, without a slash at its end. */
  baseUrl: string
  fetch: ApiClientOptions<Api>['fetch']
  runtime: Runtime
  storage: KeyStore
  /** Called when the session ends without a log-out. */
  lost?: (code: string) => void
}

export type InRealm = {
  characters(): Promise<Character[]>
  create(character: { name: string; race: string; job: string }): Promise<Character>
  remove(characterId: string): Promise<void>
  /**
   * Asks for a place, once: the world connection repeats it by its own rules. In the login queue of a full realm it waits:
   * `waiting` is told where.
   */
  enter(
    characterId: string,
    signal?: AbortSignal,
    instance?: string,
    waiting?: (place: Waiting | undefined) => void,
  ): Promise<Admission>
  /**
   * The whole API where the realm is served, and domains that a game has declared. Calls carry the log-in, and
   * are sent again under one operation id until they are answered.
   */
  api<A extends Record<string, Domain>>(own: A): ApiClient<Api & A>
}

/** Every method fails with an ApiError. */
export type Session = WaysIn &
  OwnAccount & {
    /** Who is logged in; restored from storage. */
    readonly account: Account | undefined
    /** The whole API where players log in: for what belongs to the account alone. Otherwise as that of a realm. */
    readonly api: ApiClient<Api>
    /** Unix ms by the server's clock, as far as it is known. */
    now(): number
    /** Ends the session here, and at the server if it can be reached. */
    logOut(): Promise<void>
    logOutEverywhere(): Promise<void>
    /** Whether another page of this browser has logged out: the storage has no session any more. */
    loggedOutElsewhere(): boolean
    inRealm(realmId: string): InRealm
  }

export function createSession(options: SessionOptions): Session {
  const { storage, baseUrl } = options
  const tokens = createTokens(storage, options.runtime)
  const time = createServerTime(options.runtime, options.fetch)
  // Operation ids carry a time: the server's.
  const runtime: Runtime = { ...options.runtime, now: time.now }
  const clientAt: ClientAt = (url, domains) =>
    createApiClient({
      api: domains,
      baseUrl: url,
      fetch: time.fetch,
      token: () => tokens.current()?.accessToken,
      newId: () => newId(runtime),
    })
  const client = clientAt(baseUrl, api)
  const { authorised, renew } = createAuthorised({ tokens, client, runtime, lost: options.lost })
  const sent = <T>(call: (more: CallOptions) => Promise<T>) => retrying(runtime, call)
  const calls: Calls = {
    once: async (call) => await authorised(call),
    open: sent,
    changing: async (call) => await sent(async (more) => authorised(() => call(more))),
    atRealm: createRealmCalls(tokens, baseUrl),
  }
  const enter = createEnter(calls, clientAt, runtime)
  const own = createApi(async (call) => await call(baseUrl), calls, clientAt, api)
  // Not spread: `account` is read anew each time.
  return Object.assign(
    {
      get account() {
        return tokens.current()
      },
      api: own,
      now: time.now,
      async logOut() {
        if (tokens.current() === undefined) return
        // A log-out counts here even if the server cannot be reached now.
        await authorised(() => client.auth.logout(undefined)).catch(() => undefined)
        tokens.forget()
      },
      async logOutEverywhere() {
        await own.auth.logoutEverywhere()
        tokens.forget()
      },
      loggedOutElsewhere: () => tokens.goneElsewhere(),
      inRealm: (realmId: string) => inRealm(realmId, calls, clientAt, enter),
    },
    createWaysIn({ tokens, client, runtime, storage, sent }),
    createOwnAccount({ api: own, tokens, storage, renew }),
  )
}

/** The ways to call. */
type Calls = {
  /** One that needs the access token. */
  once: <T>(call: () => Promise<T>) => Promise<T>
  /** One that anyone may make, sent again under one operation id. */
  open: <T>(call: (more: CallOptions) => Promise<T>) => Promise<T>
  /** The same as both. */
  changing: <T>(call: (more: CallOptions) => Promise<T>) => Promise<T>
  /** At the address that serves the realm. */
  atRealm: <T>(realmId: string, call: (baseUrl: string) => Promise<T>) => Promise<T>
}

type ClientAt = <A extends Record<string, Domain>>(baseUrl: string, domains: A) => ApiClient<A>

/** Runs calls that need the access token, with one renewal when the server says that it has run out. */
function createAuthorised(deps: {
  tokens: Tokens
  client: ApiClient<Api>
  runtime: Runtime
  lost: ((code: string) => void) | undefined
}): { authorised: Calls['once']; renew: () => Promise<void> } {
  const { tokens, client, runtime, lost } = deps
  let renewing: Promise<void> | undefined
  const end = (code: string) => {
    tokens.forget()
    lost?.(code)
  }
  const renewOnce = async () => {
    if (tokens.adopt() && !tokens.isStale()) return
    const refreshToken = tokens.current()?.refreshToken
    if (refreshToken === undefined) throw new ApiError('auth.required', 'There is no log-in')
    try {
      const body = { refreshToken }
      tokens.renew(await retrying(runtime, (more) => client.auth.refresh({ body }, more)))
    } catch (error) {
      if (!(error instanceof ApiError) || !endsSession(error.code)) throw error
      if (tokens.adopt()) return
      end(error.code)
      throw error
    }
  }
  /** One renewal at a time, however many calls wait for it. */
  const renew = async () => {
    renewing ??= renewOnce().finally(() => {
      renewing = undefined
    })
    await renewing
  }
  const authorised: Calls['once'] = async (call) => {
    if (tokens.isStale()) await renew()
    const used = tokens.current()?.accessToken
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code === 'auth.expired' || (error.code === 'auth.required' && used !== undefined)) {
        if (tokens.current()?.accessToken === used) await renew()
        return await call()
      }
      if (error.code === 'auth.session_revoked' && tokens.current()?.accessToken === used) {
        end(error.code)
      }
      throw error
    }
  }
  return { authorised, renew }
}

/** A realm that is served elsewhere is called there as soon as the API has said so. */
function createRealmCalls(tokens: Tokens, baseUrl: string): Calls['atRealm'] {
  const elsewhere = new Map<string, string>()
  return async (realmId, call) => {
    try {
      return await call(elsewhere.get(realmId) ?? baseUrl)
    } catch (error) {
      const realm = tokens.current()?.realms.find((each) => each.realmId === realmId)
      if (!(error instanceof ApiError) || error.code !== 'realm.elsewhere' || !realm) throw error
      const other = realm.address.replace(/\/$/, '')
      elsewhere.set(realmId, other)
      return await call(other)
    }
  }
}

type Enter = (
  realmId: string,
  characterId: string,
  signal?: AbortSignal,
  instance?: string,
  waiting?: (place: Waiting | undefined) => void,
) => Promise<Admission>

function createEnter(calls: Calls, clientAt: ClientAt, runtime: Runtime): Enter {
  /** The server's observations of silent hosts, by character. The next `enter` sends them back. */
  const observed = new Map<string, string>()
  const once = async (
    realmId: string,
    characterId: string,
    signal: AbortSignal | undefined,
    instance: string | undefined,
  ) => {
    const body = {
      characterId,
      protocol: PROTOCOL_VERSION,
      instance,
      observed: observed.get(characterId),
    }
    observed.delete(characterId)
    const request = { params: { realmId }, body }
    try {
      return await calls.once(() =>
        calls.atRealm(realmId, (url) => clientAt(url, api).world.enter(request, { signal })),
      )
    } catch (error) {
      const said = error instanceof ApiError ? error.document?.['observed'] : undefined
      if (typeof said === 'string') observed.set(characterId, said)
      throw error
    }
  }
  return async (realmId, characterId, signal, instance, waiting) => {
    const params = { realmId }
    const world = async <T>(call: (of: ApiClient<Api>['world']) => Promise<T>) =>
      await calls.once(() => calls.atRealm(realmId, (url) => call(clientAt(url, api).world)))
    const queue = {
      enter: async () => await once(realmId, characterId, signal, instance),
      ask: async (ticket: string) =>
        await world((of) => of.loginQueue({ params, body: { ticket } }, { signal })),
      giveUp: async () => {
        await world((of) => of.leaveLoginQueue({ params })).catch(() => undefined)
      },
    }
    return await enterByQueue(queue, runtime, signal, waiting)
  }
}

function inRealm(realmId: string, calls: Calls, clientAt: ClientAt, enter: Enter): InRealm {
  const params = { realmId }
  const at: At = async (call) => await calls.atRealm(realmId, call)
  const here = createApi(at, calls, clientAt, api)
  return {
    characters: async () => (await here.characters.list({ params })).characters,
    create: async (body) => await here.characters.create({ params, body }),
    async remove(characterId) {
      await here.characters.delete({ params: { realmId, characterId } })
    },
    enter: async (characterId, signal, instance, waiting) =>
      await enter(realmId, characterId, signal, instance, waiting),
    api: (own) => createApi(at, calls, clientAt, { ...api, ...own }),
  }
}

/** Calls at the address that it is for. */
type At = <T>(call: (baseUrl: string) => Promise<T>) => Promise<T>

/** A client whose calls go to an address, with the log-in where one is needed, and again until they are answered. */
function createApi<A extends Record<string, Domain>>(
  address: At,
  { open, changing }: Calls,
  clientAt: ClientAt,
  domains: A,
): ApiClient<A> {
  type Method = (request: unknown, more: CallOptions) => Promise<unknown>
  const made: Record<string, Record<string, Method>> = {}
  for (const [name, { endpoints }] of Object.entries(domains)) {
    const methods: Record<string, Method> = {}
    for (const [endpoint, { identity }] of Object.entries(endpoints)) {
      // A log-in that has ended must not stand in the way of what needs none.
      const send = identity === 'anyone' ? open : changing
      methods[endpoint] = async (request, options) =>
        await send((more) =>
          address((url) => {
            const at = clientAt(url, domains) as Record<string, Record<string, Method>>
            return at[name]![endpoint]!(request, { ...more, ...options })
          }),
        )
    }
    made[name] = methods
  }
  // The loop above makes one function for each declared endpoint, as the type says.
  return made as ApiClient<A>
}

function endsSession(code: string): boolean {
  return code === 'auth.refresh_refused' || code === 'auth.session_revoked'
}
