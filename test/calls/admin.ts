import type { admin } from '#shared/api/admin.ts'
import { codeOf } from '../functions/api.ts'
import type { CallsOf } from './call.ts'
import type { Stage } from './stage.ts'

const reason = 'An example'
const hello = { subject: 'Hello', text: 'How are you?', reason }

/** An operator, and whom he means. */
async function meant(stage: Stage) {
  const { playerId } = await stage.player()
  return { by: await stage.operator(), params: { who: playerId } }
}

async function inRealm(stage: Stage) {
  return { by: await stage.operator(), params: { realmId: stage.realmId } }
}

/** An instance of the hub. */
async function ofInstance(stage: Stage) {
  const { bootId } = await stage.openZone()
  const { by, params } = await inRealm(stage)
  return { by, params: { ...params, bootId, instance: 'hub-1' } }
}

const inAnHour = { inS: 3600, forS: 600, reason }

/** A realm that others may share: what they have planned ends. */
async function withoutMaintenance(stage: Stage) {
  const call = await inRealm(stage)
  await codeOf(call.by.client.admin.endMaintenance({ params: call.params, body: { reason } }))
  return call
}

async function planned(stage: Stage) {
  const call = await withoutMaintenance(stage)
  await call.by.client.admin.startMaintenance({ params: call.params, body: inAnHour })
  return call
}

export const adminCalls: CallsOf<typeof admin> = {
  showPlayer: meant,
  kick: async (stage) => ({ ...(await meant(stage)), body: { reason } }),
  ban: async (stage) => ({ ...(await meant(stage)), body: { reason, forS: 86_400 } }),
  async unban(stage) {
    const call = await meant(stage)
    await call.by.client.admin.ban({ params: call.params, body: { reason } })
    return { ...call, body: { reason } }
  },
  setRole: async (stage) => ({ ...(await meant(stage)), body: { role: 'operator', reason } }),
  announce: async (stage) => ({ ...(await inRealm(stage)), body: { text: 'Hello', reason } }),
  keepAnnouncement: async (stage) => ({
    ...(await inRealm(stage)),
    body: { text: 'Fair tonight', inS: 0, forS: 3600, countdown: true, reason },
  }),
  async withdrawAnnouncement(stage) {
    const { by, params } = await inRealm(stage)
    const body = { text: 'Fair tonight', inS: 0, forS: 3600, reason }
    const { announcementId } = await by.client.admin.keepAnnouncement({ params, body })
    return { by, params: { ...params, announcementId }, body: { reason } }
  },
  maintenance: planned,
  startMaintenance: async (stage) => ({
    ...(await withoutMaintenance(stage)),
    body: inAnHour,
  }),
  extendMaintenance: async (stage) => ({
    ...(await planned(stage)),
    body: { forS: 600, reason },
  }),
  endMaintenance: async (stage) => ({ ...(await planned(stage)), body: { reason } }),
  async sendMail(stage) {
    const { name } = await stage.player()
    return { ...(await inRealm(stage)), body: { to: name, ...hello } }
  },
  mailAll: async (stage) => ({ ...(await inRealm(stage)), body: hello }),
  async withdrawMail(stage) {
    const { by, params } = await inRealm(stage)
    const { letterId } = await by.client.admin.mailAll({ params, body: hello })
    return { by, params: { ...params, letterId }, body: { reason } }
  },
  fleet: async (stage) => ({ by: await stage.operator() }),
  async instances(stage) {
    await stage.openZone()
    return { ...(await inRealm(stage)), query: {} }
  },
  instance: ofInstance,
  async openInstance(stage) {
    const { bootId } = await stage.openZone()
    stage.offer?.({ bootId, zone: 'hub' })
    const call = await inRealm(stage)
    return stage.offer === undefined
      ? { ...call, body: { zone: 'nowhere', reason }, refused: 'admin.zone_unknown' }
      : { ...call, body: { zone: 'hub', reason } }
  },
  closeInstance: async (stage) => ({ ...(await ofInstance(stage)), body: { reason } }),
  async movePlayer(stage) {
    const { by, params } = await meant(stage)
    const moved = { by, params: { ...params, realmId: stage.realmId }, body: { reason } }
    // Who plays is moved in test/functions/instances.test.ts.
    return { ...moved, refused: 'admin.not_in_play' }
  },
  async stopHost(stage) {
    const params = { name: await stage.fleetHost() }
    return { by: await stage.operator(), params, body: { reason } }
  },
  audit: async (stage) => ({ by: await stage.operator(), query: {} }),
}
