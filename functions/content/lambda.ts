import { content } from '#shared/api/content.ts'
import { mount } from '../http/serve.ts'
import { lambda } from '../http/wire.ts'
import { contentRoutes } from './routes.ts'

export const handler = lambda(async (wired) => [
  mount(content, contentRoutes(await wired.content())),
])
