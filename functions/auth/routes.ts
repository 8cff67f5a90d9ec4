import type { auth } from '#shared/api/auth.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { guestsAtOnceMax, guestsWaitingMax } from '#shared/limits.ts'
import type { SignInSettings } from '#shared/sign-in.ts'
import { eraseMine, login, playAsGuest, register } from './auth.ts'
import { changePassword } from './change-password.ts'
import { confirmEmail, setEmail } from './email.ts'
import { beginSignIn, link, signIn, unlink } from './identities.ts'
import type { IdentityDeps } from './identities.ts'
import { endOtherSessions, endSession, overview, sessions } from './overview.ts'
import { createProviders } from './providers/providers.ts'
import { createQueue } from './queue.ts'
import { createRealmsNow } from './realms.ts'
import { finishRecovery, recover } from './recovery.ts'
import {
  confirmSecondFactor,
  disableSecondFactor,
  enrolSecondFactor,
  finishLogin,
} from './second-factor.ts'
import { logout, logoutEverywhere, refresh } from './sessions.ts'
import { upgrade } from './upgrade.ts'

type AuthRouteDeps = IdentityDeps & { keys: KeyRing }

/** What the domain is given. */
export type AuthParts = Omit<AuthRouteDeps, 'keys' | 'providers'> & {
  signing: KeyRing
  signIn: SignInSettings
}

export function authRoutes(parts: AuthParts): Handlers<typeof auth> {
  const { runtime } = parts
  const providers = createProviders(parts.signIn, { runtime, fetch })
  const deps: AuthRouteDeps = { ...parts, keys: parts.signing, providers }
  const realmsNow = createRealmsNow(deps)
  const guests = createQueue(guestsAtOnceMax, guestsWaitingMax)
  return {
    register: ({ body, operation, ...from }) => register(deps, body, from, operation),
    login: ({ body, operation, ...from }) => login(deps, body, from, operation),
    guest: ({ body, operation, ...from }) =>
      guests(() => playAsGuest(deps, body.deviceSecret, from, operation)),
    refresh: ({ body }) => refresh(deps, body.refreshToken),
    logout: ({ caller }) => done(logout(deps, caller)),
    logoutEverywhere: ({ caller }) => done(logoutEverywhere(deps, caller)),
    erase: ({ body, caller, address, operation }) =>
      eraseMine(deps, caller, body, address, operation),
    realms: async () => ({ realms: await realmsNow() }),
    jwks: async () => deps.keys.jwks(),
    ...signInRoutes(deps),
    ...accountRoutes(deps),
  }
}

function signInRoutes(deps: AuthRouteDeps) {
  return {
    secondFactor: ({ body, agent, operation: op }) => finishLogin(deps, body, { agent, op }),
    ways: async () => ({
      email: deps.email.sender !== undefined,
      providers: deps.providers.map(({ name, title, kind }) => ({ provider: name, title, kind })),
    }),
    beginSignIn: ({ params, body }) => beginSignIn(deps, params.provider, body.returnTo),
    signIn: ({ params, body, address, agent, operation: op }) =>
      signIn(deps, params.provider, body, { address, agent, op }),
  } satisfies Partial<Handlers<typeof auth>>
}

function accountRoutes(deps: AuthRouteDeps) {
  return {
    account: ({ caller }) => overview(deps, caller),
    upgrade: ({ caller, body, operation }) => upgrade(deps, caller, body, operation),
    changePassword: ({ caller, body, agent, operation: op }) =>
      changePassword(deps, caller, body, { agent, op }),
    sessions: ({ caller }) => sessions(deps, caller),
    endSession: ({ caller, params }) => done(endSession(deps, caller, params.sessionId)),
    endOtherSessions: ({ caller }) => done(endOtherSessions(deps, caller)),
    setEmail: ({ caller, body, operation }) => done(setEmail(deps, caller, body, operation)),
    confirmEmail: ({ body, operation }) => done(confirmEmail(deps, body.secret, operation)),
    recover: ({ body, operation }) => done(recover(deps, body.address, operation)),
    finishRecovery: ({ body, operation }) => finishRecovery(deps, body, operation),
    enrolSecondFactor: ({ caller, body, operation }) =>
      enrolSecondFactor(deps, caller, body.password, operation),
    confirmSecondFactor: ({ caller, body, operation }) =>
      confirmSecondFactor(deps, caller, body.code, operation),
    disableSecondFactor: ({ caller, body, operation }) =>
      done(disableSecondFactor(deps, caller, body.code, operation)),
    link: ({ caller, params, body, operation }) =>
      done(link(deps, caller, params.provider, body, operation)),
    unlink: ({ caller, params, operation }) =>
      done(unlink(deps, caller, params.provider, operation)),
  } satisfies Partial<Handlers<typeof auth>>
}

async function done(work: Promise<void>): Promise<Record<string, never>> {
  await work
  return {}
}
