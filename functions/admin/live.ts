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
  const planned = await once(deps, op, async () => {
    const now = deps.runtime.now()
    const { maintenance: seen } = await readBulletin(deps.store, realmId, now)
    if (seen !== undefined) throw new Problem('admin.maintenance_stands')
    const from = now + inS * 1000
    const shown = text === undefined ? {} : { text }
    const next = { from, until: from + forS * 1000, ...shown, least }
    const action = { action: 'maintenance.start', what: spanOf(next), reason } as const
    return {
      steps: [
        ...audited(deps, operator, op, realmId, action),
        { write: planWrite(realmId, next, undefined, now) },
      ],
      answer: next,
    }
  })
  tell(deps, realmId, planned)
  return planned
}

/** A later end. Throws admin.maintenance_unknown, admin.maintenance_long, auth.forbidden, world.busy. */
export async function extendMaintenance(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { forS, reason }: Reasoned & { forS: number },
  op: OperationId,
): Promise<Planned> {
  const planned = await once(deps, op, async () => {
    const now = deps.runtime.now()
    const seen = await standing(deps, realmId)
    const next = { ...seen, until: seen.until + forS * 1000 }
    if (next.until - Math.max(now, next.from) > maintenanceMaxMs) {
      throw new Problem('admin.maintenance_long')
    }
    const action = { action: 'maintenance.extend', what: spanOf(next), reason } as const
    return {
      steps: [
        ...audited(deps, operator, op, realmId, action),
        { write: planWrite(realmId, next, seen, now) },
      ],
      answer: next,
    }
  })
  tell(deps, realmId, planned)
  return planned
}

/** Also before it begins. Throws admin.maintenance_unknown, auth.forbidden, world.busy, operation.mismatch. */
export async function endMaintenance(
  deps: AdminDeps,
  operator: OperatorCaller,
  realmId: string,
  { reason }: Reasoned,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const seen = await standing(deps, realmId)
    const action = { action: 'maintenance.end', what: spanOf(seen), reason } as const
    return {
      steps: [
        ...audited(deps, operator, op, realmId, action),
        { write: unplanWrite(realmId, seen, deps.runtime.now()) },
      ],
      answer: {},
    }
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
  const kept = await once(deps, op, async () => {
    const now = deps.runtime.now()
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
    const action = { action: 'announcement.keep', what: text, reason } as const
    return {
      steps: [
        ...audited(deps, operator, op, realmId, action),
        { write: announcementWrite(realmId, { ...answer, slot }, now) },
      ],
      answer,
    }
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
  await once(deps, op, async () => {
    const { announcements } = await readBulletin(deps.store, realmId, deps.runtime.now())
    const seen = announcements.find((one) => one.announcementId === announcementId)
    if (seen === undefined) throw new Problem('admin.announcement_unknown')
    const action = { action: 'announcement.withdraw', what: seen.text, reason } as const
    return {
      steps: [
        ...audited(deps, operator, op, realmId, action),
        { write: withdrawWrite(realmId, seen) },
      ],
      answer: {},
    }
  })
}

async function standing({ store, runtime }: AdminDeps, realmId: string): Promise<RealmMaintenance> {
  const { maintenance } = await readBulletin(store, realmId, runtime.now())
  if (maintenance === undefined) throw new Problem('admin.maintenance_unknown')
  const { from, until, text, least } = maintenance
  return { from, until, least, ...(text === undefined ? {} : { text }) }
}

function tell({ push }: AdminDeps, realmId: string, planned: RealmMaintenance): void {
  push.broadcast(realmId, {}, { kind: 'maintenance', ...shownMaintenance(planned) })
}

function audited(
  deps: AdminDeps,
  operator: OperatorCaller,
  op: OperationId,
  realmId: string,
  action: Omit<AuditAction, 'target'>,
) {
  const { write } = auditWrite(deps.runtime, operator, op, { ...action, target: realmId })
  return [{ write }, ...stillMay(deps, operator)]
}

/** ISO 8601 in UTC, for the audit. */
function spanOf({ from, until }: Maintenance): string {
  // oxlint-disable-next-line no-restricted-globals -- written as a date, not asked for the time
  const [begins, ends] = [new Date(from), new Date(until)]
  return `${begins.toISOString()} to ${ends.toISOString()}`
}
