// Accounts: how they are made and opened. The face of this domain for the others.
import { createHash } from 'node:crypto'
import type { PasswordSession, Session } from '#shared/api/auth.ts'
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import type { Role } from '#shared/api/role.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { eraseGraceDays } from '#shared/limits.ts'
import type { Ban } from '#shared/ownership/ban.ts'
import { Problem } from '#shared/problem.ts'
import { formatUuid, isUuid, newId } from '#shared/runtime.ts'
import type { Store, Write } from '#shared/store/store.ts'
import { once } from '../http/once.ts'
import { readAccountRows } from './account-rows.ts'
import { refuseBanned } from './ban.ts'
import { askErase } from './erasing.ts'
import { refusePassword } from './blocked-passwords.ts'
import { newDeviceToken, readDeviceToken } from './device-token.ts'
import { enterAccount } from './entrance.ts'
import { about, limit } from './own.ts'
import type { Hasher } from './passwords.ts'
import { firstTokens, openSession } from './sessions.ts'
import type { SessionDeps } from './sessions.ts'
import {
  accountCheck,
  banUpdate,
  newAccount,
  nameLogin,
  newLogin,
  readAccount,
  readFamily,
  readLogin,
  roleUpdate,
} from './store.ts'
import type { AccountIf, AccountRow } from './store.ts'

export type { AccountIf } from './store.ts'

export type AuthDeps = SessionDeps & { hasher: Hasher; limiter: RateLimiter }

const dayMs = 24 * 60 * 60 * 1000

type Credentials = { loginName: string; password: string }

/** Where a request comes from: the network address, and the program in a few words. */
export type From = { address: string; agent?: string | undefined }

/** The log-in name as it is stored. Throws auth.name_refused, auth.password_refused. */
export function checkCredentials(credentials: Credentials): string {
  const loginName = credentials.loginName.toLowerCase()
  // Operators name players by id as well: no name may be read as one.
  if (isUuid(loginName)) throw new Problem('auth.name_refused', { detail: 'It looks like an id.' })
  checkPassword(credentials.password, loginName)
  return loginName
}

/** Throws auth.password_refused. */
export function checkPassword(password: string, loginName: string): void {
  const refusal = refusePassword(password, loginName)
  if (refusal !== undefined) throw new Problem('auth.password_refused', { detail: refusal })
}

/**
 * Makes an account and opens its first session. Sent again: the same account, the same session.
 * Two trips. Throws auth.name_taken, auth.name_refused, auth.password_refused, auth.busy, operation.mismatch,
 * operation.superseded.
 */
export async function register(
  deps: AuthDeps,
  credentials: Credentials,
  { address, agent }: From,
  op: OperationId,
): Promise<PasswordSession> {
  const loginName = checkCredentials(credentials)
  await limit(deps, 'password.pair', `${address} ${loginName}`)

  const there = await readLogin(deps.store, loginName)
  if (there !== undefined && there.operation !== op.hash) throw new Problem('auth.name_taken')
  // Only a new account counts as a registration: neither a refusal nor a repeat does.
  if (there === undefined) await limit(deps, 'register.address', address)
  const password = there?.password ?? (await deps.hasher.hash(credentials.password))
  const accountId = there?.accountId ?? newId(deps.runtime)
  const createdAt = deps.runtime.now()
  const opener = { accountId, era: 0, sessions: [], agent }
  const opened = await openSession(deps, about(op, `register ${loginName}`), opener, [
    {
      write: newLogin(loginName, { accountId, password, operation: op.hash }),
      otherwise: 'auth.name_taken',
    },
    { write: newAccount(accountId, { createdAt, guest: false, era: 0, loginName }) },
  ])
  if (opened.repeated) {
    // The operation id alone opens no session: a repeat must know the password.
    const login = there ?? (await readLogin(deps.store, loginName))
    const same = await deps.hasher.verify(credentials.password, login?.password)
    if (!same) throw new Problem('operation.mismatch')
  }
  const session = await firstTokens(deps, opened, { guest: false, era: 0 })
  return { ...session, deviceToken: newDeviceToken(deps.keys, deps.runtime, loginName) }
}

/**
 * Opens a session of an account. Three trips. An unknown name costs the same work and gets the same
 * answer as a wrong password. Throws auth.invalid_credentials, auth.banned, auth.second_factor, auth.busy,
 * operation.mismatch, operation.superseded.
 */
export async function login(
  deps: AuthDeps,
  credentials: Credentials & { deviceToken?: string | undefined },
  { address, agent }: From,
  op: OperationId,
): Promise<PasswordSession> {
  const loginName = credentials.loginName.toLowerCase()
  const device = readDeviceToken(deps.keys, loginName, credentials.deviceToken)
  await limitTries(deps, loginName, address, device)
  const login = await readLogin(deps.store, loginName)
  const right = await deps.hasher.verify(credentials.password, login?.password)
  if (login === undefined || !right) throw new Problem('auth.invalid_credentials')
  // Only who knows the password learns of a ban, and of a second factor.
  const { accountId } = login
  const { account, ...rows } = await readAccountRows(deps.store, accountId)
  if (account === undefined)
    throw new Error(`the account ${accountId} of a login name is not there`)
  // Unless the erase of it is taken back: that writes the same row.
  const learns = account.loginName === undefined && account.eraseAt === undefined
  const more = learns ? [{ write: nameLogin(accountId, loginName) }] : []
  const comer = { accountId, agent, loginName }
  const opening = about(op, `login ${loginName}`)
  const session = await enterAccount(deps, opening, comer, { account, rows }, more)
  const known = device === undefined ? undefined : credentials.deviceToken
  const deviceToken = known ?? newDeviceToken(deps.keys, deps.runtime, loginName)
  return { ...session, deviceToken }
}

/**
 * Opens a session of the account that belongs to a device; makes it, as a guest's, when there is none.
 * Two trips. Only a new account counts as a registration of the address. Throws auth.banned, auth.second_factor,
 * auth.device_refused, request.rate_limited, operation.mismatch, operation.superseded.
 */
export async function playAsGuest(
  deps: SessionDeps & Pick<AuthDeps, 'limiter'>,
  deviceSecret: string,
  { address, agent }: From,
  op: OperationId,
): Promise<Session> {
  // 256 random bits need no slow hash; neither row nor id leads back to the secret.
  const { accountId, device } = guestAccount(deviceSecret)
  const guestOp = about(op, `guest ${accountId}`)
  const { account, ...rows } = await readAccountRows(deps.store, accountId)
  if (account !== undefined && account.device !== device) {
    throw new Error(`two devices made the same account id ${accountId}`)
  }
  if (account?.deviceEnded === true) throw new Problem('auth.device_refused')
  const comer = { accountId, agent }
  if (account !== undefined) return await enterAccount(deps, guestOp, comer, { account, rows })
  await limit(deps, 'register.address', address)
  const fresh = { createdAt: deps.runtime.now(), guest: true, era: 0, device }
  const open = (known: boolean) =>
    openSession(
      deps,
      guestOp,
      { accountId, era: 0, sessions: [], agent },
      known ? [] : [{ write: newAccount(accountId, fresh) }],
    )
  return await firstTokens(deps, await openGuest(open), { guest: true, era: 0 })
}

/** Another request of the device may make the account between our look and our write. */
async function openGuest(
  open: (known: boolean) => ReturnType<typeof openSession>,
): ReturnType<typeof openSession> {
  try {
    return await open(false)
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'world.busy') throw error
    return await open(true)
  }
}

/**
 * Refuses a player whose session was ended since his access token was made. The role of his account. One trip.
 * Throws auth.session_revoked, auth.banned.
 */
export async function requireSession(
  deps: Pick<SessionDeps, 'store' | 'runtime'>,
  { accountId, loginSessionId, era }: Pick<PlayerCaller, 'accountId' | 'loginSessionId' | 'era'>,
): Promise<Role | undefined> {
  const now = deps.runtime.now()
  const [account, family] = await Promise.all([
    readAccount(deps.store, accountId),
    readFamily(deps.store, accountId, loginSessionId, now),
  ])
  if (account !== undefined) refuseBanned(account, now)
  if (account?.era !== era || family === undefined || family.revoked) {
    throw new Problem('auth.session_revoked')
  }
  return account.role
}

/**
 * The player asks for the erase of his account, with a proof that it is he. Three trips. Throws auth.proof_refused,
 * auth.erasing, auth.session_revoked, auth.busy, world.busy.
 */
export async function eraseMine(
  deps: AuthDeps,
  caller: PlayerCaller,
  proof: { password?: string | undefined; deviceSecret?: string | undefined },
  address: string,
  op: OperationId,
): Promise<{ at: number }> {
  const { accountId } = caller
  return await once(deps, about(op, `erase ${accountId}`), async () => {
    await requireSession(deps, caller)
    const account = await readAccount(deps.store, accountId)
    if (account === undefined) throw new Problem('auth.session_revoked')
    if (!(await isProven(deps, account, proof, address))) throw new Problem('auth.proof_refused')
    const now = deps.runtime.now()
    const { steps, at } = askErase(accountId, account, { now, at: now + eraseGraceDays * dayMs })
    return { steps, answer: { at } }
  })
}

/** Tries at a password count as those of a log-in. */
async function isProven(
  deps: AuthDeps,
  { loginName, device, deviceEnded }: AccountRow,
  { password, deviceSecret }: { password?: string | undefined; deviceSecret?: string | undefined },
  address: string,
): Promise<boolean> {
  if (deviceSecret !== undefined) {
    return deviceEnded !== true && guestAccount(deviceSecret).device === device
  }
  if (loginName === undefined || password === undefined) return false
  await limitTries(deps, loginName, address, undefined)
  const login = await readLogin(deps.store, loginName)
  return await deps.hasher.verify(password, login?.password)
}

/** What the end of an account asks for (functions/personal/erasing.ts). */
export {
  askErase,
  closeAccount,
  endErasure,
  erasureList,
  postponeErasure,
  readErasures,
} from './erasing.ts'
export type { Erasure } from './erasing.ts'

export { withBan, withoutBan } from './ban.ts'

/** The fields of an account that operators see and change. */
export type Standing = Pick<
  AccountRow,
  'createdAt' | 'guest' | 'era' | 'role' | 'ban' | 'banVersion' | 'eraseAt' | 'closing'
>

/** Read strongly; undefined when there is no such account. One trip. */
export async function readStanding(store: Store, accountId: string): Promise<Standing | undefined> {
  return await readAccount(store, accountId)
}

/** The account of a login name, in any case of letters. One trip. */
export async function accountOfLogin(store: Store, loginName: string): Promise<string | undefined> {
  return (await readLogin(store, loginName.toLowerCase()))?.accountId
}

/** Fails unless the account is there and is so. */
export function standingCheck(accountId: string, must: AccountIf): Write {
  return accountCheck(accountId, must)
}

/** Its bans from now on; lifts them without `ban`. Fails unless the account is there and is so. */
export function banWrite(accountId: string, ban: Ban | undefined, must: AccountIf): Write {
  return banUpdate(accountId, ban, must)
}

/** Fails unless the account is there and is so. */
export function roleWrite(accountId: string, role: Role | 'player', must: AccountIf): Write {
  return roleUpdate(accountId, role, must)
}

/**
 * Counts tries at a log-in name, whether it exists or not, before the costly hash. A known device has a count
 * of its own. Tries of other devices count by address and name, and then by name. A try that the first count
 * refuses never reaches the second.
 */
async function limitTries(
  deps: AuthDeps,
  loginName: string,
  address: string,
  device: string | undefined,
): Promise<void> {
  if (device !== undefined) return await limit(deps, 'password.device', device)
  await limit(deps, 'password.pair', `${address} ${loginName}`)
  await limit(deps, 'password.name', loginName)
}

/**
 * The secret with which the synthetic player logs in, as a guest. It follows from the key ring: who has
 * the keys can log in as it, and no row says which account it is.
 */
export function syntheticSecret(secrets: Pick<KeyRing, 'derive'>): string {
  return Buffer.from(secrets.derive('synthetic-player')).toString('base64url')
}

export function isSynthetic(secrets: Pick<KeyRing, 'derive'>, accountId: string): boolean {
  return guestAccount(syntheticSecret(secrets)).accountId === accountId
}

/** The account of a device, and the stored hash of its secret. */
function guestAccount(deviceSecret: string): { accountId: string; device: string } {
  const hash = createHash('sha256').update(`guest:${deviceSecret}`).digest()
  return { accountId: uuidOf(hash), device: hash.toString('base64url') }
}

/** A UUIDv8 (RFC 9562, 5.8) of the first 122 free bits of a hash. */
function uuidOf(hash: Uint8Array): string {
  const bytes = new Uint8Array(hash.subarray(0, 16))
  bytes[6] = 0x80 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return formatUuid(bytes)
}
