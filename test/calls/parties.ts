import type { parties } from '#shared/api/parties.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'
import type { Stage } from './stage.ts'

/** The first leads a party, into which the second is invited. */
export async function invitedToParty(stage: Stage) {
  const { params, first, second } = await two(stage)
  const body = { as: first.as, name: second.name }
  const { party } = await first.client.parties.invite({ params, body })
  return { params, first, second, partyId: party!.partyId }
}

/** Two in a party; the first leads. */
export async function together(stage: Stage) {
  const { params, first, second, partyId } = await invitedToParty(stage)
  await second.client.parties.accept({ params: { ...params, partyId }, body: { as: second.as } })
  return { params, first, second }
}

export const partyCalls: CallsOf<typeof parties> = {
  async mine(stage) {
    const { params, second } = await together(stage)
    return { by: second, params, query: { as: second.as } }
  },
  async invite(stage) {
    const { params, first, second } = await two(stage)
    return { by: first, params, body: { as: first.as, name: second.name } }
  },
  async accept(stage) {
    const { params, second, partyId } = await invitedToParty(stage)
    return {
      by: second,
      params: { ...params, partyId },
      body: { as: second.as },
      others: { partyId: 'party.not_invited' },
    }
  },
  async decline(stage) {
    const { params, second, partyId } = await invitedToParty(stage)
    return {
      by: second,
      params: { ...params, partyId },
      body: { as: second.as },
      others: { partyId: 'party.not_invited' },
    }
  },
  async leave(stage) {
    const { params, second } = await together(stage)
    return { by: second, params, body: { as: second.as } }
  },
  async kick(stage) {
    const { params, first, second } = await together(stage)
    return {
      by: first,
      params,
      body: { as: first.as, characterId: second.as },
      others: { characterId: 'party.not_found' },
    }
  },
  async handOver(stage) {
    const { params, first, second } = await together(stage)
    return {
      by: first,
      params,
      body: { as: first.as, characterId: second.as },
      others: { characterId: 'party.not_found' },
    }
  },
  async askReady(stage) {
    const { params, first } = await together(stage)
    return { by: first, params, body: { as: first.as } }
  },
  async answerReady(stage) {
    const { params, first, second } = await together(stage)
    await first.client.parties.askReady({ params, body: { as: first.as } })
    return { by: second, params, body: { as: second.as, ready: true } }
  },
}
