// Login sessions: families of rotating refresh tokens, and the ends of families.
//
// A refresh token is spent when it is exchanged for the next generation. The answer may be lost. So the token
// that was spent last is taken again until a successor of it is used: within 30 s it gets the same successor,
// later another one. Once a successor is used, any older token of the family must be a stolen copy, and its
// use ends the whole family. So a thief and the owner cannot both go on: when one uses his token, the other's
// token is void, and its use is noticed.
//
// A log-out everywhere counts up the era of the account. Sessions and access tokens carry the era in which
// they were made, so that clocks of different functions decide nothing here.
import type { Session } from '#shared/api/auth.ts'
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import type { Role } from '#shared/api/role.ts'
import { answerOf } from '#shared/http/operation.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { refreshRepeatMs, refreshTokenMs, sessionsPerAccountMax } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import { commit, recall } from '#shared/store/commit.ts'
import type { Step } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../http/realms.ts'
import { signAccessToken } from '../http/token.ts'
import { refuseBanned } from './ban.ts'
import { familyOf, readRefreshToken, writeRefreshToken } from './refresh-token.ts'
import type { RefreshToken } from './refresh-token.ts'
import {
  endEra,
  newFamily,
  parseFamily,
  readAccount,
  readFamily,
  removeFamily,
  revokeFamily,
  rotateFamily,
} from './store.ts'
import type { StoredSession } from './account-rows.ts'
import type { FamilyRow } from './store.ts'

export type SessionDeps = {
  store: Store
  runtime: Runtime
  keys: Pick<KeyRing, 'signing' | 'derive'>
  realms: Realms
}

/** Sessions that one log-in ends at most: a transaction holds 100 writes. */
const endedAtOnceMax = 50

/** The facts of an account that its tokens carry. */
export type Holder = { guest: boolean; era: number; role?: Role | undefined }

/** An account that opens a session, the sessions that it has, and the program from which it comes. */
export type Opener = {
  accountId: string
  era: number
  sessions: readonly StoredSession[]
  agent?: string | undefined
}

export type Opened = { accountId: string; familyId: string; startedAt: number; repeated: boolean }

/**
 * Opens a session under the operation, in one transaction with `more` (a new account, say). Beyond the
 * bound on sessions, the ones that were renewed longest ago end. A repeat finds the session it opened. One
 * trip. What is remembered are ids; tokens are made again.
 * Throws operation.mismatch, world.busy and what the steps of `more` name.
 */
export async function openSession(
  deps: SessionDeps,
  op: OperationId,
  { accountId, era, sessions, agent }: Opener,
  more: readonly Step<ProblemCode | 'busy'>[],
): Promise<Opened> {
  const now = deps.runtime.now()
  const mine = { accountId, familyId: familyOf(op.hash), startedAt: now }
  const opened = await commit(deps, op, {
    steps: [
      ...more,
      { write: newFamily({ ...mine, era, agent }, now) },
      ...surplus(sessions).map(({ familyId }) => ({ write: removeFamily(accountId, familyId) })),
    ],
    answer: mine,
  })
  return { ...answerOf(opened), repeated: opened.outcome === 'repeated' }
}

/**
 * The session that an operation has opened; undefined when it has opened none yet. For requests whose proof is taken
 * once: their repeat must not show it again. One trip. Throws operation.mismatch, or the refusal that is remembered.
 */
export async function reopened(
  deps: Pick<SessionDeps, 'store' | 'runtime'>,
  op: OperationId,
): Promise<Opened | undefined> {
  const outcome = await recall<Omit<Opened, 'repeated'>, ProblemCode>(deps, op)
  return outcome === undefined ? undefined : { ...answerOf(outcome), repeated: true }
}

/** The sessions that end when one more is opened, the oldest first. */
function surplus(sessions: readonly StoredSession[]): StoredSession[] {
  const count = Math.min(sessions.length + 1 - sessionsPerAccountMax, endedAtOnceMax)
  if (count <= 0) return []
  return sessions.toSorted((a, b) => a.rotatedAt - b.rotatedAt).slice(0, count)
}

/**
 * The first tokens of a session. A repeat gets them again until they are used. After that the first answer
 * must have arrived, and the same tokens again would fork the family. One trip for a repeat.
 */
export async function firstTokens(
  deps: SessionDeps,
  opened: Opened,
  holder: Holder,
): Promise<Session> {
  const { accountId, familyId, startedAt } = opened
  // The time is taken before the reads: a log-out everywhere that they miss voids tokens of this time.
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
      family.era !== account.era
    if (superseded) throw new Problem('operation.superseded')
    refuseBanned(account, now)
    return await sessionOf(
      deps,
      { accountId, familyId, generation: 1, rotatedAt: startedAt },
      account,
      now,
    )
  }
  const token = { accountId, familyId, generation: 1, rotatedAt: startedAt }
  return await sessionOf(deps, token, holder, startedAt)
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
  if (family.era !== account.era) throw new Problem('auth.session_revoked')
  const { generation, rotatedAt } = await exchange(deps, token, family, now)
  return await sessionOf(deps, { ...token, generation, rotatedAt }, account, now)
}

/** The generation that is given for the token, and since when it is there. */
async function exchange(
  { store }: Pick<SessionDeps, 'store'>,
  token: RefreshToken,
  family: FamilyRow,
  now: number,
): Promise<Pick<FamilyRow, 'generation' | 'rotatedAt'>> {
  // If another request was first, this judges the row that the other one wrote. Five may be first.
  for (let attempt = 0, seen = family; attempt < 5; attempt++) {
    if (seen.revoked) throw new Problem('auth.session_revoked')
    if (now >= seen.rotatedAt + refreshTokenMs) throw new Problem('auth.refresh_refused')
    const next = successor(seen, token.generation, now)
    if (next === 'same') return seen
    // A token from the future is genuine only if the store lost writes; it is refused, no more.
    if (next === 'unknown') throw new Problem('auth.refresh_refused')
    if (next === 'copied') {
      await revokeFamily(store, token.accountId, token.familyId)
      throw new Problem('auth.session_revoked')
    }
    const changed = await rotated(store, token, next, now)
    if (changed === undefined) return { generation: next.generation, rotatedAt: now }
    seen = changed
  }
  throw new Problem('world.busy', { retryAfterS: 1 })
}

/** The successor of a token in its family; `same`: the newest token is sent again. */
function successor(
  { generation, spent, unusedFrom, rotatedAt }: FamilyRow,
  used: number,
  now: number,
): Pick<FamilyRow, 'generation' | 'spent' | 'unusedFrom'> | 'same' | 'unknown' | 'copied' {
  const next = generation + 1
  if (used > generation) return 'unknown'
  if (used >= unusedFrom) return { generation: next, spent: used, unusedFrom: next }
  if (used !== spent) return 'copied'
  return now - rotatedAt <= refreshRepeatMs ? 'same' : { generation: next, spent, unusedFrom }
}

/** Rotates; undefined when this request did it, else the family as another one left it. */
async function rotated(
  store: Store,
  token: RefreshToken,
  next: Pick<FamilyRow, 'generation' | 'spent' | 'unusedFrom'>,
  now: number,
): Promise<FamilyRow | undefined> {
  try {
    await rotateFamily(store, token, next, now)
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

/** Ends every session of the account that was there when the caller's token was made. One trip. */
export async function logoutEverywhere(deps: SessionDeps, player: PlayerCaller): Promise<void> {
  await ignoreAbsent(endEra(deps.store, player.accountId, player.era))
}

/** A session that is gone has ended. */
export async function ignoreAbsent(write: Promise<void>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}

async function sessionOf(
  deps: SessionDeps,
  token: { accountId: string; familyId: string; generation: number; rotatedAt: number },
  { guest, role, era }: Holder,
  issuedAt: number,
): Promise<Session> {
  const { accountId, familyId, generation, rotatedAt } = token
  const player = { accountId, loginSessionId: familyId, guest, era, role }
  const access = await signAccessToken(deps.keys.signing(), player, issuedAt)
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
