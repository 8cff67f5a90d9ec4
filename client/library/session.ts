// A logged-in player: tokens, their renewal, and calls that carry them.
//
// Several pages of one browser share a storage. A refresh token works once, so whoever renews looks
// first whether another page has done it, and one that is refused looks again before it gives up.
import { api } from '#shared/api/api.ts'
import type { Api } from '#shared/api/api.ts'
import type { PasswordSession, Realm, Session as Tokens } from '#shared/api/auth.ts'
import type { Character } from '#shared/api/characters.ts'
import { ApiError, createApiClient } from '#shared/api/client.ts'
import type { ApiClient, ApiClientOptions } from '#shared/api/client.ts'
import type { Admission } from '#shared/api/world.ts'
import { accessTokenMs } from '#shared/limits.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { retrying } from './retry.ts'
import type { KeyStore } from './storage.ts'

/** An access token is renewed this long before it runs out. */
const renewBeforeMs = 60_000
const tokensKey = 'session'
/** Where the storage keeps the secret of this device, 32 bytes in base64url. */
export const deviceKey = 'device'
/** That somebody has logged in here with a password: the name and what the server gave for it. */
const knownKey = 'known'

export type SessionOptions = {
  /** Of the API, without a slash at its end. */
  baseUrl: string
  fetch: ApiClientOptions<Api>['fetch']
  runtime: Runtime
  storage: KeyStore
  /** Told when the session is over without having been asked to end. */
  lost?: (code: string) => void
}

export type Account = { accountId: string; guest: boolean; realms: Realm[] }

export type InRealm = {
  characters(): Promise<Character[]>
  create(character: { name: string; race: string; job: string }): Promise<Character>
  remove(characterId: string): Promise<void>
  /** Asks for a place, once: the world connection repeats it by its own rules. */
  enter(characterId: string, signal?: AbortSignal): Promise<Admission>
}

/** Every method fails with an ApiError. */
export type Session = {
  /** Who is logged in; restored from storage. */
  readonly account: Account | undefined
  /** Logs in as the guest of this device, whose secret stays in storage. */
  guest(): Promise<Account>
  register(loginName: string, password: string): Promise<Account>
  logIn(loginName: string, password: string): Promise<Account>
  /** Ends the session here; the server is told as far as it can be reached. */
  logOut(): Promise<void>
  logOutEverywhere(): Promise<void>
  /** Whether the storage has nobody logged in any more: another page of this browser has logged out. */
  loggedOutElsewhere(): boolean
  inRealm(realmId: string): InRealm
}

/** What is kept: the answer of the server, and when it came by our own clock. */
type Kept = Tokens & { receivedAt: number }

export function createSession(options: SessionOptions): Session {
  const { runtime, storage } = options
  let kept = readKept(storage)
  let renewing: Promise<void> | undefined
  const clientAt = (baseUrl: string): ApiClient<Api> =>
    createApiClient({
      api,
      baseUrl,
      fetch: options.fetch,
      token: () => kept?.accessToken,
      newId: () => newId(runtime),
    })
  const client = clientAt(options.baseUrl)
  /** What the server has seen of a character's silent host: it wants it back with the next try. */
  const observed = new Map<string, string>()
  /** Realms that are served elsewhere, once the API has said so. */
  const elsewhere = new Map<string, ApiClient<Api>>()

  const keep = (tokens: Tokens): Account => {
    kept = { ...tokens, receivedAt: runtime.now() }
    storage.set(tokensKey, JSON.stringify(kept))
    return kept
  }
  /** The token of the device outlives a log-out: that is what it is for. */
  const keepKnown = (loginName: string, { deviceToken, ...tokens }: PasswordSession): Account => {
    storage.set(knownKey, JSON.stringify({ loginName: loginName.toLowerCase(), deviceToken }))
    return keep(tokens)
  }
  const forget = () => {
    kept = undefined
    storage.remove(tokensKey)
  }

  /** Takes over what another page has renewed; tells whether there was something newer. */
  const adopt = (): boolean => {
    const stored = readKept(storage)
    if (stored === undefined || stored.refreshToken === kept?.refreshToken) return false
    if (kept !== undefined && stored.accountId !== kept.accountId) return false
    if (kept !== undefined && stored.receivedAt < kept.receivedAt) return false
    kept = stored
    return true
  }

  const isStale = (): boolean => {
    if (kept === undefined) return false
    // The device's clock may be off by hours; the length of a token's life is known, so trust that.
    const told = kept.accessExpiresAt - kept.receivedAt
    const life = Math.min(accessTokenMs, Math.max(accessTokenMs / 2, told))
    const age = runtime.now() - kept.receivedAt
    return age < 0 || age > life - renewBeforeMs
  }

  const renewOnce = async () => {
    if (adopt() && !isStale()) return
    const refreshToken = kept?.refreshToken
    if (refreshToken === undefined) throw new ApiError('auth.required', 'Nobody is logged in')
    try {
      keep(await retrying(runtime, (more) => client.auth.refresh({ body: { refreshToken } }, more)))
    } catch (error) {
      if (!(error instanceof ApiError) || !endsSession(error.code)) throw error
      if (adopt()) return
      forget()
      options.lost?.(error.code)
      throw error
    }
  }
  /** One renewal at a time, however many ask. */
  const renew = async () => {
    renewing ??= renewOnce().finally(() => {
      renewing = undefined
    })
    await renewing
  }

  /** Runs a call that needs the access token, with one renewal when the server says it has run out. */
  const authorised = async <T>(call: () => Promise<T>): Promise<T> => {
    if (isStale()) await renew()
    const used = kept?.accessToken
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code === 'auth.expired' || (error.code === 'auth.required' && used !== undefined)) {
        if (kept?.accessToken === used) await renew()
        return await call()
      }
      if (error.code === 'auth.session_revoked' && kept?.accessToken === used) {
        forget()
        options.lost?.(error.code)
      }
      throw error
    }
  }

  /** Runs a call at the address that serves the realm. */
  const atRealm = async <T>(
    realmId: string,
    call: (client: ApiClient<Api>) => Promise<T>,
  ): Promise<T> => {
    try {
      return await call(elsewhere.get(realmId) ?? client)
    } catch (error) {
      const realm = kept?.realms.find((each) => each.realmId === realmId)
      if (!(error instanceof ApiError) || error.code !== 'realm.elsewhere' || !realm) throw error
      const other = clientAt(realm.address.replace(/\/$/, ''))
      elsewhere.set(realmId, other)
      return await call(other)
    }
  }

  const changing = <T>(call: Parameters<typeof retrying<T>>[1]) =>
    retrying(runtime, (more) => authorised(() => call(more)))

  return {
    get account() {
      return kept
    },
    async guest() {
      const deviceSecret = storage.get(deviceKey) ?? base64Url(runtime.randomBytes(32))
      // Kept before it is sent: an account whose secret is lost with the answer is lost as well.
      storage.set(deviceKey, deviceSecret)
      return keep(
        await retrying(runtime, (more) => client.auth.guest({ body: { deviceSecret } }, more)),
      )
    },
    async register(loginName, password) {
      const body = { loginName, password }
      return keepKnown(
        loginName,
        await retrying(runtime, (more) => client.auth.register({ body }, more)),
      )
    },
    async logIn(loginName, password) {
      const deviceToken = readKnown(storage, loginName)
      const body = { loginName, password, ...(deviceToken === undefined ? {} : { deviceToken }) }
      return keepKnown(
        loginName,
        await retrying(runtime, (more) => client.auth.login({ body }, more)),
      )
    },
    async logOut() {
      if (kept === undefined) return
      // A player who logs out is logged out here even if the server cannot be told now.
      await authorised(() => client.auth.logout(undefined)).catch(() => undefined)
      forget()
    },
    async logOutEverywhere() {
      await changing((more) => client.auth.logoutEverywhere(undefined, more))
      forget()
    },
    loggedOutElsewhere() {
      if (kept === undefined || storage.get(tokensKey) !== undefined) return false
      kept = undefined
      return true
    },
    inRealm: (realmId) => ({
      characters: async () =>
        await changing(async (more) => {
          const request = { params: { realmId } }
          const answer = await atRealm(realmId, (at) => at.characters.list(request, more))
          return answer.characters
        }),
      create: async (body) =>
        await changing((more) =>
          atRealm(realmId, (at) => at.characters.create({ params: { realmId }, body }, more)),
        ),
      async remove(characterId) {
        const request = { params: { realmId, characterId } }
        await changing((more) => atRealm(realmId, (at) => at.characters.delete(request, more)))
      },
      enter: async (characterId, signal) => {
        const body = {
          characterId,
          protocol: PROTOCOL_VERSION,
          observed: observed.get(characterId),
        }
        observed.delete(characterId)
        try {
          return await authorised(() =>
            atRealm(realmId, (at) => at.world.enter({ params: { realmId }, body }, { signal })),
          )
        } catch (error) {
          const said = error instanceof ApiError ? error.document?.['observed'] : undefined
          if (typeof said === 'string') observed.set(characterId, said)
          throw error
        }
      },
    }),
  }
}

function endsSession(code: string): boolean {
  return code === 'auth.refresh_refused' || code === 'auth.session_revoked'
}

/** What the server gave this device for that name; undefined when another, or nobody, was the last. */
function readKnown(storage: KeyStore, loginName: string): string | undefined {
  try {
    const value: unknown = JSON.parse(storage.get(knownKey) ?? 'null')
    const known = value as Partial<{ loginName: string; deviceToken: string }> | null
    return known?.loginName === loginName.toLowerCase() ? known.deviceToken : undefined
  } catch {
    return undefined
  }
}

function readKept(storage: KeyStore): Kept | undefined {
  try {
    const value = JSON.parse(storage.get(tokensKey) ?? 'null') as Partial<Kept> | null
    // Written by us alone; a damaged or older one means logging in again, no more.
    const whole =
      typeof value?.accountId === 'string' &&
      typeof value.accessToken === 'string' &&
      typeof value.refreshToken === 'string' &&
      typeof value.accessExpiresAt === 'number' &&
      typeof value.receivedAt === 'number' &&
      Array.isArray(value.realms)
    return whole ? (value as Kept) : undefined
  } catch {
    return undefined
  }
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
