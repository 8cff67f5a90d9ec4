import { auth } from '#shared/api/auth.ts'
import { mount } from '../http/serve.ts'
import { lambda } from '../http/wire.ts'
import { createHasher } from './passwords.ts'
import { authRoutes } from './routes.ts'

export const handler = lambda(async (wired) => [
  mount(auth, authRoutes({ ...wired, hasher: createHasher(wired.runtime) })),
])
