import { notifications } from '#shared/api/notifications.ts'
import { defineDomain } from '../http/record.ts'
import { personal } from './personal.ts'
import { notificationRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'notifications',
  module: import.meta.filename,
  group: 'utility',
  needs: [],
  declaration: notifications,
  handlers: notificationRoutes,
  personal,
  rows: [{ table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['Query'] }],
})
