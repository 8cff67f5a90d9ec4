// What an account has, for its player: its ways in, and its sessions.
import type { AccountOverview } from '#shared/api/auth-account.ts'
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import { refreshTokenMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { StoredSession } from './account-rows.ts'
import { requirePresent } from './present.ts'
import type { AccountDeps, Present } from './present.ts'
import { recoveryHashes } from './second-factor.ts'
import { ignoreAbsent } from './sessions.ts'
import { revokeFamily } from './store.ts'

/** One trip. */
export async function overview(deps: AccountDeps, caller: PlayerCaller): Promise<AccountOverview> {
  const { account, email, factor, identities } = await requirePresent(deps, caller)
  const { createdAt, guest, loginName, device, deviceEnded } = account
  const { address, pending, pendingUntil = 0 } = email ?? {}
  const waits = pending !== undefined && pendingUntil > deps.runtime.now()
  return {
    accountId: caller.accountId,
    createdAt,
    guest,
    ...(loginName === undefined ? {} : { loginName }),
    device: device !== undefined && deviceEnded !== true,
    ...(address === undefined && !waits
      ? {}
      : {
          email: {
            ...(address === undefined ? {} : { address }),
            ...(waits ? { pending } : {}),
          },
        }),
    secondFactor: {
      on: factor?.confirmedAt !== undefined,
      recoveryCodes: factor === undefined ? 0 : recoveryHashes(factor).length,
    },
    identities: identities.map(({ provider, linkedAt }) => ({ provider, linkedAt })),
  }
}

/** Sessions whose refresh token is still good. */
function openSessions({ account, sessions }: Present, now: number): StoredSession[] {
  return sessions.filter(
    ({ era, revoked, rotatedAt }) =>
      era === account.era && !revoked && now < rotatedAt + refreshTokenMs,
  )
}

/** The one that was used last comes first. One trip. */
export async function sessions(deps: AccountDeps, caller: PlayerCaller) {
  const open = openSessions(await requirePresent(deps, caller), deps.runtime.now())
  return {
    sessions: open
      .toSorted((a, b) => b.rotatedAt - a.rotatedAt)
      .map(({ familyId, createdAt, rotatedAt, agent }) => ({
        sessionId: familyId,
        createdAt,
        usedAt: rotatedAt,
        ...(agent === undefined ? {} : { agent }),
        current: familyId === caller.loginSessionId,
      })),
  }
}

/** Its tokens are refused from then on where it matters (requireSession), and run out elsewhere. Two trips. */
export async function endSession(
  deps: AccountDeps,
  caller: PlayerCaller,
  sessionId: string,
): Promise<void> {
  const present = await requirePresent(deps, caller)
  const there = present.sessions.some(({ familyId }) => familyId === sessionId)
  if (!there) throw new Problem('auth.session_unknown')
  await ignoreAbsent(revokeFamily(deps.store, caller.accountId, sessionId))
}

/** Those that are there now: sessions that open meanwhile are of who knows the way in. Two trips. */
export async function endOtherSessions(deps: AccountDeps, caller: PlayerCaller): Promise<void> {
  const open = openSessions(await requirePresent(deps, caller), deps.runtime.now())
  const others = open.filter(({ familyId }) => familyId !== caller.loginSessionId)
  await Promise.all(
    others.map(async ({ familyId }) => {
      await ignoreAbsent(revokeFamily(deps.store, caller.accountId, familyId))
    }),
  )
}
