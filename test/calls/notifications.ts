import type { notifications } from '#shared/api/notifications.ts'
import type { CallsOf } from './call.ts'
import { asked } from './friends.ts'

export const notificationCalls: CallsOf<typeof notifications> = {
  async list(stage) {
    const { params, second } = await asked(stage)
    return { by: second, params }
  },
}
