// Parties by the words of their API, as lists and maps.
import { partyInviteMs, partyInvitesMax, partyMembersMax, readyCheckMs } from '#shared/limits.ts'
import type { Around, FriendModel } from './friend-model.ts'

export type PartyAct =
  | { of: 'parties'; what: 'invite' | 'kick' | 'handOver'; whom: string }
  /** `whom`: the party in which that one is. */
  | { of: 'parties'; what: 'accept' | 'decline'; whom: string }
  | { of: 'parties'; what: 'leave' | 'askReady' }
  | { of: 'parties'; what: 'answerReady'; ready: boolean }

type ModelParty = {
  id: string
  /** In the order in which they came. */
  members: string[]
  leader: string
  invites: Map<string, { by: string; until: number }>
  check?: { until: number; answers: Map<string, boolean> }
}

export class PartyModel {
  private readonly parties = new Map<string, ModelParty>()

  private readonly friends: FriendModel
  private readonly around: Around
  constructor(friends: FriendModel, around: Around) {
    this.friends = friends
    this.around = around
  }

  of(who: string): ModelParty | undefined {
    return [...this.parties.values()].find(({ members }) => members.includes(who))
  }

  /** The code that it ends with. `partyId`: the party that is meant, or the one that begins. */
  act(who: string, act: PartyAct, now: number, partyId: string): string {
    const { deleted, atOnce } = this.around
    // Who is deleted while he acts goes from the party after that, and never comes into one.
    const comes = act.what === 'accept' || (act.what === 'invite' && this.of(who) === undefined)
    if (deleted.has(who) && (comes || !atOnce)) return 'character.not_found'
    if (act.what === 'invite') return this.invite(who, act.whom, now, partyId)
    if (act.what === 'accept') return this.accept(who, this.parties.get(partyId), now)
    if (act.what === 'decline') {
      return this.parties.get(partyId)?.invites.delete(who) ? 'done' : 'party.not_invited'
    }
    const party = this.of(who)
    if (party === undefined) return 'party.not_found'
    switch (act.what) {
      case 'leave':
        this.without(party, who)
        return 'done'
      case 'kick':
        if (party.leader !== who) return 'party.not_leader'
        if (act.whom === who) return 'party.self'
        if (!party.members.includes(act.whom)) return 'party.not_found'
        this.without(party, act.whom)
        return 'done'
      case 'handOver':
        if (party.leader !== who) return 'party.not_leader'
        if (!party.members.includes(act.whom)) return 'party.not_found'
        party.leader = act.whom
        return 'done'
      case 'askReady':
        if (party.leader !== who) return 'party.not_leader'
        party.check = { until: now + readyCheckMs, answers: new Map([[who, true]]) }
        return 'done'
      case 'answerReady':
        if (party.check === undefined || party.check.until <= now) return 'party.not_asked'
        party.check.answers.set(who, act.ready)
        return 'done'
    }
  }

  /** After its character is deleted. */
  leaveAsDeleted(who: string): string {
    const party = this.of(who)
    if (party === undefined || !this.around.deleted.has(who)) return 'party.not_found'
    this.without(party, who)
    return 'done'
  }

  private invite(who: string, whom: string, now: number, id: string): string {
    if (this.around.deleted.has(whom) && !this.around.atOnce) return 'friend.unknown'
    if (who === whom) return 'party.self'
    const party = this.of(who) ?? { id, members: [who], leader: who, invites: new Map() }
    if (party.members.includes(whom)) return 'party.already'
    if (party.leader !== who) return 'party.not_leader'
    if (party.members.length >= partyMembersMax) return 'party.full'
    const open = [...party.invites].filter(([name, { until }]) => until > now && name !== whom)
    if (open.length >= partyInvitesMax) return 'party.limit'
    if (this.areApart(who, whom)) return 'friend.unknown'
    party.invites = new Map([...open, [whom, { by: who, until: now + partyInviteMs }]])
    this.parties.set(party.id, party)
    return 'done'
  }

  private accept(who: string, party: ModelParty | undefined, now: number): string {
    const invite = party?.invites.get(who)
    if (party === undefined || invite === undefined || invite.until <= now) {
      return 'party.not_invited'
    }
    if (party.members.length >= partyMembersMax) return 'party.full'
    if (this.of(who) !== undefined) return 'party.already'
    // Who has left meanwhile does not meet him there.
    if (party.members.includes(invite.by) && this.areApart(who, invite.by)) return 'friend.unknown'
    party.invites.delete(who)
    party.members.push(who)
    return 'done'
  }

  private areApart(one: string, other: string): boolean {
    return this.friends.hasBlocked(one, other) || this.friends.hasBlocked(other, one)
  }

  private without(party: ModelParty, who: string) {
    party.members = party.members.filter((one) => one !== who)
    party.check?.answers.delete(who)
    if (party.members.length === 0) this.parties.delete(party.id)
    if (party.leader === who) party.leader = party.members[0]!
  }

  /** Each party by its id: who leads, the members in order, who is invited, who has answered what. */
  state(now: number) {
    const shown = [...this.parties].map(([id, { leader, members, invites, check }]) => {
      const invited = [...invites].filter(([, { until }]) => until > now).map(([name]) => name)
      const answers = Object.fromEntries(check?.answers ?? [])
      return [id, { leader, members, invited, answers }] as const
    })
    return Object.fromEntries(shown)
  }
}
