// Rows of parties, in `core`.
//   R#<realm>#PARTY#<party>         PARTY       the party (party.ts)
//   R#<realm>#PARTY-OF#<character>  PARTY       which party a character is in: one at most
//   R#<realm>#PARTY-OF#<character>  I#<party>   an invite
import * as z from 'zod'
import { invitesKeptMax } from '#shared/limits.ts'
import { asRead, readRow } from '#shared/store/row.ts'
import { expiresAt, live } from '#shared/store/store.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import type { Invite, Party } from './party.ts'

const member = z.object({ characterId: z.string(), accountId: z.string(), name: z.string() })

const partyRow = z.object({
  partyId: z.string(),
  members: z.array(member),
  leader: z.string(),
  invites: z.array(member.extend({ by: z.string(), until: z.int() })),
  check: z
    .object({ until: z.int(), ready: z.array(z.string()), notReady: z.array(z.string()) })
    .optional(),
  /** Rises with each change. */
  number: z.int(),
})

const membership = z.object({ partyId: z.string() })
const inviteRow = z.object({ partyId: z.string(), name: z.string(), until: z.int() })

export type PartyRow = z.infer<typeof partyRow>
export type InviteRow = z.infer<typeof inviteRow>

const partyKey = (realmId: string, partyId: string): Key => ({
  pk: `R#${realmId}#PARTY#${partyId}`,
  sk: 'PARTY',
})
/** What a character is in and is asked into. */
export const partition = (realmId: string, characterId: string) =>
  `R#${realmId}#PARTY-OF#${characterId}`
const membershipKey = (realmId: string, characterId: string): Key => ({
  pk: partition(realmId, characterId),
  sk: 'PARTY',
})
const inviteKey = (realmId: string, characterId: string, partyId: string): Key => ({
  pk: partition(realmId, characterId),
  sk: `I#${partyId}`,
})

export function parseInvite(item: Item): InviteRow {
  return readRow(inviteRow, item)
}

/** One trip. */
export async function readParty(
  store: Store,
  realmId: string,
  partyId: string,
): Promise<PartyRow | undefined> {
  const key = partyKey(realmId, partyId)
  return readRow(partyRow, await store.get({ table: 'core', key, consistent: true }))
}

/** The id of a character's party. One trip. */
export async function readMembership(
  store: Store,
  realmId: string,
  characterId: string,
): Promise<string | undefined> {
  const key = membershipKey(realmId, characterId)
  const row = await store.get({ table: 'core', key, consistent: true })
  return readRow(membership, row)?.partyId
}

/** The party of a character, and the invites that it has, newest parties first. One trip. */
export async function readStanding(
  store: Store,
  realmId: string,
  characterId: string,
  now: number,
): Promise<{ partyId: string | undefined; invites: InviteRow[] }> {
  const { items } = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': partition(realmId, characterId) },
    limit: invitesKeptMax,
    descending: true,
    consistent: true,
  })
  const isInvite = ({ sk }: Item) => sk !== 'PARTY'
  const mine = items.find((item) => !isInvite(item))
  const invites = items
    .filter((item) => isInvite(item) && live(item, now) !== undefined)
    .map((item) => readRow(inviteRow, item))
    .filter(({ until }) => until > now)
  return { partyId: readRow(membership, mine)?.partyId, invites }
}

/** The party becomes another one, if nobody has changed it since it was read; undefined: it ends. */
export function writeParty(
  realmId: string,
  before: PartyRow | undefined,
  after: Party | undefined,
): Write {
  const key = partyKey(realmId, (after ?? before)!.partyId)
  const unchanged = asRead(before)
  if (after === undefined) return { delete: { table: 'core', key, ...unchanged } }
  const { partyId, members, leader, invites, check } = after
  const number = (before?.number ?? 0) + 1
  const item: Item = {
    ...key,
    v: 1,
    partyId,
    members: members.map((one) => ({ ...one })),
    leader,
    invites: invites.map((one) => ({ ...one })),
    number,
    ...(check === undefined
      ? {}
      : { check: { until: check.until, ready: [...check.ready], notReady: [...check.notReady] } }),
  }
  return { put: { table: 'core', item, ...unchanged } }
}

/** That nobody has changed a party since it was read. */
export function asReadParty(realmId: string, party: PartyRow): Write {
  return { check: { table: 'core', key: partyKey(realmId, party.partyId), ...asRead(party) } }
}

/** A character comes into a party. Fails when it is in one. */
export function joinWrite(realmId: string, characterId: string, partyId: string): Write {
  const item = { ...membershipKey(realmId, characterId), v: 1, partyId }
  return { put: { table: 'core', item, condition: 'attribute_not_exists(pk)' } }
}

/** Fails when the character is not in the party. */
export function stillInParty(realmId: string, characterId: string, partyId: string): Write {
  const key = membershipKey(realmId, characterId)
  const condition = 'partyId = :party'
  return { check: { table: 'core', key, condition, values: { ':party': partyId } } }
}

export function partWrite(realmId: string, characterId: string, partyId: string): Write {
  const key = membershipKey(realmId, characterId)
  const condition = 'partyId = :party'
  return { delete: { table: 'core', key, condition, values: { ':party': partyId } } }
}

/** The invite as the invited one finds it. `name`: of who invites. */
export function inviteWrite(
  realmId: string,
  { characterId, until }: Invite,
  partyId: string,
  name: string,
): Write {
  const item = {
    ...inviteKey(realmId, characterId, partyId),
    v: 1,
    partyId,
    name,
    until,
    expires: expiresAt(until),
  }
  return { put: { table: 'core', item } }
}

export function uninviteWrite(realmId: string, characterId: string, partyId: string): Write {
  return { delete: { table: 'core', key: inviteKey(realmId, characterId, partyId) } }
}
