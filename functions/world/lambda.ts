import { world } from '#shared/api/world.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { isSynthetic, requireSession } from '../auth/auth.ts'
import { openFleet } from '../start/fleet.ts'
import { mount } from '../http/serve.ts'
import { signing } from '../start/signing.ts'
import { lambda } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { worldRoutes } from './routes.ts'

export const domains: DomainsOf<KeyRing> = async (wired) => {
  const { store, runtime, realms, keys, cache } = wired
  const { content } = await wired.content()
  const fleet = openFleet(wired)
  const routes = worldRoutes({
    store,
    runtime,
    realms,
    content,
    fleet,
    signingKey: keys.signing,
    verifyKeys: keys.verify,
    hint: createHint(cache),
    requireSession: async (player) => await requireSession({ store, runtime }, player),
    isSynthetic: (accountId) => isSynthetic(keys, accountId),
  })
  return [mount(world, routes)]
}

export const handler = lambda(['world'], signing, domains)
