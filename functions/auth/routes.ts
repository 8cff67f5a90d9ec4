import type { auth } from '#shared/api/auth.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { guestsAtOnceMax, guestsWaitingMax } from '#shared/limits.ts'
import { eraseMine, login, playAsGuest, register } from './auth.ts'
import type { AuthDeps } from './auth.ts'
import { createQueue } from './queue.ts'
import { createRealmsNow } from './realms.ts'
import { logout, logoutEverywhere, refresh } from './sessions.ts'

export type AuthRouteDeps = AuthDeps & { keys: KeyRing }

export function authRoutes(deps: AuthRouteDeps): Handlers<typeof auth> {
  const realmsNow = createRealmsNow(deps)
  const guests = createQueue(guestsAtOnceMax, guestsWaitingMax)
  return {
    register: ({ body, address, operation }) => register(deps, body, address, operation),
    login: ({ body, address, operation }) => login(deps, body, address, operation),
    guest: ({ body, address, operation }) =>
      guests(() => playAsGuest(deps, body.deviceSecret, address, operation)),
    refresh: ({ body }) => refresh(deps, body.refreshToken),
    async logout({ caller }) {
      await logout(deps, caller)
      return {}
    },
    async logoutEverywhere({ caller }) {
      await logoutEverywhere(deps, caller)
      return {}
    },
    erase: ({ body, caller, address, operation }) =>
      eraseMine(deps, caller, body, address, operation),
    realms: async () => ({ realms: await realmsNow() }),
    jwks: async () => deps.keys.jwks(),
  }
}
