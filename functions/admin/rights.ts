// What somebody with a role may do, and to whom. Roles stand on accounts. The edge looks at the role in the token;
// here it is read again, and what hits other players reads it a third time in its own transaction. So of a role
// that is taken away and an act of its holder, one comes first.
import type { OperatorCaller } from '#shared/api/endpoint.ts'
import { reaches, roles, rolesBelow } from '#shared/api/role.ts'
import type { Role } from '#shared/api/role.ts'
import { moderatorBanMaxMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Step } from '#shared/store/commit.ts'
import type { Item, Store } from '#shared/store/store.ts'
import { readStanding, standingCheck } from '../auth/auth.ts'
import type { AccountIf } from '../auth/auth.ts'

type RightsDeps = { store: Store; runtime: Runtime }

/**
 * Refuses an account that does not have the role of its token any more: the token may still be valid for
 * minutes. Throws auth.forbidden, auth.session_revoked. One trip.
 */
export async function requireRole(deps: RightsDeps, operator: OperatorCaller): Promise<void> {
  if (operator.account === undefined) return
  const account = await readStanding(deps.store, operator.account.accountId)
  const banned = account?.ban !== undefined && account.ban.until > deps.runtime.now()
  if (!reaches(account?.role, operator.role) || banned) throw new Problem('auth.forbidden')
  if (operator.account.era !== account?.era) throw new Problem('auth.session_revoked')
}

/** Fails the commit when the operator has lost his role, or is banned. None for the command line. */
export function stillMay(
  { runtime }: Pick<RightsDeps, 'runtime'>,
  { account, role }: OperatorCaller,
): Step<'auth.forbidden'>[] {
  if (account === undefined) return []
  const may = { roles: roles.filter((one) => reaches(one, role)), bannedAtMost: runtime.now() }
  return [{ write: standingCheck(account.accountId, may), otherwise: 'auth.forbidden' }]
}

/**
 * What must hold of the account that the act is for. Who has a role is under those alone whose role is higher.
 * Nobody bans himself or changes his own role. So who takes a role from an operator stays one himself, and at
 * least one is always left; the command line alone may take the last. Throws admin.yourself.
 */
export function overWhom(
  operator: OperatorCaller,
  accountId: string,
): { roles: readonly (Role | 'none')[] } {
  if (operator.account?.accountId === accountId) throw new Problem('admin.yourself')
  return { roles: notAbove(operator) }
}

export function notAbove({ role }: OperatorCaller): readonly (Role | 'none')[] {
  return ['none', ...rolesBelow(role)]
}

/** The latest end of a ban that he may give, change and lift; undefined: any. */
export function longestBan(
  { runtime }: Pick<RightsDeps, 'runtime'>,
  { role }: OperatorCaller,
): number | undefined {
  return role === 'operator' ? undefined : runtime.now() + moderatorBanMaxMs
}

/** Why the account is not as it must be. */
export function refusalOf(
  must: AccountIf,
): (row: Item | undefined) => 'admin.player_unknown' | 'admin.outranked' | 'admin.ban_too_long' {
  return (row) => {
    if (row === undefined) return 'admin.player_unknown'
    const has = row['role'] ?? 'none'
    const outranked = must.roles?.some((one) => one === has) === false
    return outranked ? 'admin.outranked' : 'admin.ban_too_long'
  }
}
