import { admin } from '#shared/api/admin.ts'
import { createStaticFleet } from '#shared/fleet/static.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { mount } from '../http/serve.ts'
import { lambda } from '../http/wire.ts'
import { adminRoutes } from './routes.ts'

export const handler = lambda(async (wired) => {
  const { content } = await wired.content()
  const hint = createHint(wired.cache)
  return [mount(admin, adminRoutes({ ...wired, content, fleet: createStaticFleet(), hint }))]
})
