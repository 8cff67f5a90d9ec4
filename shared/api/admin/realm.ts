// What stands in a realm: announcements and maintenance.
import * as z from 'zod'
import {
  announcementMaxMs,
  maintenanceAheadMaxMs,
  maintenanceMaxMs,
  maintenanceMinMs,
} from '../../limits.ts'
import { endpoint } from '../endpoint.ts'
import { announcement, maintenance } from '../live.ts'
import { contentId, done, realmId, uuid } from '../names.ts'
import { role } from '../role.ts'
import { read, reason, shownLine, write } from './naming.ts'

/** Seconds from now until it begins, and how long it lasts. */
const ahead = (maxMs: number) =>
  z
    .int()
    .min(0)
    .max(maxMs / 1000)
const lasting = (minMs: number, maxMs: number) =>
  z
    .int()
    .min(minMs / 1000)
    .max(maxMs / 1000)
const planned = maintenance
  .extend({
    least: role.meta({ description: 'The least role that may be in the realm meanwhile' }),
  })
  .meta({ id: 'PlannedMaintenance' })
const ofRealm = z.object({ realmId })
const thisRealm = { realmId: '$request.path.realmId' }

export const realmEndpoints = {
  announce: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/announce',
    summary: 'Show a line to everybody in the world, or in one zone, now',
    identity: 'operator',
    repeat: 'remembered',
    params: z.object({ realmId }),
    body: z.object({ text: shownLine, zone: contentId.optional(), reason }),
    answer: z.object({ hosts: z.int() }),
    errors: ['admin.zone_unknown'],
    limits: write,
  }),
  keepAnnouncement: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/announcements',
    summary: 'Keep an announcement for a time, with a countdown to its end if wanted',
    description:
      'Players read it with the status of the realm, whenever they come. Who is there when it begins at once is told.',
    identity: 'operator',
    repeat: 'remembered',
    params: ofRealm,
    body: z.object({
      text: shownLine,
      zone: contentId.optional(),
      inS: ahead(announcementMaxMs).default(0),
      forS: lasting(maintenanceMinMs, announcementMaxMs),
      countdown: z.boolean().default(false),
      reason,
    }),
    answer: announcement,
    status: 201,
    errors: ['admin.zone_unknown', 'admin.announcements_full'],
    limits: write,
    links: {
      withdraw: {
        to: 'admin.withdrawAnnouncement',
        params: { ...thisRealm, announcementId: '$response.body#/announcementId' },
      },
    },
  }),
  withdrawAnnouncement: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/announcements/{announcementId}/withdraw',
    summary: 'Take a kept announcement back',
    identity: 'operator',
    repeat: 'remembered',
    params: z.object({ realmId, announcementId: uuid }),
    body: z.object({ reason }),
    answer: done,
    errors: ['admin.announcement_unknown'],
    limits: write,
  }),
  maintenance: endpoint({
    method: 'GET',
    path: '/v1/admin/realms/{realmId}/maintenance',
    summary: 'The maintenance that is planned or under way',
    identity: 'support',
    params: ofRealm,
    answer: planned,
    errors: ['admin.maintenance_unknown'],
    limits: read,
  }),
  startMaintenance: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/maintenance',
    summary: 'Close the realm for a time, after a countdown',
    description:
      'From its beginning nobody comes in below the role `least`, and who is in is saved and let go with close code ' +
      '4019. Zone hosts keep running. It ends by itself.',
    identity: 'operator',
    repeat: 'remembered',
    params: ofRealm,
    body: z.object({
      inS: ahead(maintenanceAheadMaxMs),
      forS: lasting(maintenanceMinMs, maintenanceMaxMs),
      text: shownLine.optional(),
      least: role.default('operator'),
      reason,
    }),
    answer: planned,
    status: 201,
    errors: ['admin.maintenance_stands'],
    limits: write,
    links: {
      show: { to: 'admin.maintenance', params: thisRealm },
      extend: { to: 'admin.extendMaintenance', params: thisRealm },
      end: { to: 'admin.endMaintenance', params: thisRealm },
    },
  }),
  extendMaintenance: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/maintenance/extend',
    summary: 'Let the maintenance last longer',
    identity: 'operator',
    repeat: 'remembered',
    params: ofRealm,
    body: z.object({ forS: lasting(maintenanceMinMs, maintenanceMaxMs), reason }),
    answer: planned,
    errors: ['admin.maintenance_unknown', 'admin.maintenance_long'],
    limits: write,
  }),
  endMaintenance: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/maintenance/end',
    summary: 'Open the realm now, or give up a maintenance before it begins',
    identity: 'operator',
    repeat: 'remembered',
    params: ofRealm,
    body: z.object({ reason }),
    answer: done,
    errors: ['admin.maintenance_unknown'],
    limits: write,
  }),
}

export type PlannedMaintenance = z.infer<typeof planned>
