// The actions of operators on players. A ban first changes the row of the account, in one transaction with
// its audit entry. All later steps read that row and not the request. So of a ban and its lifting every
// repeat carries out the later one.
import type { MeantPlayer, PlayerAccount, StillInPlay } from '#shared/api/admin/players.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type { Role } from '#shared/api/role.ts'
import type { Content } from '#shared/content/content.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { copyBan, forGood } from '#shared/ownership/ban.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import { removeFromPlay } from '#shared/ownership/removal.ts'
import { answerOf } from '#shared/http/operation.ts'
import { Problem } from '#shared/problem.ts'
import type { Push } from '#shared/push/push.ts'
import type { Runtime } from '#shared/runtime.ts'
import { commit } from '#shared/store/commit.ts'
import type { Step } from '#shared/store/commit.ts'
import type { Store, Write } from '#shared/store/store.ts'
import { banWrite, readStanding, roleWrite, standingCheck } from '../auth/auth.ts'
import type { AccountIf } from '../auth/auth.ts'
import { listCharacters } from '../characters/characters.ts'
import type { Realms } from '../http/realms.ts'
import { auditWrite } from './audit.ts'
import type { AuditAction } from './audit.ts'
import { longestBan, notAbove, overWhom, refusalOf, stillMay } from './rights.ts'
import { findAccount } from './who.ts'

/** For other domains in which operators act. */
export { auditWrite } from './audit.ts'
export type { AuditAction } from './audit.ts'
export { longestBan, notAbove, overWhom, refusalOf, requireRole, stillMay } from './rights.ts'
export { findAccount } from './who.ts'

export type AdminDeps = {
  store: Store
  runtime: Runtime
  realms: Realms
  content: Content
  fleet: Fleet
  /** Tells a host, as fast as may be, that its inbox has something new. Never fails. */
  hint: (bootId: string) => void
  push: Push
  isLive: IsLive
}

/** What it takes to end a stay. */
export type PlayDeps = Pick<AdminDeps, 'store' | 'runtime' | 'realms' | 'hint'>

export type PlayedCharacter = PlayerAccount['characters'][number]

/** Throws admin.player_unknown, admin.ambiguous. */
export async function showPlayer(deps: AdminDeps, who: string): Promise<PlayerAccount> {
  const accountId = await findAccount(deps, who)
  const [account, characters] = await Promise.all([
    readStanding(deps.store, accountId),
    readCharacters(deps, accountId),
  ])
  if (account === undefined) throw new Problem('admin.player_unknown')
  const { createdAt, guest, ban } = account
  const counts = ban !== undefined && ban.until > deps.runtime.now()
  return {
    accountId,
    guest,
    role: account.role ?? 'player',
    createdAt,
    ...(counts
      ? { ban: { until: ban.until, reason: ban.reason, forGood: ban.until >= forGood } }
      : {}),
    characters,
  }
}

/**
 * Kicks the characters in play, at their epochs of now. So a repeat kicks no player who has come back.
 * Throws admin.player_unknown, admin.ambiguous, admin.outranked, auth.forbidden, operation.mismatch.
 */
export async function kick(
  deps: AdminDeps,
  operator: OperatorCaller,
  who: string,
  reason: string,
  op: OperationId,
): Promise<{ accountId: string; meant: MeantPlayer; kicked: number; stillInPlay: StillInPlay }> {
  const accountId = await findAccount(deps, who)
  const inPlay = (await readCharacters(deps, accountId)).filter(({ state }) => state !== 'offline')
  const what = inPlay.map(({ realmId, characterId }) => `${characterId} in ${realmId}`).join(', ')
  const must = { roles: notAbove(operator) }
  const kicked = await commit(deps, op, {
    steps: [
      ...audited(deps, operator, op, { action: 'kick', target: accountId, what, reason }),
      // His own row is looked at already, and a transaction takes a row once.
      ...(operator.account?.accountId === accountId
        ? []
        : [effect(must, standingCheck(accountId, must))]),
    ],
    answer: {
      accountId,
      inPlay: inPlay.map(({ realmId, characterId, name, epoch }) => ({
        realmId,
        characterId,
        name,
        epoch,
      })),
    },
  })
  const done = answerOf(kicked)
  const stillInPlay = await remove(deps, done.inPlay)
  const meant = await meantPlayer(deps, done.accountId)
  return { accountId: done.accountId, meant, kicked: done.inPlay.length, stillInPlay }
}

/**
 * Throws admin.player_unknown, admin.ambiguous, admin.outranked, admin.yourself, admin.ban_too_long, auth.forbidden,
 * operation.mismatch. Takes up to 4 s.
 */
export async function ban(
  deps: AdminDeps,
  operator: OperatorCaller,
  who: string,
  request: { reason: string; forS?: number | undefined },
  op: OperationId,
): Promise<{
  accountId: string
  meant: MeantPlayer
  until: number
  forGood: boolean
  stillInPlay: StillInPlay
}> {
  const { reason, forS } = request
  const accountId = await findAccount(deps, who)
  const until = forS === undefined ? forGood : deps.runtime.now() + forS * 1000
  const what = forS === undefined ? 'for good' : durationWords(forS)
  const must = { ...overWhom(operator, accountId), bannedAtMost: longestBan(deps, operator) }
  if (until > (must.bannedAtMost ?? until)) throw new Problem('admin.ban_too_long')
  const action: AuditAction = { action: 'ban', target: accountId, what, reason }
  const banned = await commit(deps, op, {
    steps: [
      ...audited(deps, operator, op, action),
      effect(must, banWrite(accountId, { until, reason }, must)),
    ],
    answer: { accountId, until },
  })
  const done = answerOf(banned)
  const stillInPlay = await carryOut(deps, done.accountId)
  const meant = await meantPlayer(deps, done.accountId)
  return { ...done, meant, forGood: done.until >= forGood, stillInPlay }
}

/** In the largest unit that is whole. */
function durationWords(seconds: number): string {
  const units = [
    [86_400, 'days'],
    [3600, 'hours'],
    [60, 'minutes'],
  ] as const
  const [length, unit] = units.find(([one]) => seconds % one === 0) ?? [1, 'seconds']
  return `${seconds / length} ${unit}`
}

/** Throws as `ban` does. */
export async function unban(
  deps: AdminDeps,
  operator: OperatorCaller,
  who: string,
  reason: string,
  op: OperationId,
): Promise<{ accountId: string; meant: MeantPlayer }> {
  const accountId = await findAccount(deps, who)
  const must = { ...overWhom(operator, accountId), bannedAtMost: longestBan(deps, operator) }
  const action: AuditAction = { action: 'unban', target: accountId, what: '', reason }
  const lifted = await commit(deps, op, {
    steps: [
      ...audited(deps, operator, op, action),
      effect(must, banWrite(accountId, undefined, must)),
    ],
    answer: { accountId },
  })
  const done = answerOf(lifted)
  await carryOut(deps, done.accountId)
  return { ...done, meant: await meantPlayer(deps, done.accountId) }
}

/** Throws admin.player_unknown, admin.ambiguous, admin.yourself, auth.forbidden, operation.mismatch. */
export async function setRole(
  deps: Pick<AdminDeps, 'store' | 'runtime' | 'realms'>,
  operator: OperatorCaller,
  who: string,
  request: { role: 'player' | Role; reason: string },
  op: OperationId,
): Promise<{ accountId: string; meant: MeantPlayer; role: 'player' | Role }> {
  const { role, reason } = request
  const accountId = await findAccount(deps, who)
  const action: AuditAction = { action: 'role', target: accountId, what: role, reason }
  const must = overWhom(operator, accountId)
  const changed = await commit(deps, op, {
    steps: [...audited(deps, operator, op, action), effect(must, roleWrite(accountId, role, must))],
    answer: { accountId, role },
  })
  const done = answerOf(changed)
  return { ...done, meant: await meantPlayer(deps, done.accountId) }
}

/** The names of the player, for the answer: an operator compares them with his input. Not remembered. */
async function meantPlayer(
  deps: Pick<AdminDeps, 'store' | 'realms'>,
  accountId: string,
): Promise<MeantPlayer> {
  const [account, ...lists] = await Promise.all([
    readStanding(deps.store, accountId),
    ...[...deps.realms.here].map(async (realmId) => {
      const listed = await listCharacters(deps, { realmId, accountId })
      return listed.map(({ characterId, name }) => ({ realmId, characterId, name }))
    }),
  ])
  if (account === undefined) throw new Problem('admin.player_unknown')
  return { accountId, guest: account.guest, characters: lists.flat() }
}

/** The audit entry of an act on a player, and that the operator may still act. */
export function audited(
  deps: Pick<AdminDeps, 'runtime'>,
  operator: OperatorCaller,
  op: OperationId,
  action: AuditAction,
): Step<'auth.forbidden'>[] {
  return [
    { write: auditWrite(deps.runtime, operator, op, action).write },
    ...stillMay(deps, operator),
  ]
}

/** A write on the account, which is refused by what is not as it must be. */
export function effect(
  must: AccountIf,
  write: Write,
): Step<ReturnType<ReturnType<typeof refusalOf>>> {
  return { write, otherwise: refusalOf(must) }
}

/** Applies the ban of an account, as its row says it now, in realms and at hosts. Takes up to 4 s. */
export async function carryOut(deps: PlayDeps, accountId: string): Promise<StillInPlay> {
  const account = await readStanding(deps.store, accountId)
  if (account === undefined) throw new Problem('admin.player_unknown')
  const until = account.ban?.until ?? 0
  const version = account.banVersion ?? 0
  await Promise.all(
    [...deps.realms.here].map((realmId) =>
      copyBan(deps.store, realmId, accountId, { until, version }),
    ),
  )
  if (until <= deps.runtime.now()) return []
  const characters = await readCharacters(deps, accountId)
  return await remove(
    deps,
    characters.map(({ realmId, characterId, name }) => ({ realmId, characterId, name })),
  )
}

/** Side by side: an account has a dozen characters at most. */
async function remove(
  deps: PlayDeps,
  characters: { realmId: string; characterId: string; name: string; epoch?: number }[],
): Promise<StillInPlay> {
  const outcomes = await Promise.all(characters.map((one) => removeFromPlay(deps, one)))
  return characters
    .filter((_, i) => outcomes[i] === 'inPlay')
    .map(({ realmId, characterId, name }) => ({ realmId, characterId, name }))
}

export async function readCharacters(
  deps: PlayDeps,
  accountId: string,
): Promise<PlayedCharacter[]> {
  const { store } = deps
  const inRealm = async (realmId: string) => {
    const listed = await listCharacters(deps, { realmId, accountId })
    return await Promise.all(
      listed.map(async ({ characterId, name, zone }): Promise<PlayedCharacter> => {
        const page = await store.query(readCharacterRows(realmId, characterId))
        const rows = parseCharacterRows(realmId, characterId, page.items)
        const { state = 'offline', owner = '', instance = '', epoch = 0 } = rows?.guard ?? {}
        const at = rows?.state.saved.zone ?? zone
        return { realmId, characterId, name, zone: at, state, host: owner, instance, epoch }
      }),
    )
  }
  return (await Promise.all([...deps.realms.here].map(inRealm))).flat()
}
