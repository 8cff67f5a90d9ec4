import { content } from '#shared/api/content.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { mount } from '../http/serve.ts'
import { lambda, verifying } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { contentRoutes } from './routes.ts'

export const domains: DomainsOf<Verifier> = async (wired) => [
  mount(content, contentRoutes(await wired.content())),
]

export const handler = lambda(['content'], verifying, domains)
