import { internal } from '#shared/api/internal.ts'
import { mount } from '../http/serve.ts'
import { lambda } from '../http/wire.ts'
import { internalRoutes } from './routes.ts'

export const handler = lambda(async (wired) => [mount(internal, internalRoutes(wired))])
