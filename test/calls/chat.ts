import type { chat } from '#shared/api/chat.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'
import type { Stage } from './stage.ts'

const text = 'How are you?'

export const chatCalls: CallsOf<typeof chat> = {
  async say(stage) {
    const { params, first } = await two(stage)
    return { by: first, params: { ...params, channel: 'zone:hub' }, body: { as: first.as, text } }
  },
  async lines(stage) {
    const { params, second } = await whispered(stage)
    return { by: second, params: { ...params, channel: 'whisper' }, query: { as: second.as } }
  },
  async whisper(stage) {
    const { params, first, second } = await two(stage)
    return { by: first, params, body: { as: first.as, to: second.name, text } }
  },
  async whispers(stage) {
    const { params, second } = await whispered(stage)
    return { by: second, params }
  },
}

/** The first has whispered to the second. */
async function whispered(stage: Stage) {
  const both = await two(stage)
  const { params, first, second } = both
  await first.client.chat.whisper({ params, body: { as: first.as, to: second.name, text } })
  return both
}
