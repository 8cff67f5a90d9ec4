import { content } from '#shared/api/content.ts'
import { defineDomain } from '../http/record.ts'
import { contentRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'content',
  module: import.meta.filename,
  group: 'utility',
  servesReference: true,
  needs: ['content'],
  declaration: content,
  handlers: (parts) => contentRoutes(parts.content),
  personal: { none: 'It is the game’s.' },
  rows: [],
})
