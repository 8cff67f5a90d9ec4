import type { moderation } from '#shared/api/moderation.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'
import type { Stage } from './stage.ts'

const reason = 'An example'

/** The first reports the name of the second. */
async function reporting(stage: Stage) {
  const { params, first, second } = await two(stage)
  const body = { as: first.as, what: { kind: 'name', name: second.name }, rule: 'name' } as const
  return { by: first, params, body, second }
}

/** A report that waits for a moderator. */
async function reported(stage: Stage) {
  const { by, params, body } = await reporting(stage)
  const { reportId } = await by.client.moderation.report({ params, body })
  return { by: await stage.operator(), params: { ...params, reportId } }
}

async function meant(stage: Stage) {
  const { playerId } = await stage.player()
  return { by: await stage.operator(), params: { realmId: stage.realmId, who: playerId } }
}

const muting = { forS: 1 * 3600, rule: 'spam', reason } as const

/** A player who is muted. */
async function muted(stage: Stage) {
  const operator = await stage.operator()
  const by = await stage.player()
  const params = { realmId: stage.realmId, who: by.playerId }
  const { sanction } = await operator.client.moderation.mute({ params, body: muting })
  return { by, operator, params: { realmId: stage.realmId, sanctionId: sanction.sanctionId } }
}

const text = 'It was a quotation'

export const moderationCalls: CallsOf<typeof moderation> = {
  async report(stage) {
    const { by, params, body } = await reporting(stage)
    return { by, params, body }
  },
  async sanctions(stage) {
    const { by, params } = await muted(stage)
    return { by, params: { realmId: params.realmId }, query: {} }
  },
  async appeal(stage) {
    const { by, params } = await muted(stage)
    return { by, params, body: { text }, others: { sanctionId: 'sanction.not_found' } }
  },
  async reports(stage) {
    const { by, params } = await reported(stage)
    return { by, params: { realmId: params.realmId }, query: {} }
  },
  showReport: reported,
  decide: async (stage) => ({
    ...(await reported(stage)),
    body: { decision: 'mute', forS: 1 * 3600, reason },
  }),
  mute: async (stage) => ({ ...(await meant(stage)), body: muting }),
  async unmute(stage) {
    const call = await meant(stage)
    await call.by.client.moderation.mute({ params: call.params, body: muting })
    return { ...call, body: { reason } }
  },
  async appeals(stage) {
    const { by, params, operator } = await muted(stage)
    await by.client.moderation.appeal({ params, body: { text } })
    return { by: operator, params: { realmId: params.realmId }, query: {} }
  },
  async decideAppeal(stage) {
    const { by, params, operator } = await muted(stage)
    await by.client.moderation.appeal({ params, body: { text } })
    return { by: operator, params, body: { decision: 'lift', reason } }
  },
}
