// What a player does with his own account that changes how he is logged in. All else of the account are calls of the
// API alone (Session.api).
import type { ApiClient } from '#shared/api/client.ts'
import type { Api } from '#shared/api/api.ts'
import type { KeyStore } from './storage.ts'
import type { Tokens } from './tokens.ts'
import { deviceKey, eraseKey } from './ways-in.ts'
import type { Proof } from './ways-in.ts'

/** Every method fails with an ApiError. */
export type OwnAccount = {
  /**
   * Adds a log-in name and a password. `forgetDevice`: the secret of the device opens the account no more. It stays in
   * storage, so that the next guest is told why he is refused.
   */
  upgrade(loginName: string, password: string, forgetDevice: boolean): Promise<void>
  /** Ends all other log-in sessions. */
  changePassword(loginName: string, present: string, password: string): Promise<void>
  /** `password`: of an account with a log-in name. */
  link(provider: string, proof: Proof, password?: string): Promise<void>
  /** Asks for the erase, with the password or as the guest of this device. Answers when, Unix ms. Logs out. */
  erase(password?: string): Promise<number>
}

export function createOwnAccount(deps: {
  /** Calls carry the log-in. */
  api: ApiClient<Api>
  tokens: Tokens
  storage: KeyStore
  /** Asks for new tokens. */
  renew: () => Promise<void>
}): OwnAccount {
  const { api, tokens, storage } = deps
  /** The tokens say who is a guest. It is done already: if this fails, the next renewal says it. */
  const renewed = async () => await deps.renew().catch(() => undefined)
  return {
    async upgrade(loginName, password, forgetDevice) {
      const body = { loginName, password, forgetDevice }
      const { deviceToken } = await api.auth.upgrade({ body })
      tokens.know(loginName, deviceToken)
      await renewed()
    },
    async changePassword(loginName, present, password) {
      const session = await api.auth.changePassword({ body: { present, password } })
      tokens.begin(session, loginName)
    },
    async link(provider, proof, password) {
      const body = { ...proof, ...(password === undefined ? {} : { password }) }
      await api.auth.link({ params: { provider }, body })
      await renewed()
    },
    async erase(password) {
      const deviceSecret = storage.get(deviceKey)
      const body = password === undefined ? { deviceSecret } : { password }
      const { at } = await api.auth.erase({ body })
      if (password === undefined) storage.set(eraseKey, String(at))
      tokens.forget()
      return at
    },
  }
}
