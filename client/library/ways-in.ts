// How a player logs in: as the guest of this device, by a password, by a provider; and with a code where the account
// has a second factor. Every way may be refused with `auth.second_factor`; the refusal carries a ticket with which
// the same log-in goes on.
import type { PasswordSession, Realm, Session as Tokened } from '#shared/api/auth.ts'
import { ApiError } from '#shared/api/client.ts'
import type { ApiClient, CallOptions } from '#shared/api/client.ts'
import type { Api } from '#shared/api/api.ts'
import type { RequestOf } from '#shared/api/endpoint.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { KeyStore } from './storage.ts'
import type { Tokens } from './tokens.ts'

/** Where the storage keeps the secret of this device, 32 bytes in base64url. */
export const deviceKey = 'device'
/** When the guest of this device is erased, Unix ms, as long as nobody plays it. */
export const eraseKey = 'device.erase'

export type Account = { accountId: string; guest: boolean; realms: Realm[] }

/** What a provider has given. */
export type Proof = RequestOf<Api['auth']['endpoints']['signIn']>['body']

/** Every method fails with an ApiError. */
export type WaysIn = {
  /**
   * Logs in as the guest of this device, whose secret stays in storage. After `auth.device_refused` the next try
   * makes another guest.
   */
  guest(): Promise<Account>
  register(loginName: string, password: string): Promise<Account>
  logIn(loginName: string, password: string): Promise<Account>
  /** With what a provider has given. The first time makes an account. */
  signIn(provider: string, proof: Proof): Promise<Account>
  /** Goes on with the log-in that was refused last with `auth.second_factor`. */
  enterCode(code: string): Promise<Account>
  /** When the guest of this device is erased, Unix ms, if he has asked for it. To log in as him keeps him. */
  guestErasedAt(): number | undefined
}

export function createWaysIn(deps: {
  tokens: Tokens
  client: ApiClient<Api>
  runtime: Runtime
  storage: KeyStore
  /** Sends a request until it is answered. */
  sent: <T>(call: (more: CallOptions) => Promise<T>) => Promise<T>
}): WaysIn {
  const { tokens, client, runtime, storage, sent } = deps
  /** The log-in that waits for a code. */
  let waiting: { ticket: string; loginName: string | undefined } | undefined

  async function enter(
    call: (more: CallOptions) => Promise<Tokened & Partial<PasswordSession>>,
    loginName?: string,
  ): Promise<Account> {
    waiting = undefined
    try {
      return tokens.begin(await sent(call), loginName)
    } catch (error) {
      if (error instanceof ApiError && error.code === 'auth.second_factor') {
        const ticket = error.document?.['observed']
        if (typeof ticket === 'string') waiting = { ticket, loginName }
      }
      throw error
    }
  }

  return {
    async guest() {
      const deviceSecret = storage.get(deviceKey) ?? base64Url(runtime.randomBytes(32))
      // The secret is kept before it is sent. If it were lost with the answer, so would be the account.
      storage.set(deviceKey, deviceSecret)
      try {
        const account = await enter((more) => client.auth.guest({ body: { deviceSecret } }, more))
        storage.remove(eraseKey)
        return account
      } catch (error) {
        // It opens nothing any more: kept, it would be refused for ever.
        if (error instanceof ApiError && error.code === 'auth.device_refused') {
          storage.remove(deviceKey)
        }
        throw error
      }
    },
    async register(loginName, password) {
      const body = { loginName, password }
      return await enter((more) => client.auth.register({ body }, more), loginName)
    },
    async logIn(loginName, password) {
      const deviceToken = tokens.deviceTokenOf(loginName)
      const body = { loginName, password, ...(deviceToken === undefined ? {} : { deviceToken }) }
      return await enter((more) => client.auth.login({ body }, more), loginName)
    },
    signIn: async (provider, body) =>
      await enter((more) => client.auth.signIn({ params: { provider }, body }, more)),
    async enterCode(code) {
      if (waiting === undefined) throw new ApiError('auth.ticket_refused', 'No log-in waits for it')
      const { ticket, loginName } = waiting
      const body = { ticket, code }
      const session = await sent((more) => client.auth.secondFactor({ body }, more))
      waiting = undefined
      return tokens.begin(session, loginName)
    },
    guestErasedAt() {
      const at = Number(storage.get(eraseKey))
      return at > runtime.now() ? at : undefined
    },
  }
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
