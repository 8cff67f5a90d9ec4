// The bulletin of a realm: a maintenance and the announcements that are kept. One small partition in `core`, which
// functions and hosts read every few seconds. Each row says by itself from when and until when it counts, so none of
// it needs a job that begins or ends it.
//   R#<realm>#BULLETIN  MAINTENANCE      at most one
//   R#<realm>#BULLETIN  ANNOUNCEMENT#<n> `n` below `announcementsMax`: a slot that is used again when its time is over
import * as z from 'zod'
import { announcement, maintenance } from '../api/live.ts'
import type { Announcement } from '../api/live.ts'
import { reaches, role } from '../api/role.ts'
import type { Role } from '../api/role.ts'
import { announcementsMax } from '../limits.ts'
import { readRow } from '../store/row.ts'
import type { Key, Store, Write } from '../store/store.ts'

/** `least`: the least role that may be in the realm meanwhile. */
const storedMaintenance = maintenance.extend({ least: role })

export type RealmMaintenance = z.infer<typeof storedMaintenance>

const storedAnnouncement = announcement.extend({ slot: z.int() })
export type KeptAnnouncement = z.infer<typeof storedAnnouncement>

/** `announcements`: those that are not over. */
export type Bulletin = {
  maintenance: RealmMaintenance | undefined
  announcements: KeptAnnouncement[]
}

const pkOf = (realmId: string) => `R#${realmId}#BULLETIN`
const maintenanceKey = (realmId: string): Key => ({ pk: pkOf(realmId), sk: 'MAINTENANCE' })
const slotPrefix = 'ANNOUNCEMENT#'
const slotKey = (realmId: string, slot: number): Key => ({
  pk: pkOf(realmId),
  sk: `${slotPrefix}${String(slot).padStart(2, '0')}`,
})

/** What is not over at `now`, read strongly. One trip. */
export async function readBulletin(store: Store, realmId: string, now: number): Promise<Bulletin> {
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': pkOf(realmId) },
    consistent: true,
  })
  const bulletin: Bulletin = { maintenance: undefined, announcements: [] }
  for (const item of page.items) {
    if (item.sk === 'MAINTENANCE') {
      const row = readRow(storedMaintenance, item)
      if (row.until > now) bulletin.maintenance = row
    } else if (item.sk.startsWith(slotPrefix)) {
      const row = readRow(storedAnnouncement, item)
      if (row.until > now) bulletin.announcements.push(row)
    }
  }
  bulletin.announcements.sort(
    (a, b) => a.from - b.from || (a.announcementId < b.announcementId ? -1 : 1),
  )
  return bulletin
}

/** Whether the realm is closed at `now` for somebody with this role. */
export function isClosed(
  planned: RealmMaintenance | undefined,
  now: number,
  has: Role | undefined,
): boolean {
  if (planned === undefined || now < planned.from || now >= planned.until) return false
  return !reaches(has, planned.least)
}

/** What players see of it. */
export function shownMaintenance(planned: RealmMaintenance | undefined) {
  if (planned === undefined) return {}
  const { from, until, text } = planned
  return { maintenance: { from, until, ...(text === undefined ? {} : { text }) } }
}

export function shownAnnouncement(kept: KeptAnnouncement): Announcement {
  const { announcementId, text, zone, from, until, countdownTo } = kept
  return {
    announcementId,
    text,
    ...(zone === undefined ? {} : { zone }),
    from,
    until,
    ...(countdownTo === undefined ? {} : { countdownTo }),
  }
}

/** Plans it in place of `seen`, which is over or is changed. Fails when the row is another one by now. */
export function planWrite(
  realmId: string,
  planned: RealmMaintenance,
  seen: RealmMaintenance | undefined,
  now: number,
): Write {
  const { text, ...rest } = planned
  const item = {
    ...maintenanceKey(realmId),
    v: 1,
    ...rest,
    ...(text === undefined ? {} : { text }),
  }
  return { put: { table: 'core', item, ...asSeen(seen?.until, now) } }
}

/** Ends it. Fails when the row is another one by now. */
export function unplanWrite(realmId: string, seen: RealmMaintenance, now: number): Write {
  return { delete: { table: 'core', key: maintenanceKey(realmId), ...asSeen(seen.until, now) } }
}

/** The first slot that no announcement has; undefined when there is none. */
export function freeSlot({ announcements }: Bulletin): number | undefined {
  const taken = new Set(announcements.map(({ slot }) => slot))
  return Array.from({ length: announcementsMax }, (_, slot) => slot).find((one) => !taken.has(one))
}

/** Fails when the slot is taken by now. */
export function announcementWrite(realmId: string, kept: KeptAnnouncement, now: number): Write {
  const { zone, countdownTo, ...rest } = kept
  const item = {
    ...slotKey(realmId, kept.slot),
    v: 1,
    ...rest,
    ...(zone === undefined ? {} : { zone }),
    ...(countdownTo === undefined ? {} : { countdownTo }),
  }
  return { put: { table: 'core', item, ...asSeen(undefined, now) } }
}

/** Fails when the slot has another one by now. */
export function withdrawWrite(realmId: string, { slot, announcementId }: KeptAnnouncement): Write {
  return {
    delete: {
      table: 'core',
      key: slotKey(realmId, slot),
      condition: 'announcementId = :id',
      values: { ':id': announcementId },
    },
  }
}

/** The row ends when it was seen to; or, seen as none, it is none or over. */
function asSeen(
  until: number | undefined,
  now: number,
): { condition: string; names: Record<string, string>; values: Record<string, number> } {
  const names = { '#until': 'until' }
  return until === undefined
    ? { condition: 'attribute_not_exists(pk) OR #until <= :now', names, values: { ':now': now } }
    : { condition: '#until = :until', names, values: { ':until': until } }
}
