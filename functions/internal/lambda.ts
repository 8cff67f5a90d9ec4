import { internal } from '#shared/api/internal.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { mount } from '../http/serve.ts'
import { lambda, verifying } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { internalRoutes } from './routes.ts'

export const domains: DomainsOf<Verifier> = async (wired) => [
  mount(internal, internalRoutes(wired)),
]

export const handler = lambda(['internal'], verifying, domains)
