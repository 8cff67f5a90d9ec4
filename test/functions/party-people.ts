// What players do with parties over HTTP, and the rules that the rows of all parties keep.
import * as z from 'zod'
import { partyInvitesMax, partyMembersMax } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import { inRealm as params } from './people.ts'
import type { Person } from './people.ts'
import type { TestApi } from './api.ts'

export function partyActs({ client, as, id }: Person) {
  const { parties } = client
  const body = { as }
  const of = (partyId: string) => ({ params: { ...params, partyId }, body })
  const on = (other: { as: string }) => ({ params, body: { as, characterId: other.as } })
  const mine = async () => await parties.mine({ params, query: body })
  return {
    mine,
    /** The names of the members. */
    members: async () => (await mine()).party?.members.map((one) => one.name),
    invite: (other: { name: string }, operationId = id()) =>
      parties.invite({ params, body: { as, name: other.name } }, { operationId }),
    accept: (partyId: string, operationId = id()) => parties.accept(of(partyId), { operationId }),
    decline: (partyId: string, operationId = id()) => parties.decline(of(partyId), { operationId }),
    leave: (operationId = id()) => parties.leave({ params, body }, { operationId }),
    kick: (other: { as: string }, operationId = id()) => parties.kick(on(other), { operationId }),
    handOver: (other: { as: string }, operationId = id()) =>
      parties.handOver(on(other), { operationId }),
    askReady: (operationId = id()) => parties.askReady({ params, body }, { operationId }),
    answerReady: (ready: boolean, operationId = id()) =>
      parties.answerReady({ params, body: { as, ready } }, { operationId }),
  }
}

const partyRow = z.object({
  partyId: z.string(),
  leader: z.string(),
  members: z.array(z.object({ characterId: z.string() })),
  invites: z.array(z.object({ characterId: z.string(), until: z.number() })),
  check: z.object({ ready: z.array(z.string()), notReady: z.array(z.string()) }).optional(),
})

/** A membership, or an invite. */
const standingRow = z.object({ partyId: z.string(), until: z.number().default(0) })

const ofParty = 'R#local#PARTY#'
const ofCharacter = 'R#local#PARTY-OF#'

/** All rows of parties. */
export function partyRows(test: TestApi) {
  return test.memory
    .rows('core')
    .filter(({ pk }) => pk.startsWith(ofParty) || pk.startsWith(ofCharacter))
}

/** Parties as their rows say, by their ids: members in the order in which they came, invites that count. */
export function partiesOf(test: TestApi) {
  const rows = partyRows(test).filter(({ pk }) => pk.startsWith(ofParty))
  const now = test.clock.now()
  return new Map(
    rows.map((row) => {
      const { partyId, leader, members, invites, check } = readRow(partyRow, row)
      const answers = [
        ...(check?.ready.map((id) => [id, true] as const) ?? []),
        ...(check?.notReady.map((id) => [id, false] as const) ?? []),
      ]
      const shown = {
        leader,
        members: members.map(({ characterId }) => characterId),
        invited: invites.filter(({ until }) => until > now).map(({ characterId }) => characterId),
        answers: Object.fromEntries(answers),
      }
      return [partyId, shown] as const
    }),
  )
}

/**
 * What is wrong with the rows of parties: nothing, whatever has happened. Each character is in one party at most,
 * and both rows say so; one leader, who is a member; no more than fit; each invite is where both look.
 */
export function brokenParties(test: TestApi): string[] {
  const wrong: string[] = []
  const memberships = new Map<string, unknown>()
  const invites = new Set<string>()
  for (const row of partyRows(test)) {
    if (!row.pk.startsWith(ofCharacter)) continue
    const characterId = row.pk.slice(ofCharacter.length)
    const { partyId, until } = readRow(standingRow, row)
    if (row.sk === 'PARTY') memberships.set(characterId, partyId)
    else if (until > test.clock.now()) invites.add(`${characterId} ${partyId}`)
  }
  for (const [partyId, { members, leader, invited }] of partiesOf(test)) {
    if (members.length === 0 || members.length > partyMembersMax) {
      wrong.push(`${members.length} members`)
    }
    if (invited.length > partyInvitesMax) wrong.push(`${invited.length} invites`)
    if (!members.includes(leader)) wrong.push(`no leader in ${partyId}`)
    for (const id of members) {
      if (memberships.get(id) !== partyId) wrong.push(`${id} is in a party and does not know`)
      memberships.delete(id)
    }
    for (const id of invited) {
      if (!invites.delete(`${id} ${partyId}`)) wrong.push(`${id} does not know of its invite`)
    }
  }
  for (const id of memberships.keys()) wrong.push(`${id} thinks that it is in a party`)
  for (const invite of invites) wrong.push(`an invite of nobody: ${invite}`)
  return wrong
}
