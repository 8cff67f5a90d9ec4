// Maintenance and announcements of a realm: rows of its bulletin (shared/live/bulletin.ts). Hosts and functions read
// them within seconds; the push makes it faster.
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type { Announcement, Maintenance } from '#shared/api/live.ts'
import type { Role } from '#shared/api/role.ts'
import {
  announcementWrite,
  freeSlot,
  planWrite,
  readBulletin,
  shownMaintenance,
  unplanWrite,
  withdrawWrite,
} from '#shared/live/bulletin.ts'
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import { maintenanceMaxMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Write } from '#shared/store/store.ts'
import { once } from '../http/once.ts'
import type { AdminDeps } from './admin.ts'
import { auditWrite } from './audit.ts'
import type { AuditAction } from './audit.ts'
import { stillMay } from './rights.ts'

type Reasoned = { reason: string }
type Planned = Maintenance & { least: Role }

/** Throws admin.maintenance_unknown. One trip. */
export async function showMaintenance(deps: AdminDeps, realmId: string): Promise<Planned> {
  return await standing(deps, realmId)
}

/** Throws admin.maintenance_stands, auth.forbidden, world.busy, operation.mismatch. */
export async function startMaintenance(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  request: Reasoned & { inS: number; forS: number; text?: string | undefined; least: Role },
  op: OperationId,
): Promise<Planned> {
  const { inS, forS, text, least, reason } = request
  return await plan(deps, operator, realmId, op, async (now) => {
    const { maintenance: seen } = await readBulletin(deps.store, realmId, now)
    if (seen !== undefined) throw new Problem('admin.maintenance_stands')
    const from = now + inS * 1000
    const shown = text === undefined ? {} : { text }
    const next = { from, until: from + forS * 1000, ...shown, least }
    return { action: 'maintenance.start', reason, seen, next }
  })
}

/** A later end. Throws admin.maintenance_unknown, admin.maintenance_long, auth.forbidden, world.busy. */
export async function extendMaintenance(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { forS, reason }: Reasoned & { forS: number },
  op: OperationId,
): Promise<Planned> {
  return await plan(deps, operator, realmId, op, async (now) => {
    const seen = await standing(deps, realmId)
    const next = { ...seen, until: seen.until + forS * 1000 }
    if (next.until - Math.max(now, next.from) > maintenanceMaxMs) {
      throw new Problem('admin.maintenance_long')
    }
    return { action: 'maintenance.extend', reason, seen, next }
  })
}

/** Also before it begins. Throws admin.maintenance_unknown, auth.forbidden, world.busy, operation.mismatch. */
export async function endMaintenance(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { reason }: Reasoned,
  op: OperationId,
): Promise<void> {
  await act(deps, operator, realmId, op, async (now) => {
    const seen = await standing(deps, realmId)
    const write = unplanWrite(realmId, seen, now)
    return { action: 'maintenance.end', what: spanOf(seen), reason, write, answer: {} }
  })
  deps.push.broadcast(realmId, {}, { kind: 'maintenance' })
}

/** Keeps an announcement. Throws admin.zone_unknown, admin.announcements_full, auth.forbidden, world.busy. */
export async function keepAnnouncement(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  request: Reasoned & {
    text: string
    zone?: string | undefined
    inS: number
    forS: number
    countdown: boolean
  },
  op: OperationId,
): Promise<Announcement> {
  const { text, zone, inS, forS, countdown, reason } = request
  if (zone !== undefined && !deps.content.zones.has(zone)) throw new Problem('admin.zone_unknown')
  const kept = await act(deps, operator, realmId, op, async (now) => {
    const slot = freeSlot(await readBulletin(deps.store, realmId, now))
    if (slot === undefined) throw new Problem('admin.announcements_full')
    const from = now + inS * 1000
    const until = from + forS * 1000
    const answer = {
      announcementId: newId(deps.runtime),
      text,
      from,
      until,
      ...(zone === undefined ? {} : { zone }),
      ...(countdown ? { countdownTo: until } : {}),
    }
    const write = announcementWrite(realmId, { ...answer, slot }, now)
    return { action: 'announcement.keep', what: text, reason, write, answer }
  })
  if (kept.from <= deps.runtime.now()) {
    const where = kept.zone === undefined ? {} : { zone: kept.zone }
    deps.push.broadcast(realmId, where, { kind: 'announce', text: kept.text })
  }
  return kept
}

/** Throws admin.announcement_unknown, auth.forbidden, world.busy, operation.mismatch. */
export async function withdrawAnnouncement(
  deps: AdminDeps,
  operator: OperatorCaller,
  { realmId, announcementId }: { realmId: string; announcementId: string },
  { reason }: Reasoned,
  op: OperationId,
): Promise<void> {
  await act(deps, operator, realmId, op, async (now) => {
    const { announcements } = await readBulletin(deps.store, realmId, now)
    const seen = announcements.find((one) => one.announcementId === announcementId)
    if (seen === undefined) throw new Problem('admin.announcement_unknown')
    const write = withdrawWrite(realmId, seen)
    return { action: 'announcement.withdraw', what: seen.text, reason, write, answer: {} }
  })
}

async function standing({ store, runtime }: AdminDeps, realmId: string): Promise<RealmMaintenance> {
  const { maintenance } = await readBulletin(store, realmId, runtime.now())
  if (maintenance === undefined) throw new Problem('admin.maintenance_unknown')
  const { from, until, text, least } = maintenance
  return { from, until, least, ...(text === undefined ? {} : { text }) }
}

/** A maintenance as it stands from now on, in place of the one that was seen. Everybody is told. */
async function plan(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  op: OperationId,
  look: (
    now: number,
  ) => Promise<
    Pick<AuditAction, 'action' | 'reason'> & { seen: Planned | undefined; next: Planned }
  >,
): Promise<Planned> {
  const planned = await act(deps, operator, realmId, op, async (now) => {
    const { seen, next, ...audited } = await look(now)
    const write = planWrite(realmId, next, seen, now)
    return { ...audited, what: spanOf(next), write, answer: next }
  })
  deps.push.broadcast(realmId, {}, { kind: 'maintenance', ...shownMaintenance(planned) })
  return planned
}

/** Makes happen once what `look` finds to write, with its audit entry, if the operator still may. */
async function act<T>(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  op: OperationId,
  look: (now: number) => Promise<Omit<AuditAction, 'target'> & { write: Write; answer: T }>,
): Promise<T> {
  return await once(deps, op, async () => {
    const { write, answer, ...audited } = await look(deps.runtime.now())
    const entry = auditWrite(deps.runtime, operator, op, { ...audited, target: realmId })
    return { steps: [{ write: entry.write }, ...stillMay(deps, operator), { write }], answer }
  })
}

/** ISO 8601 in UTC, for the audit. */
function spanOf({ from, until }: Maintenance): string {
  // oxlint-disable-next-line no-restricted-globals -- written as a date, not asked for the time
  const [begins, ends] = [new Date(from), new Date(until)]
  return `${begins.toISOString()} to ${ends.toISOString()}`
}
