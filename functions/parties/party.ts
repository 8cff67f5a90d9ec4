// A party is one row: who is in it, who leads it, who is invited, and whether they are ready. So each rule holds
// in the write of that row, and there is always exactly one leader. Pure; moments are Unix ms.
import { partyInviteMs, partyInvitesMax, partyMembersMax, readyCheckMs } from '#shared/limits.ts'
import type { ProblemCode } from '#shared/problem.ts'

export type Member = { characterId: string; accountId: string; name: string }

export type Invite = Member & { by: string; until: number }

export type Party = {
  partyId: string
  /** In the order in which they came. */
  members: readonly Member[]
  /** The character that leads. */
  leader: string
  invites: readonly Invite[]
  /** The latest question whether all are ready: who has answered what. */
  check?: { until: number; ready: readonly string[]; notReady: readonly string[] } | undefined
}

export type PartyRefusal = Extract<ProblemCode, `party.${string}`>

function isIn({ members }: Party, characterId: string): boolean {
  return members.some((member) => member.characterId === characterId)
}

export function found(partyId: string, leader: Member): Party {
  return { partyId, members: [leader], leader: leader.characterId, invites: [] }
}

/** Those that still count. */
export function openInvites({ invites }: Party, now: number): Invite[] {
  return invites.filter(({ until }) => until > now)
}

export function invite(party: Party, by: string, who: Member, now: number): Party | PartyRefusal {
  if (isIn(party, who.characterId)) return 'party.already'
  if (party.leader !== by) return 'party.not_leader'
  if (party.members.length >= partyMembersMax) return 'party.full'
  const others = openInvites(party, now).filter((one) => one.characterId !== who.characterId)
  if (others.length >= partyInvitesMax) return 'party.limit'
  return { ...party, invites: [...others, { ...who, by, until: now + partyInviteMs }] }
}

export function accept(party: Party, who: Member, now: number): Party | PartyRefusal {
  const mine = openInvites(party, now).find((one) => one.characterId === who.characterId)
  if (mine === undefined) return 'party.not_invited'
  if (party.members.length >= partyMembersMax) return 'party.full'
  return { ...withoutInvite(party, who.characterId), members: [...party.members, who] }
}

export function decline(party: Party, characterId: string): Party | PartyRefusal {
  const invited = party.invites.some((one) => one.characterId === characterId)
  return invited ? withoutInvite(party, characterId) : 'party.not_invited'
}

/** Undefined: nobody is left. The one who has been in it the longest leads on. */
export function leave(party: Party, characterId: string): Party | PartyRefusal | undefined {
  if (!isIn(party, characterId)) return 'party.not_found'
  const members = party.members.filter((member) => member.characterId !== characterId)
  if (members.length === 0) return undefined
  const leader = party.leader === characterId ? members[0]!.characterId : party.leader
  return { ...party, members, leader, check: answersOf(party, characterId) }
}

export function kick(party: Party, by: string, characterId: string): Party | PartyRefusal {
  if (party.leader !== by) return 'party.not_leader'
  if (by === characterId) return 'party.self'
  return leave(party, characterId) ?? 'party.not_found'
}

export function handOver(party: Party, by: string, to: string): Party | PartyRefusal {
  if (party.leader !== by) return 'party.not_leader'
  return isIn(party, to) ? { ...party, leader: to } : 'party.not_found'
}

/** A member has another name. */
export function rename(party: Party, characterId: string, name: string): Party | PartyRefusal {
  if (!isIn(party, characterId)) return 'party.not_found'
  const renamed = (one: Member) => (one.characterId === characterId ? { ...one, name } : one)
  return { ...party, members: party.members.map(renamed) }
}

/** Who asks is ready. */
export function askReady(party: Party, by: string, now: number): Party | PartyRefusal {
  if (party.leader !== by) return 'party.not_leader'
  return { ...party, check: { until: now + readyCheckMs, ready: [by], notReady: [] } }
}

export function answerReady(
  party: Party,
  characterId: string,
  ready: boolean,
  now: number,
): Party | PartyRefusal {
  const { check } = party
  if (!isIn(party, characterId)) return 'party.not_found'
  if (check === undefined || check.until <= now) return 'party.not_asked'
  const others = answersOf(party, characterId)!
  return {
    ...party,
    check: ready
      ? { ...others, ready: [...others.ready, characterId] }
      : { ...others, notReady: [...others.notReady, characterId] },
  }
}

function withoutInvite(party: Party, characterId: string): Party {
  return {
    ...party,
    invites: party.invites.filter((one) => one.characterId !== characterId),
  }
}

/** The answers but one's. */
function answersOf({ check }: Party, characterId: string): Party['check'] {
  if (check === undefined) return undefined
  const but = (ids: readonly string[]) => ids.filter((id) => id !== characterId)
  return { ...check, ready: but(check.ready), notReady: but(check.notReady) }
}
