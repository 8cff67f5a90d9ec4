// Sessions: families of rotating refresh tokens, and what ends them.
//
// The newest generation n is exchanged once, for n + 1; its repeat within 30 s, after a lost answer,
// gets the same n + 1. Anything older can only come from a copy: the whole family ends.
import type { Session } from '#shared/api/auth.ts'
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import { answerOf } from '#shared/http/operation.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { refreshRepeatMs, refreshTokenMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import { commit } from '#shared/store/commit.ts'
import type { Step } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../http/realms.ts'
import { signAccessToken } from '../http/token.ts'
import { refuseBanned } from './ban.ts'
import { familyOf, readRefreshToken, writeRefreshToken } from './refresh-token.ts'
import {
  newFamily,
  parseFamily,
  readAccount,
  readFamily,
  revokeFamily,
  rotateFamily,
  voidSessions,
} from './store.ts'

export type SessionDeps = {
  store: Store
  runtime: Runtime
  keys: Pick<KeyRing, 'signing' | 'derive'>
  realms: Realms
}

/** What a token says of the account. */
export type Holder = { guest: boolean; role?: 'operator' | undefined }

export type Opened = { accountId: string; familyId: string; startedAt: number; repeated: boolean }

/**
 * Opens a session under the operation, in one transaction with `more` (a new account, say). A repeat
 * finds the session it opened. One trip. What is remembered are ids; tokens are made again.
 * Throws operation.mismatch, world.busy and what the steps of `more` name.
 */
export async function openSession(
  deps: SessionDeps,
  op: OperationId,
  accountId: string,
  more: Step<ProblemCode>[],
): Promise<Opened> {
  const now = deps.runtime.now()
  const mine = { accountId, familyId: familyOf(op.hash), startedAt: now }
  const opened = await commit(deps, op, {
    steps: [...more, { write: newFamily(accountId, mine.familyId, now) }],
    answer: mine,
  })
  return { ...answerOf(opened), repeated: opened.outcome === 'repeated' }
}

/**
 * The first tokens of a session. For a repeat they are given again while nobody has used them:
 * later the answer must have arrived, and giving them again would fork the family. One trip then.
 */
export async function firstTokens(
  deps: SessionDeps,
  opened: Opened,
  holder: Holder,
): Promise<Session> {
  const { accountId, familyId, startedAt } = opened
  // Before the reads: a log-out everywhere that they do not see yet voids what is born now.
  const now = deps.runtime.now()
  if (opened.repeated) {
    const [account, family] = await Promise.all([
      readAccount(deps.store, accountId),
      readFamily(deps.store, accountId, familyId, now),
    ])
    const superseded =
      account === undefined ||
      family === undefined ||
      family.revoked ||
      family.generation !== 1 ||
      family.createdAt < account.sessionsFrom
    if (superseded) throw new Problem('operation.superseded')
    refuseBanned(account, now)
  }
  const token = { accountId, familyId, generation: 1, rotatedAt: startedAt }
  return await sessionOf(deps, token, holder, opened.repeated ? now : startedAt)
}

/** Exchanges a refresh token. Throws auth.refresh_refused, auth.banned or auth.session_revoked. */
export async function refresh(deps: SessionDeps, text: string): Promise<Session> {
  const token = readRefreshToken(deps.keys, text)
  if (token === undefined) throw new Problem('auth.refresh_refused')
  // Before the reads, as in firstTokens.
  const now = deps.runtime.now()
  const [account, family] = await Promise.all([
    readAccount(deps.store, token.accountId),
    readFamily(deps.store, token.accountId, token.familyId, now),
  ])
  if (account === undefined || family === undefined) throw new Problem('auth.refresh_refused')
  refuseBanned(account, now)
  if (family.revoked || family.createdAt < account.sessionsFrom) {
    throw new Problem('auth.session_revoked')
  }
  if (now >= family.rotatedAt + refreshTokenMs) throw new Problem('auth.refresh_refused')
  const next = { ...token, generation: token.generation + 1, rotatedAt: now }

  if (token.generation === family.generation) {
    const winner = await rotated(deps.store, token, now)
    if (winner === undefined) return await sessionOf(deps, next, account, now)
    if (winner.revoked) throw new Problem('auth.session_revoked')
    family.generation = winner.generation
    family.rotatedAt = winner.rotatedAt
  }
  const isRepeat =
    next.generation === family.generation && now - family.rotatedAt <= refreshRepeatMs
  if (isRepeat) {
    return await sessionOf(deps, { ...next, rotatedAt: family.rotatedAt }, account, now)
  }
  // A token from the future is genuine only if the store lost writes; it is refused, no more.
  if (token.generation > family.generation) throw new Problem('auth.refresh_refused')
  await revokeFamily(deps.store, token.accountId, token.familyId)
  throw new Problem('auth.session_revoked')
}

/** Rotates; undefined when this request did it, else the family as another one left it. */
async function rotated(
  store: Store,
  token: { accountId: string; familyId: string; generation: number },
  now: number,
) {
  try {
    await rotateFamily(store, token, now)
    return undefined
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    const family =
      parseFamily(error.items[0]) ?? (await readFamily(store, token.accountId, token.familyId, now))
    if (family === undefined) throw new Problem('auth.refresh_refused', { cause: error })
    return family
  }
}

/** Ends the session of the caller. One trip. Its access tokens run out within 15 minutes. */
export async function logout(deps: SessionDeps, player: PlayerCaller): Promise<void> {
  await ignoreAbsent(revokeFamily(deps.store, player.accountId, player.loginSessionId))
}

/** Ends every session of the account. One trip. */
export async function logoutEverywhere(deps: SessionDeps, player: PlayerCaller): Promise<void> {
  // The next millisecond, so that a session opened in this one ends as well.
  const from = deps.runtime.now() + 1
  await ignoreAbsent(voidSessions(deps.store, player.accountId, from))
}

async function ignoreAbsent(write: Promise<void>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}

async function sessionOf(
  deps: SessionDeps,
  token: { accountId: string; familyId: string; generation: number; rotatedAt: number },
  { guest, role }: Holder,
  issuedAt: number,
): Promise<Session> {
  const { accountId, familyId, generation, rotatedAt } = token
  const player = { accountId, loginSessionId: familyId, guest, issuedAt, role }
  const access = await signAccessToken(deps.keys.signing(), player)
  return {
    accountId,
    guest,
    accessToken: access.token,
    accessExpiresAt: access.expiresAt,
    refreshToken: writeRefreshToken(deps.keys, { familyId, accountId, generation }),
    refreshExpiresAt: rotatedAt + refreshTokenMs,
    realms: deps.realms.list,
  }
}
