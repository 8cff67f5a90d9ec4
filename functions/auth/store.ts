// Rows of accounts, all in `core`.
//   LOGIN#<lower name>  LOGIN           account and password of a login name
//   ACCOUNT#<id>        ACCOUNT         the account
//   ACCOUNT#<id>        SESSION#<id>    one session: a family of refresh tokens
//   ERASURES            <ms>#<account>  an account that is to be erased, by when it is looked at next (erasing.ts)
import * as z from 'zod'
import { role } from '#shared/api/role.ts'
import type { Role } from '#shared/api/role.ts'
import { refreshTokenMs } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError, expiresAt, live } from '#shared/store/store.ts'
import type { Ban } from '#shared/ownership/ban.ts'
import type { Check, Item, Key, Store, Value, Write } from '#shared/store/store.ts'

const loginRow = z.object({
  accountId: z.string(),
  password: z.string(),
  /** Hash of the operation that made it: a repeat of that one is no stranger. */
  operation: z.string(),
})
const ban = z.object({
  until: z.int(),
  reason: z.string().optional(),
  sanctionId: z.string().optional(),
})
const storedAccount = z.object({
  createdAt: z.int(),
  guest: z.boolean(),
  /** Sessions and access tokens of another era are void. */
  era: z.int().optional(),
  /** Rows of before there were eras: 0, or when the account was logged out everywhere. */
  sessionsFrom: z.int().optional(),
  /** Who began as a guest: SHA-256 of the device secret. */
  device: z.string().optional(),
  /** The device secret opens it no more. */
  deviceEnded: z.boolean().optional(),
  /** In lower case. Rows of before it stood here get it at the next log-in by name. */
  loginName: z.string().optional(),
  /** No guest, and never had a log-in name. Tells such an account from a row of before. */
  nameless: z.boolean().optional(),
  /** How many identities it has. Absent: none. */
  identities: z.int().optional(),
  /** Absent: a player. */
  role: role.optional(),
  ban: ban.extend({ beside: z.array(ban).optional() }).optional(),
  /** It is to be erased: when it is looked at next, Unix ms; and whether it is closed for good. */
  eraseAt: z.int().optional(),
  closing: z.boolean().optional(),
  /** Rises with each ban and each lifting (shared/ownership/ban.ts). */
  banVersion: z.int().optional(),
})
const accountRow = storedAccount.transform(({ era, sessionsFrom = 0, ...rest }) => ({
  ...rest,
  era: era ?? (sessionsFrom > 0 ? 1 : 0),
}))
const storedFamily = z.object({
  /** The generation of the newest refresh token. */
  generation: z.int(),
  /** The generation that was exchanged last, and the first that was given for it. */
  spent: z.int().optional(),
  unusedFrom: z.int().optional(),
  /** The account's era when the session was opened. */
  era: z.int().default(0),
  createdAt: z.int(),
  rotatedAt: z.int(),
  revoked: z.boolean(),
  /** The program that opened it, in a few words. */
  agent: z.string().optional(),
})
const familyRow = storedFamily.transform((row) => ({
  ...row,
  spent: row.spent ?? row.generation - 1,
  unusedFrom: row.unusedFrom ?? row.generation,
}))

export type LoginRow = z.infer<typeof loginRow>
export type AccountRow = z.infer<typeof accountRow>
export type FamilyRow = z.infer<typeof familyRow>

export function accountKey(accountId: string): Key {
  return { pk: `ACCOUNT#${accountId}`, sk: 'ACCOUNT' }
}

function loginKey(loginName: string): Key {
  return { pk: `LOGIN#${loginName}`, sk: 'LOGIN' }
}

export const sessionPrefix = 'SESSION#'

function familyKey(accountId: string, familyId: string): Key {
  return { pk: `ACCOUNT#${accountId}`, sk: `${sessionPrefix}${familyId}` }
}

/** Read strongly: who registered a moment ago must be found. `loginName` in lower case. */
export async function readLogin(store: Store, loginName: string): Promise<LoginRow | undefined> {
  const item = await store.get({ table: 'core', key: loginKey(loginName), consistent: true })
  return readRow(loginRow, item)
}

export async function readAccount(
  store: Store,
  accountId: string,
): Promise<AccountRow | undefined> {
  const item = await store.get({ table: 'core', key: accountKey(accountId), consistent: true })
  return readRow(accountRow, item)
}

export async function readFamily(
  store: Store,
  accountId: string,
  familyId: string,
  now: number,
): Promise<FamilyRow | undefined> {
  const key = familyKey(accountId, familyId)
  return parseFamily(live(await store.get({ table: 'core', key, consistent: true }), now))
}

export function parseAccount(item: Item): AccountRow {
  return readRow(accountRow, item)
}

export function parseFamily(item: Item): FamilyRow
export function parseFamily(item: Item | undefined): FamilyRow | undefined
export function parseFamily(item: Item | undefined): FamilyRow | undefined {
  return readRow(familyRow, item)
}

/** The name is free, if it is the account's. */
export async function removeLogin(
  store: Store,
  loginName: string,
  accountId: string,
): Promise<void> {
  await removeOwned(store, loginKey(loginName), accountId)
}

/** Deletes a row that leads to an account, unless it leads to another one by now. */
export async function removeOwned(store: Store, key: Key, accountId: string): Promise<void> {
  try {
    await store.delete({
      table: 'core',
      key,
      condition: 'accountId = :account',
      values: { ':account': accountId },
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}

export function newLogin(loginName: string, login: LoginRow): Write {
  return { put: { ...absent, item: { ...loginKey(loginName), v: 1, ...login } } }
}

/** Another password of a log-in name. Fails when it is not the one that was read any more. */
export function passwordUpdate(loginName: string, before: string, password: string): Write {
  return {
    update: {
      table: 'core',
      key: loginKey(loginName),
      update: 'SET password = :password',
      condition: 'password = :before',
      values: { ':password': password, ':before': before },
    },
  }
}

type NewAccount = Pick<
  AccountRow,
  'createdAt' | 'guest' | 'era' | 'device' | 'loginName' | 'nameless' | 'identities'
>

export function newAccount(accountId: string, account: NewAccount): Write {
  const given = Object.entries(account).filter(([, value]) => value !== undefined)
  const item = { ...accountKey(accountId), v: 1, ...Object.fromEntries(given) }
  return { put: { ...absent, item } }
}

/** A guest, or an account by a provider, gets a log-in name. Fails when it has one. */
export function upgradeUpdate(
  accountId: string,
  { loginName, forgetDevice }: { loginName: string; forgetDevice: boolean },
): Write {
  const device = forgetDevice ? ', deviceEnded = :yes' : ''
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: `SET loginName = :name, guest = :no${device} REMOVE nameless`,
      condition: 'attribute_not_exists(loginName) AND (guest = :yes OR nameless = :yes)',
      values: { ':name': loginName, ':no': false, ':yes': true },
    },
  }
}

/** One identity more or less. A guest is none from then on. Fails when their number is not the one that was read. */
export function identitiesUpdate(
  accountId: string,
  { identities: before, guest }: Pick<AccountRow, 'identities' | 'guest'>,
  count: number,
): Write {
  const becomes = guest && count > 0
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: `SET identities = :count${becomes ? ', guest = :no, nameless = :yes' : ''}`,
      condition: `attribute_exists(pk) AND guest = :guest AND ${before === undefined ? 'attribute_not_exists(identities)' : 'identities = :before'}`,
      values: {
        ':count': count,
        ':guest': guest,
        ...(before === undefined ? {} : { ':before': before }),
        ...(becomes ? { ':no': false, ':yes': true } : {}),
      },
    },
  }
}

type NewFamily = { accountId: string; familyId: string; era: number; agent?: string | undefined }

export function newFamily({ accountId, familyId, era, agent }: NewFamily, now: number): Write {
  const family = {
    generation: 1,
    era,
    createdAt: now,
    rotatedAt: now,
    revoked: false,
    ...(agent === undefined ? {} : { agent }),
  }
  const key = familyKey(accountId, familyId)
  return { put: { ...absent, item: { ...key, v: 1, ...family, expires: familyExpires(now) } } }
}

export function removeFamily(accountId: string, familyId: string): Write {
  return { delete: { table: 'core', key: familyKey(accountId, familyId) } }
}

/**
 * One generation on, given for `spent`. Fails with StoreError `condition` when another request was first.
 */
export async function rotateFamily(
  store: Store,
  { accountId, familyId }: { accountId: string; familyId: string },
  next: Pick<FamilyRow, 'generation' | 'spent' | 'unusedFrom'>,
  now: number,
): Promise<void> {
  await store.update({
    table: 'core',
    key: familyKey(accountId, familyId),
    update:
      'SET generation = :next, spent = :spent, unusedFrom = :unused, rotatedAt = :now, expires = :expires',
    condition: 'generation = :before AND revoked = :no',
    values: {
      ':before': next.generation - 1,
      ':next': next.generation,
      ':spent': next.spent,
      ':unused': next.unusedFrom,
      ':now': now,
      ':expires': familyExpires(now),
      ':no': false,
    },
  })
}

/** Fails with StoreError `condition` when there is no such session. */
export async function revokeFamily(
  store: Store,
  accountId: string,
  familyId: string,
): Promise<void> {
  await store.update({
    table: 'core',
    key: familyKey(accountId, familyId),
    update: 'SET revoked = :yes',
    condition: 'attribute_exists(pk)',
    values: { ':yes': true },
  })
}

/**
 * Begins the next era of the account. Fails with StoreError `condition` when there is no such account, or
 * when `era` is over already.
 */
export async function endEra(store: Store, accountId: string, era: number): Promise<void> {
  await store.update({
    table: 'core',
    key: accountKey(accountId),
    // A row of before there were eras counts as 0 or 1: from either one, 2 is another era.
    update: 'SET era = if_not_exists(era, :one) + :one',
    condition: 'attribute_exists(pk) AND (era = :era OR attribute_not_exists(era))',
    values: { ':era': era, ':one': 1 },
  })
}

/** The era that follows. A row of before there were eras counts as 0 or 1: 2 or 3 is another one for both. */
export function nextEra(era: number): number {
  return era + 2
}

/** Begins the next era, in which no session and no token of before counts. Fails when `era` is over already. */
export function eraUpdate(accountId: string, era: number): Write {
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: 'SET era = :next',
      condition: 'attribute_exists(pk) AND (era = :era OR attribute_not_exists(era))',
      values: { ':era': era, ':next': nextEra(era) },
    },
  }
}

/** What must hold of an account, beside that it is there. */
export type AccountIf = {
  roles?: readonly (Role | 'none')[]
  /** No ban of it ends later than this, Unix ms. */
  bannedAtMost?: number | undefined
  /** Its ban has changed so often: it is as it was read. */
  banVersion?: number | undefined
}

function conditionOf({ roles, bannedAtMost, banVersion }: AccountIf): Omit<Check, 'key'> {
  const named = roles?.filter((one) => one !== 'none') ?? []
  const ofRole = [
    ...(roles?.includes('none') ? ['attribute_not_exists(#role)'] : []),
    ...(named.length > 0 ? [`#role IN (${named.map((_, i) => `:role${i}`).join(', ')})`] : []),
  ]
  const banned = bannedAtMost !== undefined
  const read =
    banVersion === 0 ? ['attribute_not_exists(banVersion)'] : ['banVersion = :banVersion']
  const all = [
    'attribute_exists(pk)',
    ...(ofRole.length > 0 ? [`(${ofRole.join(' OR ')})`] : []),
    ...(banned ? ['(attribute_not_exists(ban) OR ban.#until <= :bannedAtMost)'] : []),
    ...(banVersion === undefined ? [] : read),
  ]
  const names = {
    ...(ofRole.length > 0 ? { '#role': 'role' } : {}),
    ...(banned ? { '#until': 'until' } : {}),
  }
  const values = {
    ...Object.fromEntries(named.map((one, i) => [`:role${i}`, one])),
    ...(banned ? { ':bannedAtMost': bannedAtMost } : {}),
    ...(banVersion ? { ':banVersion': banVersion } : {}),
  }
  return { table: 'core', condition: all.join(' AND '), names, values }
}

/** Fails unless the account is there and is so. */
export function accountCheck(accountId: string, must: AccountIf): Write {
  return { check: { key: accountKey(accountId), ...conditionOf(must) } }
}

/** Its bans from now on; lifts them without `ban`. Fails unless the account is there and is so. */
export function banUpdate(accountId: string, ban: Ban | undefined, must: AccountIf): Write {
  const version = 'banVersion = if_not_exists(banVersion, :none) + :one'
  const { condition, names, values } = conditionOf(must)
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: ban === undefined ? `SET ${version} REMOVE ban` : `SET ban = :ban, ${version}`,
      condition,
      names: names ?? {},
      values: {
        ...values,
        ':none': 0,
        ':one': 1,
        ...(ban === undefined ? {} : { ':ban': banItem(ban) }),
      },
    },
  }
}

/** As the store takes it: without what is undefined. */
function banItem({ until, reason, sanctionId, beside }: Ban): { [field: string]: Value } {
  return {
    until,
    ...(reason === undefined ? {} : { reason }),
    ...(sanctionId === undefined ? {} : { sanctionId }),
    ...(beside === undefined ? {} : { beside: beside.map(banItem) }),
  }
}

/** Notes by which name an account of before is opened. */
export function nameLogin(accountId: string, loginName: string): Write {
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      update: 'SET loginName = :name',
      condition: 'attribute_exists(pk)',
      values: { ':name': loginName },
    },
  }
}

/** Fails unless the account is there and is so. */
export function roleUpdate(accountId: string, role: Role | 'player', must: AccountIf): Write {
  const { condition, names, values } = conditionOf(must)
  return {
    update: {
      table: 'core',
      key: accountKey(accountId),
      condition,
      names: { ...names, '#role': 'role' },
      ...(role === 'player'
        ? { update: 'REMOVE #role', values: values ?? {} }
        : { update: 'SET #role = :role', values: { ...values, ':role': role } }),
    },
  }
}

export const absent = { table: 'core', condition: 'attribute_not_exists(pk)' } as const

/** A day beyond the last refresh token, so that the refusal of a late one can name the reason. */
function familyExpires(now: number): number {
  return expiresAt(now + refreshTokenMs + 24 * 60 * 60 * 1000)
}
