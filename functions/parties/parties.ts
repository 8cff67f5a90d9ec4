// Parties: what party.ts says, made so in the store.
//
// Each act reads the party, applies its rule, and writes the row again in a transaction that names the number it
// had. Who meets another one reads again.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { PartyView } from '#shared/api/parties.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { News } from '#shared/notifications/notification.ts'
import type { Push } from '#shared/push/push.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import type { Store } from '#shared/store/store.ts'
import { once } from '../http/once.ts'
import { departureSteps } from '../matchmaking/matchmaking.ts'
import * as rules from './party.ts'
import type { Member, Party, PartyRefusal } from './party.ts'
import {
  partWrite,
  readMembership,
  readParty,
  readStanding,
  uninviteWrite,
  writeParty,
} from './store.ts'
import type { InviteRow, PartyRow } from './store.ts'

export type { Member } from './party.ts'

export type Refusal = PartyRefusal | 'friend.unknown'

/** What an act makes of a party. `party`: as it is then; undefined when it has ended. */
type Change = {
  party: Party | undefined
  steps?: readonly Step<Refusal>[]
  /** Who is not in it any more. */
  departs?: Member
}

export type Rule = (party: PartyRow, me: Member) => Change | PartyRefusal

/** `me` finds the caller's character, or throws a Problem. */
export type Acting = { realmId: string; me: () => Promise<Member>; op: OperationId }

export type Answer = { party?: PartyView }

/** Without `push` members learn of a change when they look. */
export type PartyDeps = OperationDeps & { push?: Pick<Push, 'hint'> }

/** For who speaks and reads in a party: the party of a character; and, in a transaction, that it is. */
export { readMembership as partyIdOf, stillInParty } from './store.ts'
/** For who acts for a party: in a transaction, that it is as it was read. */
export { asReadParty } from './store.ts'

/** The accounts of the members. One trip. */
export async function accountsInParty(
  store: Store,
  realmId: string,
  partyId: string,
): Promise<string[]> {
  const party = await readParty(store, realmId, partyId)
  return [...new Set(party?.members.map(({ accountId }) => accountId))]
}

/** Party and invites of a character. Two trips at most. */
export async function standingOf(
  { store, runtime }: OperationDeps,
  realmId: string,
  characterId: string,
): Promise<Answer & { invites: InviteRow[] }> {
  const now = runtime.now()
  const { partyId, invites } = await readStanding(store, realmId, characterId, now)
  const party = partyId === undefined ? undefined : await readParty(store, realmId, partyId)
  return { invites, ...(party === undefined ? {} : { party: viewOf(party, now) }) }
}

/** The others of a character's party. One trip for who is in none, else two. */
export async function membersWith(
  store: Store,
  realmId: string,
  characterId: string,
): Promise<string[]> {
  const party = await readMine(store, realmId, { characterId })
  const ids = party?.members.map((member) => member.characterId) ?? []
  return ids.filter((id) => id !== characterId)
}

export async function leaveParty(deps: PartyDeps, acting: Acting): Promise<void> {
  const { realmId } = acting
  await mine(deps, acting, (before, me) => {
    const { partyId, invites } = before
    const party = rules.leave(before, me.characterId)
    if (typeof party === 'string') return party
    const ended = party === undefined ? invites : []
    const steps = [
      { write: partWrite(realmId, me.characterId, partyId) },
      ...ended.map(({ characterId }) => ({ write: uninviteWrite(realmId, characterId, partyId) })),
    ]
    return { party, steps, departs: me }
  })
}

/**
 * After the deletion of a character: it is in no party. Nothing happens when it has happened before. One trip for
 * who is in none. Throws StoreError and world.busy.
 */
export async function leavePartyAsDeleted(
  deps: OperationDeps,
  { realmId, characterId }: { realmId: string; characterId: string },
): Promise<void> {
  const before = await readMine(deps.store, realmId, { characterId })
  const member = before?.members.find((one) => one.characterId === characterId)
  if (before === undefined || member === undefined) return
  // One stay in one party: a character that is restored may come back.
  const stay = [realmId, characterId, before.partyId, before.number]
  const op = operationOf(['parties.leave-as-deleted', ...stay], {})
  try {
    await leaveParty(deps, { realmId, me: async () => member, op })
  } catch (error) {
    // It was removed meanwhile.
    if (!(error instanceof Problem) || error.code !== 'party.not_found') throw error
  }
}

/** A character has another name, in its party too. Two trips, and the commit. Throws StoreError, world.busy. */
export async function followNameInParty(
  deps: PartyDeps,
  { realmId, characterId, to }: { realmId: string; characterId: string; to: string },
): Promise<void> {
  const before = await readMine(deps.store, realmId, { characterId })
  const member = before?.members.find((one) => one.characterId === characterId)
  if (before === undefined || member === undefined || member.name === to) return
  const op = operationOf(['parties.renamed', newId(deps.runtime)], {})
  try {
    await mine(deps, { realmId, me: async () => member, op }, (party) =>
      alone(rules.rename(party, characterId, to)),
    )
  } catch (error) {
    // It was removed meanwhile.
    if (!(error instanceof Problem) || error.code !== 'party.not_found') throw error
  }
}

export async function kickFromParty(
  deps: PartyDeps,
  acting: Acting,
  characterId: string,
): Promise<Answer> {
  const { realmId } = acting
  return await mine(deps, acting, (before, by) => {
    const { partyId, members } = before
    const party = rules.kick(before, by.characterId, characterId)
    if (typeof party === 'string') return party
    const kicked = members.find((one) => one.characterId === characterId)!
    const steps = [
      { write: partWrite(realmId, characterId, partyId) },
      tell(deps, realmId, kicked, { kind: 'party.kicked', partyId, by }),
    ]
    return { party, steps, departs: kicked }
  })
}

export async function handOver(deps: PartyDeps, acting: Acting, to: string): Promise<Answer> {
  return await mine(deps, acting, (party, { characterId }) =>
    alone(rules.handOver(party, characterId, to)),
  )
}

export async function askReady(deps: PartyDeps, acting: Acting): Promise<Answer> {
  return await mine(deps, acting, (party, { characterId }) =>
    alone(rules.askReady(party, characterId, deps.runtime.now())),
  )
}

export async function answerReady(
  deps: PartyDeps,
  acting: Acting,
  ready: boolean,
): Promise<Answer> {
  return await mine(deps, acting, (party, { characterId }) =>
    alone(rules.answerReady(party, characterId, ready, deps.runtime.now())),
  )
}

/** Changes the party's row and nothing else. */
function alone(party: Party | PartyRefusal): Change | PartyRefusal {
  return typeof party === 'string' ? party : { party }
}

/** An act in the party that the caller's character is in. Three or four trips when nobody else changes it. */
async function mine(
  deps: PartyDeps,
  { realmId, me: find, op }: Acting,
  rule: Rule,
): Promise<Answer> {
  return await change(deps, realmId, op, async () => {
    const me = await find()
    const before = await readMine(deps.store, realmId, me)
    if (before === undefined) throw new Problem('party.not_found')
    return { me, before, change: rule(before, me) }
  })
}

/** What a request finds: who acts, the party as it is, and what becomes of it. */
type Look = { me: Member; before: PartyRow | undefined; change: Change | PartyRefusal }

/** Makes a change happen once. The other members hear that there is something to look at. */
export async function change(
  deps: PartyDeps,
  realmId: string,
  op: OperationId,
  look: () => Promise<Look>,
): Promise<Answer> {
  let others: string[] = []
  const answer = await once<Answer>(deps, op, async () => {
    const { me, before, change: found } = await look()
    if (typeof found === 'string') throw new Problem(found)
    const { party, steps = [], departs } = found
    const departure = departs && (await departureSteps(deps, realmId, { who: departs, by: me }))
    const concerned = [...(before?.members ?? []), ...(party?.members ?? [])]
    const accounts = concerned.map(({ accountId }) => accountId).concat(departure?.tell ?? [])
    others = [...new Set(accounts)].filter((accountId) => accountId !== me.accountId)
    return {
      steps: [{ write: writeParty(realmId, before, party) }, ...steps, ...(departure?.steps ?? [])],
      answer: party === undefined ? {} : { party: viewOf(party, deps.runtime.now()) },
    }
  })
  if (others.length > 0) deps.push?.hint('presence', realmId, others)
  return answer
}

export async function readMine(
  store: Store,
  realmId: string,
  { characterId }: Pick<Member, 'characterId'>,
): Promise<PartyRow | undefined> {
  const partyId = await readMembership(store, realmId, characterId)
  return partyId === undefined ? undefined : await readParty(store, realmId, partyId)
}

export function tell(
  { runtime }: OperationDeps,
  realmId: string,
  { accountId, characterId }: Member,
  {
    kind,
    partyId,
    by: { name },
  }: { kind: `party.${string}` & News['kind']; partyId: string; by: Member },
): { write: Step<never>['write'] } {
  const news = { kind, characterId, name, partyId }
  return { write: notify(runtime, { realmId, accountId }, news) }
}

/** As its members see it. */
function viewOf(party: Party, now: number): PartyView {
  const { partyId, leader, check } = party
  const asked = check !== undefined && check.until > now
  const readiness = (characterId: string) => {
    if (check?.ready.includes(characterId)) return 'ready' as const
    return check?.notReady.includes(characterId) ? ('notReady' as const) : ('asked' as const)
  }
  const members = party.members.map(({ characterId, name }) => ({
    characterId,
    name,
    ...(asked ? { ready: readiness(characterId) } : {}),
  }))
  const invited = rules.openInvites(party, now).map(({ name, until }) => ({ name, until }))
  return { partyId, leader, members, invited }
}
