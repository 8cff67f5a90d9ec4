// Letters from the game, which operators send, with their audit.
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type { WrittenLetter } from '#shared/api/mail.ts'
import { sendSystemLetter, sendToAll, withdrawToAll } from '../mail/mail.ts'
import type { Audited } from '../mail/mail.ts'
import type { AdminDeps } from './admin.ts'
import { auditWrite } from './audit.ts'
import type { AuditAction } from './audit.ts'

type Reasoned = { reason: string }

/** Throws mail.unknown, mail.text, mail.full, world.busy, operation.mismatch. */
export async function sendMail(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { to, subject, text, reason }: WrittenLetter & Reasoned & { to: string },
  op: OperationId,
): Promise<{ letterId: string; characterId: string; until: number }> {
  const audited = audit(deps, operator, op, { action: 'mail.send', target: realmId, reason })
  return await sendSystemLetter(deps, realmId, { to, subject, text }, audited, op)
}

/** Throws mail.text, mail.full, world.busy, operation.mismatch. */
export async function mailAll(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { subject, text, days, reason }: WrittenLetter & Reasoned & { days?: number | undefined },
  op: OperationId,
): Promise<{ letterId: string; until: number }> {
  const audited = audit(deps, operator, op, { action: 'mail.all', target: realmId, reason })
  return await sendToAll(deps, realmId, { subject, text, days }, audited, op)
}

/** Throws mail.not_found, world.busy, operation.mismatch. */
export async function withdrawMail(
  deps: AdminDeps,
  operator: OperatorCaller,
  { realmId, letterId }: { realmId: string; letterId: string },
  reason: string,
  op: OperationId,
): Promise<void> {
  const audited = audit(deps, operator, op, { action: 'mail.withdraw', target: realmId, reason })
  await withdrawToAll(deps, realmId, letterId, audited, op)
}

function audit(
  { runtime }: AdminDeps,
  operator: OperatorCaller,
  op: OperationId,
  action: Omit<AuditAction, 'what'>,
): Audited {
  return (what) => auditWrite(runtime, operator, op, { ...action, what }).write
}
