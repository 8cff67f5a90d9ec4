// The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for who has lost it.
//
// A code is good for its step of 30 s and one to each side. The step of the code that was taken last is stored, and
// neither it nor an earlier one is taken again. The secret is sealed, recovery codes are MACs: a copy of the store
// makes no codes.
import { createHmac } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import type { Session } from '#shared/api/auth.ts'
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { recoveryCodesCount, recoveryCodesShownMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import { StoreError } from '#shared/store/store.ts'
import * as z from 'zod'
import { once } from '../http/once.ts'
import { readAccountRows } from './account-rows.ts'
import type { From } from './auth.ts'
import { refuseBanned } from './ban.ts'
import { newDeviceToken } from './device-token.ts'
import { readTicket } from './entrance.ts'
import { keepAccount } from './erasing.ts'
import {
  confirmUpdate,
  keepUnconfirmed,
  removeFactor,
  spendTicket,
  takeUpdate,
} from './factor-store.ts'
import type { FactorRow, Taken } from './factor-store.ts'
import { about, digest, limit, openText, orTwin, sealText } from './own.ts'
import { provePassword, requirePresent, tell } from './present.ts'
import type { AccountDeps } from './present.ts'
import { firstTokens, openSession, reopened } from './sessions.ts'
import { readAccount } from './store.ts'

const secretBytes = 20
const stepMs = 30_000
/** Of base32: 80 bits, which nobody guesses. */
const recoveryCodeLength = 16

const purpose = (accountId: string) => `totp ${accountId}`

/**
 * Makes a secret, which nothing asks for before a code confirms it. Sent again: the same secret. Throws
 * auth.second_factor_on, auth.no_login_name, auth.invalid_credentials.
 */
export async function enrolSecondFactor(
  deps: AccountDeps,
  caller: PlayerCaller,
  password: string,
  op: OperationId,
): Promise<{ secret: string; uri: string }> {
  const { accountId } = caller
  const { account, factor } = await requirePresent(deps, caller)
  if (factor?.confirmedAt !== undefined) throw new Problem('auth.second_factor_on')
  const { loginName } = await provePassword(deps, accountId, account, password)
  // It follows from the operation, so that twins make the same one.
  const bytes = deps.keys.derive(`totp:${accountId}:${op.hash}`).subarray(0, secretBytes)
  const secret = Buffer.from(bytes).toString('base64url')
  const sealed = sealText(deps.keys, deps.runtime, purpose(accountId), secret)
  try {
    await keepUnconfirmed(deps.store, accountId, { sealed, operation: op.hash })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    throw new Problem('auth.second_factor_on', { cause: error })
  }
  return shown(deps, loginName, secret)
}

function shown({ realms }: AccountDeps, label: string, secret: string) {
  const issuer = realms.list[0]?.name ?? 'Waystone'
  const totp = totpOf(secret, { issuer, label })
  return { secret: totp.secret.base32, uri: totp.toString() }
}

function totpOf(secret: string, more: { issuer?: string; label?: string } = {}): TOTP {
  const bytes = new Uint8Array(Buffer.from(secret, 'base64url'))
  return new TOTP({ ...more, secret: new Secret({ buffer: bytes.buffer }), period: stepMs / 1000 })
}

function openSecret(
  { keys }: Pick<AccountDeps, 'keys'>,
  accountId: string,
  { sealed }: FactorRow,
): string {
  const secret = openText(keys, purpose(accountId), sealed, z.string())
  if (secret === undefined) throw new Error(`the second factor of ${accountId} does not open`)
  return secret
}

/**
 * Switches it on, with the first code. Recovery codes follow from the operation and a key of the ring, so that a
 * repeat soon after shows them again. Throws auth.second_factor_on, auth.second_factor_off, auth.code_refused,
 * operation.superseded.
 */
export async function confirmSecondFactor(
  deps: AccountDeps,
  caller: PlayerCaller,
  code: string,
  op: OperationId,
): Promise<{ recoveryCodes: string[] }> {
  const { accountId } = caller
  const { keys, runtime } = deps
  const recoveryCodes = recoveryCodesOf(keys, accountId, op)
  await limitCodes(deps, accountId)
  const { at } = await once(deps, about(op, `second factor on ${accountId}`), async () => {
    const { factor } = await requirePresent(deps, caller)
    if (factor === undefined) throw new Problem('auth.second_factor_off')
    if (factor.confirmedAt !== undefined) throw new Problem('auth.second_factor_on')
    const taken = takeCode(deps, accountId, factor, code)
    if (!('lastStep' in taken)) throw new Problem('auth.code_refused')
    const now = runtime.now()
    const codes = recoveryCodes.map((one) => hashRecoveryCode(keys, accountId, one)).join(' ')
    return {
      steps: [
        { write: confirmUpdate(accountId, factor, { ...taken, codes, now }) },
        ...tell(deps, accountId, 'secondFactorOn'),
      ],
      answer: { at: now },
    }
  })
  const { factor } = await requirePresent(deps, caller)
  const soon = runtime.now() - at < recoveryCodesShownMs
  if (!soon || factor?.confirmedAt !== at) throw new Problem('operation.superseded')
  return { recoveryCodes }
}

/** Switches it off. Throws auth.second_factor_off, auth.code_refused. */
export async function disableSecondFactor(
  deps: AccountDeps,
  caller: PlayerCaller,
  code: string,
  op: OperationId,
): Promise<void> {
  const { accountId } = caller
  await limitCodes(deps, accountId)
  await once(deps, about(op, `second factor off ${accountId}`), async () => {
    const { factor } = await requirePresent(deps, caller)
    if (factor?.confirmedAt === undefined) throw new Problem('auth.second_factor_off')
    takeCode(deps, accountId, factor, code)
    return {
      steps: [
        { write: removeFactor(accountId, factor) },
        ...tell(deps, accountId, 'secondFactorOff'),
      ],
      answer: {},
    }
  })
}

/**
 * Goes on with a log-in that has shown its first factor. The ticket opens one session; a code is taken once. Sent again:
 * the same session. Three trips. Throws auth.ticket_refused, auth.code_refused, auth.banned, operation.superseded.
 */
export async function finishLogin(
  deps: AccountDeps,
  { ticket, code }: { ticket: string; code: string },
  { agent, op }: Pick<From, 'agent'> & { op: OperationId },
): Promise<Session & { deviceToken?: string }> {
  const { accountId, era, loginName } = readTicket(deps, ticket)
  const opening = about(op, `second factor ${ticket}`)
  const { keys, runtime } = deps
  const deviceToken =
    loginName === undefined ? {} : { deviceToken: newDeviceToken(keys, runtime, loginName) }
  const opened = await orTwin(
    () => reopened(deps, opening),
    async () => {
      const { account, sessions, factor } = await readAccountRows(deps.store, accountId)
      if (account !== undefined) refuseBanned(account, runtime.now())
      // Something was changed since: the password, perhaps.
      if (account?.era !== era || factor?.confirmedAt === undefined) {
        throw new Problem('auth.ticket_refused')
      }
      await limitCodes(deps, accountId)
      const taken = takeCode(deps, accountId, factor, code)
      return await openSession(deps, opening, { accountId, era, sessions, agent }, [
        ...keepAccount(accountId, account),
        { write: spendTicket(digest(ticket), runtime.now()), otherwise: 'auth.ticket_refused' },
        { write: takeUpdate(accountId, factor, taken), otherwise: 'auth.code_refused' },
      ])
    },
  )
  const account = await readAccount(deps.store, accountId)
  if (account === undefined) throw new Problem('auth.ticket_refused')
  return { ...(await firstTokens(deps, opened, account)), ...deviceToken }
}

/** Only who has shown the first factor gets here, so nobody locks somebody else out. */
async function limitCodes(deps: AccountDeps, accountId: string): Promise<void> {
  await limit(deps, 'factor.account', accountId)
  await limit(deps, 'factor.day', accountId)
}

/** What a good code changes. Throws auth.code_refused. */
function takeCode(
  { keys, runtime }: Pick<AccountDeps, 'keys' | 'runtime'>,
  accountId: string,
  factor: FactorRow,
  code: string,
): Taken {
  const text = code.replaceAll(/[\s-]/g, '')
  if (/^\d{6}$/.test(text)) {
    const now = runtime.now()
    const secret = openSecret({ keys }, accountId, factor)
    const delta = totpOf(secret).validate({ token: text, timestamp: now, window: 1 })
    if (delta === null) throw new Problem('auth.code_refused')
    const lastStep = Math.floor(now / stepMs) + delta
    if (lastStep <= factor.lastStep) throw new Problem('auth.code_refused')
    return { lastStep }
  }
  const hash = hashRecoveryCode(keys, accountId, text)
  const codes = recoveryHashes(factor)
  if (!codes.includes(hash)) throw new Problem('auth.code_refused')
  return { codes: codes.filter((one) => one !== hash).join(' ') }
}

/** How many recovery codes are left. */
export function recoveryHashes({ codes }: Pick<FactorRow, 'codes'>): string[] {
  return codes === '' ? [] : codes.split(' ')
}

function recoveryCodesOf(
  keys: Pick<KeyRing, 'derive'>,
  accountId: string,
  op: OperationId,
): string[] {
  return Array.from({ length: recoveryCodesCount }, (_, i) => {
    const bytes = keys.derive(`recovery-code:${accountId}:${op.hash}:${i}`)
    const text = new Secret({ buffer: bytes.slice(0, secretBytes).buffer }).base32
    return text.slice(0, recoveryCodeLength).match(/.{4}/g)!.join('-')
  })
}

function hashRecoveryCode(keys: Pick<KeyRing, 'derive'>, accountId: string, code: string): string {
  return createHmac('sha256', keys.derive(`recovery-codes:${accountId}`))
    .update(code.replaceAll('-', '').toUpperCase())
    .digest('base64url')
}
