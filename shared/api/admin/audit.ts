// What operators did.
import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { moment, uuid } from '../names.ts'
import { paged } from '../page.ts'
import { read } from './naming.ts'

export const auditActions = [
  'kick',
  'ban',
  'unban',
  'role',
  'announce',
  'fleet.stop',
  'instance.open',
  'instance.close',
  'player.move',
  'queue.cancel',
  'queue.forgive',
  'queue.close',
  'queue.open',
  'mail.send',
  'mail.all',
  'mail.withdraw',
  'maintenance.start',
  'maintenance.extend',
  'maintenance.end',
  'announcement.keep',
  'announcement.withdraw',
  'leaderboard.submit',
  'leaderboard.remove',
  'leaderboard.archive',
  'leaderboard.reset',
  'leaderboard.rebuild',
  'leaderboard.tidy',
  'mute',
  'unmute',
  'report.decide',
  'appeal.decide',
  'player.export',
  'player.erase',
  'player.erased',
  'player.rename',
  'player.restore',
] as const

const auditEntry = z
  .object({
    entryId: uuid,
    at: moment,
    operatorId: z
      .string()
      .meta({ description: 'An account, `cli:` and a name, or `timer`: what the clock does' }),
    action: z.enum(auditActions),
    target: z.string().meta({ description: 'The account, the host or the realm' }),
    what: z
      .string()
      .meta({ description: 'The particulars, with players by their ids; may be empty' }),
    reason: z.string(),
    operation: z.string().meta({ description: 'Hash of the Idempotency-Key' }),
  })
  .meta({ id: 'AuditEntry' })

export const auditEndpoints = {
  audit: endpoint({
    method: 'GET',
    path: '/v1/admin/audit',
    summary: 'What operators did, newest first',
    description:
      'An operator sees all; others see their own acts. A page may then hold few, or none: ask on while there is `next`.',
    identity: 'support',
    ...paged(auditEntry, { size: 50, max: 100 }),
    errors: [],
    limits: read,
    links: { next: { to: 'admin.audit', query: { after: '$response.body#/next' } } },
  }),
}

export type AuditEntry = z.infer<typeof auditEntry>
