import type { matchmaking } from '#shared/api/matchmaking.ts'
import type { CallsOf } from './call.ts'
import { together } from './parties.ts'
import type { Stage } from './stage.ts'

/** A party, and a queue that it may join; the game may have none. */
async function beforeQueue(stage: Stage) {
  const { params, first, second } = await together(stage)
  const { queues } = await stage.client().matchmaking.queues({ params })
  const queue = queues.find(({ partyMax }) => partyMax >= 2)
  const choose = (nth: number) =>
    Object.fromEntries(
      Object.entries(queue?.choices ?? {}).map(([name, values]) => [name, values.at(nth)!]),
    )
  const choices = { [first.as]: choose(0), [second.as]: choose(-1) }
  const call = {
    by: first,
    params: { ...params, queueId: queue?.queueId ?? 'nowhere' },
    body: { as: first.as, choices },
  }
  return { call, has: queue !== undefined, params, first }
}

/** The party waits in the queue, if there is one. */
async function waiting(stage: Stage) {
  const { call, has, ...more } = await beforeQueue(stage)
  const { queueId } = call.params
  const { ticketId } = has ? await more.first.client.matchmaking.join(call) : { ticketId: nobodys }
  return { ...more, has, queueId, ticketId }
}

const reason = 'An example'
const nobodys = '01980000-0000-7000-8000-000000000000'

/** A queue, for an operator. */
async function heldQueue(stage: Stage) {
  const { call, has } = await beforeQueue(stage)
  const { queueId } = call.params
  const held = { by: await stage.operator(), params: { realmId: stage.realmId, queueId } }
  return { ...held, has, ...(has ? {} : { refused: 'queue.unknown' as const }) }
}

export const matchmakingCalls: CallsOf<typeof matchmaking> = {
  queueStates: async (stage) => ({
    by: await stage.operator(),
    params: { realmId: stage.realmId },
  }),
  async queueTickets(stage) {
    const { queueId, has } = await waiting(stage)
    const call = { by: await stage.operator(), params: { realmId: stage.realmId, queueId } }
    return has ? call : { ...call, refused: 'queue.unknown' }
  },
  async queuedPlayer(stage) {
    const { params, first } = await waiting(stage)
    return { by: await stage.operator(), params: { ...params, who: first.playerId } }
  },
  async cancelTicket(stage) {
    const { queueId, ticketId, has } = await waiting(stage)
    const params = { realmId: stage.realmId, queueId, ticketId }
    const call = { by: await stage.operator(), params, body: { reason } }
    return has ? call : { ...call, refused: 'queue.unknown' }
  },
  async forgive(stage) {
    const { playerId } = await stage.player()
    const params = { realmId: stage.realmId, who: playerId }
    // Who declines a match is forgiven in test/functions/queues.test.ts.
    return { by: await stage.operator(), params, body: { reason }, refused: 'admin.no_penalty' }
  },
  async closeQueue(stage) {
    const { has: _, ...call } = await heldQueue(stage)
    return { ...call, body: { text: 'Back at noon', forS: 3600, reason } }
  },
  async openQueue(stage) {
    const { has, ...call } = await heldQueue(stage)
    if (has) {
      const body = { text: 'Back at noon', forS: 3600, reason }
      await call.by.client.matchmaking.closeQueue({ params: call.params, body })
    }
    return { ...call, body: { reason } }
  },
  queues: async ({ realmId }) => ({ params: { realmId } }),
  async join(stage) {
    const { call, has } = await beforeQueue(stage)
    return has ? call : { ...call, refused: 'queue.unknown' }
  },
  async standing(stage) {
    const { params, first } = await waiting(stage)
    return { by: first, params, query: { as: first.as } }
  },
  async ratings(stage) {
    const me = await stage.player()
    return { by: me, params: { realmId: stage.realmId }, query: { as: me.as } }
  },
  async leave(stage) {
    const { params, first, has } = await waiting(stage)
    const call = { by: first, params, query: { as: first.as } }
    return has ? call : { ...call, refused: 'queue.none' }
  },
  async answer(stage) {
    const { params, first } = await waiting(stage)
    const call = { by: first, body: { as: first.as, accept: true } }
    // A match is made by the clock; test/functions/matchmaking.test.ts does it.
    const matchId = nobodys
    const others = { matchId: 'match.over' } as const
    return { ...call, params: { ...params, matchId }, others, refused: 'match.over' }
  },
  async report({ realmId }) {
    // FlexMatch matches no queue here; test/functions/flexmatch.test.ts has it.
    const body = {
      Type: 'Notification' as const,
      MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
      TopicArn: 'arn:aws:sns:eu-central-1:123456789012:flexmatch',
      Message: '{}',
      Timestamp: '2026-12-01T00:00:00.000Z',
      SignatureVersion: '2' as const,
      Signature: 'AAAA',
      SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/some.pem',
    }
    return { params: { realmId }, body, refused: 'route.not_found' }
  },
}
