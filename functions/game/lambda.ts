import type { Verifier } from '#shared/keys/ring.ts'
import { lambda, verifying } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { mountGame } from './routes.ts'

export const domains: DomainsOf<Verifier> = async (wired) => {
  const { content } = await wired.content()
  return mountGame({ ...wired, content })
}

export const handler = lambda(['game'], verifying, domains)
