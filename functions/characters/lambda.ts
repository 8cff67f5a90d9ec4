import { characters } from '#shared/api/characters.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { mount } from '../http/serve.ts'
import { lambda, verifying } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { characterRoutes } from './routes.ts'

export const domains: DomainsOf<Verifier> = async (wired) => {
  const { content } = await wired.content()
  return [mount(characters, characterRoutes({ ...wired, content }))]
}

export const handler = lambda(['characters'], verifying, domains)
