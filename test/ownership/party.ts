import { acceptInvite, inviteToParty } from '#functions/parties/invites.ts'
import type { Acting } from '#functions/parties/parties.ts'
import { newId } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import { realmId } from './realm.ts'
import type { Realm } from './realm.ts'

type One = Awaited<ReturnType<Realm['character']>>

const memberOf = ({ characterId, accountId }: One) => ({ characterId, accountId, name: 'Mira' })

/** A request of a character. */
export const acting = (realm: Realm, one: One): Acting => ({
  realmId,
  me: async () => await Promise.resolve(memberOf(one)),
  op: operationOf([newId(realm.runtime)], {}),
})

/** Founds the party, if there is none. */
export async function addMember(realm: Realm, leader: One, other: One): Promise<void> {
  const who = async () => await Promise.resolve(memberOf(other))
  const invited = await inviteToParty(realm.deps, acting(realm, leader), who)
  await acceptInvite(realm.deps, acting(realm, other), invited.party!.partyId)
}

/** Characters of one party, none of them in the world. The first leads. */
export async function party(realm: Realm, size: number) {
  const members: One[] = []
  for (let i = 0; i < size; i++) members.push(await realm.character())
  const [leader, ...others] = members
  for (const other of others) await addMember(realm, leader!, other)
  return members as [One, One, One]
}
