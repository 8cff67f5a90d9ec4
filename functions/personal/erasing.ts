// The end of an account: asked for, closed when its time has come, erased when its last access token has ended.
//
// Closing marks the account first, so nobody logs in to it any more. Then its characters are taken out of play and
// deleted, so they are in no guild and no party, and nobody reaches them. Erasing does that once more, for what the
// last access token has made, and calls each domain. A run may stop anywhere: the row in ERASURES stays until all is
// done, and the next run begins again with what is left. Two runs at once do the same, and one of them ends it.
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import { eraseGraceDays, erasureRunMs, erasuresPerRun } from '#shared/limits.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { removeFromPlay } from '#shared/ownership/removal.ts'
import type { Person } from '#shared/person.ts'
import { Problem } from '#shared/problem.ts'
import { deletedPlayer } from '#shared/rules/reserved-names.ts'
import { operationOf } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import { auditWrite, findAccount, overWhom, requireRole, stillMay } from '../admin/admin.ts'
import {
  askErase,
  closeAccount,
  endErasure,
  postponeErasure,
  readErasures,
  readStanding,
} from '../auth/auth.ts'
import type { Erasure } from '../auth/auth.ts'
import { deleteCharacter } from '../characters/characters.ts'
import { once } from '../http/once.ts'
import { personOf } from './personal.ts'
import type { PersonalDeps } from './personal.ts'

const dayMs = 24 * 60 * 60 * 1000

/**
 * An operator asks for the erase of an account. Throws admin.player_unknown, admin.ambiguous, admin.yourself,
 * admin.outranked, auth.erasing, auth.forbidden, world.busy, operation.mismatch.
 */
export async function eraseOf(
  deps: PersonalDeps,
  operator: OperatorCaller,
  who: string,
  { reason, days = eraseGraceDays }: { reason: string; days?: number | undefined },
  op: OperationId,
): Promise<{ accountId: string; at: number }> {
  await requireRole(deps, operator)
  const accountId = await findAccount(deps, who)
  return await once(deps, op, async () => {
    const account = await readStanding(deps.store, accountId)
    if (account === undefined) throw new Problem('admin.player_unknown')
    const { roles } = overWhom(operator, accountId)
    if (!roles.includes(account.role ?? 'none')) throw new Problem('admin.outranked')
    const now = deps.runtime.now()
    const asked = askErase(accountId, account, { now, at: now + days * dayMs })
    const what = `${days} days`
    const action = { action: 'player.erase', target: accountId, what, reason } as const
    const { write } = auditWrite(deps.runtime, operator, op, action)
    const steps = [...stillMay(deps, operator), { write }, ...asked.steps]
    return { steps, answer: { accountId, at: asked.at } }
  })
}

type Counts = { closed: number; erased: number; waiting: number; more: boolean }

/**
 * Works on the accounts whose time has come, the longest due first, until there are no more or its time is over. Throws
 * StoreError when it cannot read them.
 */
export async function runErasures(
  deps: PersonalDeps,
  operator: OperatorCaller,
  reason: string,
): Promise<Counts> {
  await requireRole(deps, operator)
  const { now } = deps.runtime
  const beganAt = now()
  const due = await readErasures(deps.store, beganAt, erasuresPerRun + 1)
  const counts: Counts = { closed: 0, erased: 0, waiting: 0, more: due.length > erasuresPerRun }
  for (const row of due.slice(0, erasuresPerRun)) {
    if (now() - beganAt > erasureRunMs) return { ...counts, more: true }
    const outcome = await workOn(deps, operator, reason, row)
    if (outcome !== 'kept') counts[outcome]++
  }
  return counts
}

/** Stands in the audit of what nobody has asked for but the clock. */
const byTimer: OperatorCaller = { kind: 'operator', role: 'operator', operatorId: 'timer' }

/** The same by the clock. One trip when nothing is due. Throws StoreError. */
export async function runDueErasures(deps: PersonalDeps): Promise<void> {
  const counts = await runErasures(deps, byTimer, 'Its time has come')
  const { closed, erased, waiting } = counts
  if (closed + erased + waiting > 0) deps.log.info('erasures', counts)
}

async function workOn(
  deps: PersonalDeps,
  operator: OperatorCaller,
  reason: string,
  row: Erasure,
): Promise<'closed' | 'erased' | 'waiting' | 'kept'> {
  const { accountId, closed } = row
  try {
    if (!closed && !(await closeAccount(deps.store, deps.runtime.now(), row))) return 'kept'
    const person = await personOf(deps, accountId)
    await empty(deps, person, row)
    if (!closed) return 'closed'
    for (const personal of [...deps.kept.values()].toReversed()) await personal.erase(deps, person)
    const op = operationOf(['personal.erased', accountId, row.askedAt], {})
    const action = { action: 'player.erased', target: accountId, what: '', reason } as const
    await endErasure(deps.store, row, auditWrite(deps.runtime, operator, op, action).write)
    return 'erased'
  } catch (error) {
    if (!(error instanceof StoreError) && !(error instanceof Problem)) throw error
    // Those behind it come first then. Another run may have ended it meanwhile.
    if (closed && !(await postponeErasure(deps.store, deps.runtime.now(), row))) return 'kept'
    deps.log.error('an account could not be erased yet', { accountId, error })
    return 'waiting'
  }
}

/** No character is in play, and all are deleted. Throws character.in_play while a host does not let go, StoreError. */
async function empty(deps: PersonalDeps, { players }: Person, { at }: Erasure): Promise<void> {
  const hint = createHint(deps.cache)
  for (const { realmId, accountId, characters } of players) {
    for (const { characterId } of characters) {
      await removeFromPlay({ ...deps, hint }, { realmId, characterId })
      const op = operationOf(['personal.delete', realmId, characterId, at], {})
      try {
        await deleteCharacter(deps, { realmId, accountId }, characterId, op, deletedPlayer)
      } catch (error) {
        // It is deleted already, by its player.
        if (!(error instanceof Problem) || error.code !== 'character.not_found') throw error
      }
    }
  }
}
