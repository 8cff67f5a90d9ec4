// Invites: how a character comes into a party.
import type { Step } from '#shared/store/commit.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { notDeleted } from '../characters/characters.ts'
import { notBlocked } from '../friends/friends.ts'
import * as rules from './party.ts'
import type { Member } from './party.ts'
import { change, readMine, tell } from './parties.ts'
import type { Acting, Answer, PartyDeps, Refusal, Rule } from './parties.ts'
import { inviteWrite, joinWrite, readParty, uninviteWrite } from './store.ts'

/** Invites a character, and founds a party if there is none. `other` finds it, or throws a Problem. */
export async function inviteToParty(
  deps: PartyDeps,
  { realmId, me: findMe, op }: Acting,
  findOther: () => Promise<Member>,
): Promise<Answer> {
  return await change(deps, realmId, op, async () => {
    const [me, other] = await Promise.all([findMe(), findOther()])
    if (other.accountId === me.accountId) throw new Problem('party.self')
    const before = await readMine(deps.store, realmId, me)
    const party = before ?? rules.found(newId(deps.runtime), me)
    const after = rules.invite(party, me.characterId, other, deps.runtime.now())
    if (typeof after === 'string') throw new Problem(after)
    const { partyId } = after
    const invite = after.invites.at(-1)!
    const steps: Step<Refusal>[] = [
      { write: inviteWrite(realmId, invite, partyId, me.name) },
      // Who is blocked learns no more than that nobody here has this name.
      ...reach(realmId, me, other),
      tell(deps, realmId, other, { kind: 'party.invited', partyId, by: me }),
    ]
    if (before === undefined) steps.push(...comes(realmId, me, partyId))
    return { me, before, change: { party: after, steps } }
  })
}

export async function acceptInvite(
  deps: PartyDeps,
  acting: Acting,
  partyId: string,
): Promise<Answer> {
  const { realmId } = acting
  return await invited(deps, acting, partyId, (before, me) => {
    const by = before.invites.find(({ characterId }) => characterId === me.characterId)?.by
    const party = rules.accept(before, me, deps.runtime.now())
    if (typeof party === 'string') return party
    const inviter = before.members.find(({ characterId }) => characterId === by)
    const steps = [
      ...comes(realmId, me, partyId, 'party.already'),
      { write: uninviteWrite(realmId, me.characterId, partyId) },
      ...(inviter === undefined ? [] : reach(realmId, inviter, me)),
    ]
    return { party, steps }
  })
}

export async function declineInvite(
  deps: PartyDeps,
  acting: Acting,
  partyId: string,
): Promise<void> {
  await invited(deps, acting, partyId, (before, me) => {
    const party = rules.decline(before, me.characterId)
    if (typeof party === 'string') return party
    return { party, steps: [{ write: uninviteWrite(acting.realmId, me.characterId, partyId) }] }
  })
}

/** An act of who is invited. */
async function invited(
  deps: PartyDeps,
  { realmId, me: find, op }: Acting,
  partyId: string,
  rule: Rule,
): Promise<Answer> {
  return await change(deps, realmId, op, async () => {
    const me = await find()
    const before = await readParty(deps.store, realmId, partyId)
    if (before === undefined) throw new Problem('party.not_invited')
    return { me, before, change: rule(before, me) }
  })
}

/**
 * A character comes into a party, and is in no other one. Its deletion leaves the party that it finds, so it is not
 * deleted then.
 */
function comes(
  realmId: string,
  { characterId, accountId }: Member,
  partyId: string,
  otherwise?: 'party.already',
): Step<Refusal>[] {
  return [
    { write: joinWrite(realmId, characterId, partyId), ...(otherwise && { otherwise }) },
    { write: notDeleted({ realmId, accountId }, characterId) },
  ]
}

/** Neither has blocked the other one. */
function reach(realmId: string, one: Member, other: Member): Step<Refusal>[] {
  const between: [Member, Member][] = [
    [one, other],
    [other, one],
  ]
  return between.map(([by, of]) => ({
    write: notBlocked({ realmId, accountId: by.accountId }, of.accountId),
    otherwise: 'friend.unknown',
  }))
}
