import { lambda } from '../http/wire.ts'
import { mountGame } from './routes.ts'

export const handler = lambda(async (wired) => {
  const { content } = await wired.content()
  return mountGame({ ...wired, content })
})
