// What operators do to characters: rename and restore, with reason and audit.
import type { Character } from '#shared/api/characters.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { removeFromPlay } from '#shared/ownership/removal.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { isUuid } from '#shared/runtime.ts'
import type { Step } from '#shared/store/commit.ts'
import { auditWrite, requireRole, stillMay } from '../admin/admin.ts'
import type { AuditAction } from '../admin/admin.ts'
import { ownerOfName } from './characters.ts'
import type { CharacterDeps } from './characters.ts'
import { renameCharacter, restoreCharacter } from './renaming.ts'
import type { Owner } from './store.ts'

/** `hint` tells a host, as fast as may be, that its inbox has something new. Never fails. */
export type OperatingDeps = CharacterDeps & { hint: (bootId: string) => void }

type Named = { realmId: string; character: string }

/**
 * Another name, whenever the last one was given. A character in play is saved and taken out of the world first.
 * Throws what a rename throws, and auth.forbidden.
 */
export async function renameOf(
  deps: OperatingDeps,
  operator: OperatorCaller,
  named: Named,
  { name, reason }: { name: string; reason: string },
  op: OperationId,
): Promise<Character> {
  await requireRole(deps, operator)
  const { owner, characterId } = await find(deps, named)
  await removeFromPlay(deps, { realmId: owner.realmId, characterId })
  const action = { action: 'player.rename', target: owner.accountId, reason } as const
  const steps = audited(deps, operator, op, { ...action, what: `character ${characterId}` })
  return await renameCharacter(deps, owner, characterId, name, op, { steps, limited: false })
}

/** Throws what a restore throws, and auth.forbidden. */
export async function restoreOf(
  deps: OperatingDeps,
  operator: OperatorCaller,
  named: Named,
  { reason }: { reason: string },
  op: OperationId,
): Promise<Character> {
  await requireRole(deps, operator)
  const { owner, characterId } = await find(deps, named)
  const action = { action: 'player.restore', target: owner.accountId, reason } as const
  const steps = audited(deps, operator, op, { ...action, what: `character ${characterId}` })
  return await restoreCharacter(deps, owner, characterId, op, steps)
}

function audited(
  deps: OperatingDeps,
  operator: OperatorCaller,
  op: OperationId,
  action: AuditAction,
): Step<ProblemCode>[] {
  const { write } = auditWrite(deps.runtime, operator, op, action)
  return [...stillMay(deps, operator), { write }]
}

/** By its id, or by its name as it is spelled; deleted or not. Throws character.not_found. */
async function find(
  { store }: OperatingDeps,
  { realmId, character }: Named,
): Promise<{ owner: Owner; characterId: string }> {
  const id = character.toLowerCase()
  if (isUuid(id)) {
    const key = guardKey(realmId, id)
    const accountId = (await store.get({ table: 'core', key, consistent: true }))?.['accountId']
    if (typeof accountId !== 'string') throw new Problem('character.not_found')
    return { owner: { realmId, accountId }, characterId: id }
  }
  const found = await ownerOfName(store, realmId, character)
  if (found?.name !== character) {
    const detail = found && `A name that looks like it is spelled ${found.name}.`
    throw new Problem('character.not_found', { detail })
  }
  return { owner: { realmId, accountId: found.accountId }, characterId: found.characterId }
}
