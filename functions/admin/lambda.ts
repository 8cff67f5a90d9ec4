import { admin } from '#shared/api/admin.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { openFleet } from '../start/fleet.ts'
import { mount } from '../http/serve.ts'
import { lambda, verifying } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { adminRoutes } from './routes.ts'

export const domains: DomainsOf<Verifier> = async (wired) => {
  const { content } = await wired.content()
  const hint = createHint(wired.cache)
  return [mount(admin, adminRoutes({ ...wired, content, fleet: openFleet(wired), hint }))]
}

export const handler = lambda(['admin'], verifying, domains)
