// What a player must not miss (shared/notifications).
import * as z from 'zod'
import { notification } from '../notifications/notification.ts'
import { domain, endpoint } from './endpoint.ts'
import { realmId } from './names.ts'
import { paged } from './page.ts'

const pages = paged(notification, { size: 50, max: 100 })

export const notifications = domain({
  name: 'notifications',
  description: 'What a player must not miss: kept for 30 days, read by cursor',
  endpoints: {
    list: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/notifications',
      summary: 'What you were told, oldest first',
      description:
        'Keep `since` and send it as `after` the next time. What is younger than a minute comes again then: skip ' +
        'the `notificationId`s that you have. An answer without `since` does not change it.',
      identity: 'player',
      params: z.object({ realmId }),
      ...pages,
      answer: pages.answer.extend({
        since: pages.answer.shape.next.meta({ description: 'Where to read on another time' }),
      }),
      errors: [],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
  },
})
