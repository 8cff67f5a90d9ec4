// The actions of operators: one row each, in `core`, written in the transaction of the action or before it.
//   AUDIT  <id>   a UUIDv7, so that the order of keys is the order of time
// One partition: operators act some times an hour, and a reader wants the newest actions of all.
// `target` and `what` name players and characters by their ids: entries stay when a player's data is erased.
import * as z from 'zod'
import { auditActions } from '#shared/api/admin/audit.ts'
import type { AuditEntry } from '#shared/api/admin/audit.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type { PageQuery } from '#shared/api/page.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store, Write } from '#shared/store/store.ts'
import { readPage } from '../http/page.ts'
import type { List } from '../http/page.ts'

const pk = 'AUDIT'

const auditRow = z.object({
  entryId: z.string(),
  at: z.int(),
  operatorId: z.string(),
  action: z.enum(auditActions),
  target: z.string(),
  what: z.string(),
  reason: z.string(),
  operation: z.string(),
})

export type AuditAction = Pick<AuditEntry, 'action' | 'target' | 'what' | 'reason'>

/** The row of an action, and its id. */
export function auditWrite(
  runtime: Runtime,
  operator: OperatorCaller,
  op: OperationId,
  action: AuditAction,
): { write: Write; entryId: string } {
  const entryId = newId(runtime)
  const entry: AuditEntry = {
    entryId,
    at: runtime.now(),
    operatorId: operator.operatorId,
    operation: op.hash,
    ...action,
  }
  const item = { pk, sk: entryId, v: 1, ...entry }
  return {
    write: { put: { table: 'core', condition: 'attribute_not_exists(pk)', item } },
    entryId,
  }
}

const list: List<typeof auditRow> = {
  name: 'admin.audit',
  query: { table: 'core', keyCondition: 'pk = :pk', values: { ':pk': pk }, descending: true },
  row: auditRow,
  positionOf: ({ at, entryId }) => ({ at, id: entryId }),
  keyAt: ({ id }) => ({ pk, sk: id }),
}

/** Newest first; who is no operator sees his own entries alone. One trip. Throws request.cursor. */
export async function readAudit(
  store: Store,
  { role, operatorId }: OperatorCaller,
  page: PageQuery,
): Promise<{ entries: AuditEntry[]; next?: string }> {
  const { entries, ...more } = await readPage(store, list, page)
  if (role === 'operator') return { entries, ...more }
  return { entries: entries.filter((entry) => entry.operatorId === operatorId), ...more }
}
