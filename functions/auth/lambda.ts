import { auth } from '#shared/api/auth.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { mount } from '../http/serve.ts'
import { signing } from '../start/signing.ts'
import { lambda } from '../start/wire.ts'
import type { DomainsOf } from '../start/wire.ts'
import { createHasher } from './passwords.ts'
import { authRoutes } from './routes.ts'

export const domains: DomainsOf<KeyRing> = async (wired) => [
  mount(auth, authRoutes({ ...wired, hasher: createHasher(wired.runtime) })),
]

export const handler = lambda(['auth'], signing, domains)
