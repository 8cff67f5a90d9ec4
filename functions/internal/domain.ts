import { internal } from '#shared/api/internal.ts'
import { defineDomain } from '../http/record.ts'
import { internalRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'internal',
  module: import.meta.filename,
  group: 'utility',
  needs: [],
  declaration: internal,
  handlers: internalRoutes,
  personal: { none: 'It reads leases of hosts.' },
  rows: [{ table: 'volatile', partition: 'HOST#*', actions: ['GetItem'] }],
})
