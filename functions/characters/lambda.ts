import { characters } from '#shared/api/characters.ts'
import { mount } from '../http/serve.ts'
import { lambda } from '../http/wire.ts'
import { characterRoutes } from './routes.ts'

export const handler = lambda(async (wired) => {
  const { content } = await wired.content()
  return [mount(characters, characterRoutes({ ...wired, content }))]
})
