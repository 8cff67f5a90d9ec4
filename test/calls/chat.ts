import type { chat } from '#shared/api/chat.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'

const text = 'How are you?'

export const chatCalls: CallsOf<typeof chat> = {
  async say(stage) {
    const { params, first } = await two(stage)
    return { by: first, params: { ...params, channel: 'zone:hub' }, body: { as: first.as, text } }
  },
  async lines(stage) {
    const { params, first } = await two(stage)
    return { by: first, params: { ...params, channel: 'whisper' }, query: { as: first.as } }
  },
  async whisper(stage) {
    const { params, first, second } = await two(stage)
    return { by: first, params, body: { as: first.as, to: second.name, text } }
  },
  async whispers(stage) {
    const { params, first } = await two(stage)
    return { by: first, params }
  },
}
