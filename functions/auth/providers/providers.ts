// The providers of a realm, from its settings.
import type { Runtime } from '#shared/runtime.ts'
import type { SignInSettings } from '#shared/sign-in.ts'
import type { Fetch } from './ask.ts'
import { createOidcProvider } from './oidc.ts'
import type { Provider } from './provider.ts'
import { createSteamProvider } from './steam.ts'

export function createProviders(
  { oidc, steam }: SignInSettings,
  deps: { runtime: Pick<Runtime, 'now' | 'randomBytes'>; fetch: Fetch },
): Provider[] {
  return [
    ...oidc.map((settings) => createOidcProvider(settings, deps)),
    ...(steam === undefined ? [] : [createSteamProvider(steam, deps)]),
  ]
}
