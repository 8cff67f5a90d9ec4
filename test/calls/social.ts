import type { social } from '#shared/api/social.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'

export const socialCalls: CallsOf<typeof social> = {
  async ticket(stage) {
    const { params, first } = await two(stage)
    return { by: first, params }
  },
}
