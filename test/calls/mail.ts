import type { mail } from '#shared/api/mail.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'
import type { Stage } from './stage.ts'

const hello = { subject: 'Hello', text: 'How are you?' }

/** The first has written to the second. `params`: of that letter. */
async function written(stage: Stage) {
  const { params, first, second } = await two(stage)
  await first.client.mail.send({ params, body: { as: first.as, to: second.name, ...hello } })
  const inbox = { ...params, characterId: second.as }
  const { entries } = await second.client.mail.list({ params: inbox, query: {} })
  return { by: second, params: { ...inbox, letterId: entries[0]!.letterId } }
}

const others = { letterId: 'mail.not_found' } as const

export const mailCalls: CallsOf<typeof mail> = {
  async list(stage) {
    const { by, params } = await written(stage)
    const { realmId, characterId } = params
    return { by, params: { realmId, characterId }, query: {} }
  },
  async send(stage) {
    const { params, first, second } = await two(stage)
    return { by: first, params, body: { as: first.as, to: second.name, ...hello } }
  },
  open: async (stage) => ({ ...(await written(stage)), others }),
  markRead: async (stage) => ({ ...(await written(stage)), others }),
  delete: async (stage) => ({ ...(await written(stage)), others }),
}
