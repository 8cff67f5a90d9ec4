import * as z from 'zod'
import {
  announcementMaxLength,
  announcementMaxMs,
  banMaxS,
  banMinS,
  letterKeptDays,
  maintenanceAheadMaxMs,
  maintenanceMaxMs,
  maintenanceMinMs,
  reasonMaxLength,
  reasonMinLength,
} from '../limits.ts'
import { domain, endpoint } from './endpoint.ts'
import { announcement, maintenance } from './live.ts'
import { writtenLetter } from './mail.ts'
import { paged } from './page.ts'
import { role, roles } from './role.ts'
import { characterName, contentId, done, moment, realmId, uuid } from './names.ts'

/**
 * Control and format characters, line and paragraph separators: they change a terminal or hide in a line.
 * They are written out, because the pattern stands in the OpenAPI document and some of its readers do not
 * know `\p{Cf}`. The pattern leaves out the format characters of rare scripts.
 */
const hidden =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
  `\\ufeff\\ufff9-\\ufffb${String.fromCodePoint(0xe0000)}-${String.fromCodePoint(0xe007f)}`

/** One line, without a blank at either end: it is read in terminals and shown to players. */
const line = z.string().regex(new RegExp(`^[^\\s${hidden}]([^${hidden}]*[^\\s${hidden}])?$`, 'u'))

export const reason = line.min(reasonMinLength).max(reasonMaxLength).meta({
  description: 'Why, for the audit. Players do not see it',
  example: 'Sold gold, ticket 4711',
})

const who = z
  .string()
  .min(1)
  .max(80)
  .meta({
    description:
      'As where something is changed; to look, a login name or the name of a character will do without ' +
      'its kind, as it is spelled',
    example: 'character:Mira Vale',
  })

const id = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

/** Names the player that a change is for. No such name can be read as another kind of name. */
export const named = z
  .string()
  .max(80)
  .regex(new RegExp(`^((account:|character:)?${id}|(login|character):[^${hidden}]+)$`, 'u'))
  .meta({
    description:
      'An id (of an account or a character), `account:` and an id, `login:` and a login name, or ' +
      '`character:` and the name of a character as it is spelled',
    example: 'character:Mira Vale',
  })

const roleOrPlayer = z.enum(['player', ...roles])

const ban = z
  .object({
    until: moment,
    forGood: z.boolean(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Ban' })

const playedCharacter = z
  .object({
    realmId,
    characterId: uuid,
    name: characterName,
    zone: z.string(),
    state: z.enum(['offline', 'reserved', 'active', 'moving']),
    host: z.string().meta({ description: 'Boot id of the host that has it; empty while offline' }),
    instance: z.string(),
    epoch: z.int(),
  })
  .meta({ id: 'PlayedCharacter' })

const playerAccount = z
  .object({
    accountId: uuid,
    guest: z.boolean(),
    role: roleOrPlayer,
    createdAt: moment,
    ban: ban.optional(),
    characters: z.array(playedCharacter),
  })
  .meta({ id: 'PlayerAccount' })

const meant = z
  .object({
    accountId: uuid,
    guest: z.boolean(),
    characters: z.array(z.object({ realmId, characterId: uuid, name: characterName })),
  })
  .meta({ id: 'MeantPlayer', description: 'Who was meant' })

const stillInPlay = z.array(z.object({ realmId, characterId: uuid, name: characterName })).meta({
  description:
    'Their host has not let go within 4 s: it is cut off, or paused. It has the command and applies it ' +
    'before anything else when it goes on. Ask `show` again.',
})

const fleetHost = z
  .object({
    name: z.string().meta({ description: 'In the fleet; empty when the fleet does not know it' }),
    bootId: z.string().meta({ description: 'Empty until the process has reported it' }),
    address: z.string(),
    state: z.enum(['starting', 'ready', 'allocated', 'shutdown', 'unhealthy', 'unknown']),
    lease: z.enum(['held', 'suspect', 'ended', 'none']).meta({
      description: 'What its lease row says; suspect: another host has seen that it is not renewed',
    }),
    clockOffMs: z.int().optional().meta({
      description:
        'How far the clock of the host is ahead of that of the functions, ms; negative: behind. There when it is more than a minute',
    }),
    instances: z.array(
      z.object({
        realmId,
        zone: contentId,
        instance: z.string(),
        state: z.enum(['ready', 'open', 'draining']),
        players: z.int(),
        capacity: z.int(),
      }),
    ),
  })
  .meta({ id: 'FleetHost' })

export const auditActions = [
  'kick',
  'ban',
  'unban',
  'role',
  'announce',
  'fleet.stop',
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

const shownLine = line.min(1).max(announcementMaxLength)
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

const player = z.object({ who })
const namedPlayer = z.object({ who: named })
const write = [{ rate: 'write.account', by: 'account' }] as const
const read = [{ rate: 'read.account', by: 'account' }] as const
const thisAccount = { who: '$response.body#/accountId' }
/** From an account to what an operator may do about it. */
const withAccount = {
  show: { to: 'admin.showPlayer', params: thisAccount },
  kick: { to: 'admin.kick', params: thisAccount },
  ban: { to: 'admin.ban', params: thisAccount },
  unban: { to: 'admin.unban', params: thisAccount },
  setRole: { to: 'admin.setRole', params: thisAccount },
} as const
const whoErrors = ['admin.player_unknown', 'admin.ambiguous'] as const
const overErrors = [...whoErrors, 'admin.outranked', 'admin.yourself'] as const
const banErrors = [...overErrors, 'admin.ban_too_long'] as const

export const admin = domain({
  name: 'admin',
  description:
    'For those with a role. What changes something needs a reason and leaves an audit entry',
  endpoints: {
    showPlayer: endpoint({
      method: 'GET',
      path: '/v1/admin/players/{who}',
      summary: 'An account, its ban and where its characters are',
      identity: 'support',
      params: player,
      answer: playerAccount,
      errors: whoErrors,
      limits: read,
      links: withAccount,
    }),
    kick: endpoint({
      method: 'POST',
      path: '/v1/admin/players/{who}/kick',
      summary: 'Take all characters of an account out of play',
      description: 'They are saved. The player may come in again at once.',
      identity: 'moderator',
      repeat: 'remembered',
      params: namedPlayer,
      body: z.object({ reason }),
      answer: z.object({ accountId: uuid, meant, kicked: z.int(), stillInPlay }),
      errors: overErrors,
      limits: write,
    }),
    ban: endpoint({
      method: 'POST',
      path: '/v1/admin/players/{who}/ban',
      summary: 'Ban an account, and take its characters out of play',
      description:
        'Takes the place of a ban that is there. A moderator gives, changes and lifts bans of up to 30 days, and of players without a role or with one below his.',
      identity: 'moderator',
      repeat: 'remembered',
      params: namedPlayer,
      body: z.object({
        reason,
        forS: z
          .int()
          .min(banMinS)
          .max(banMaxS)
          .optional()
          .meta({ description: 'Seconds; for good without it' }),
      }),
      answer: z.object({
        accountId: uuid,
        meant,
        until: moment,
        forGood: z.boolean(),
        stillInPlay,
      }),
      errors: banErrors,
      limits: write,
      links: withAccount,
    }),
    unban: endpoint({
      method: 'POST',
      path: '/v1/admin/players/{who}/unban',
      summary: 'Lift the ban of an account',
      identity: 'moderator',
      repeat: 'remembered',
      params: namedPlayer,
      body: z.object({ reason }),
      answer: z.object({ accountId: uuid, meant }),
      errors: banErrors,
      limits: write,
      links: withAccount,
    }),
    setRole: endpoint({
      method: 'PUT',
      path: '/v1/admin/players/{who}/role',
      summary: 'Give an account a role, or make it a player again',
      description:
        'The role counts from the next log-in or refresh on; what is taken away is gone at once. Nobody changes his own.',
      identity: 'operator',
      repeat: 'remembered',
      params: namedPlayer,
      body: z.object({ role: roleOrPlayer, reason }),
      answer: z.object({ accountId: uuid, meant, role: roleOrPlayer }),
      errors: overErrors,
      limits: write,
    }),
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
    sendMail: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/mail',
      summary: 'Send a letter from the game to a character',
      description: 'It has room of its own in the inbox.',
      identity: 'support',
      repeat: 'remembered',
      params: z.object({ realmId }),
      body: z.object({
        to: characterName.meta({ description: 'As it is spelled' }),
        ...writtenLetter,
        reason,
      }),
      answer: z.object({ letterId: uuid, characterId: uuid, until: moment }),
      status: 201,
      errors: ['mail.unknown', 'mail.text', 'mail.full'],
      limits: write,
    }),
    mailAll: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/mail-all',
      summary: 'Send a letter from the game to all characters of a realm',
      description: 'Characters that are made later do not get it.',
      identity: 'operator',
      repeat: 'remembered',
      params: z.object({ realmId }),
      body: z.object({
        ...writtenLetter,
        days: z
          .int()
          .min(1)
          .max(letterKeptDays)
          .optional()
          .meta({ description: `It is gone after so many; ${letterKeptDays} without it` }),
        reason,
      }),
      answer: z.object({ letterId: uuid, until: moment }),
      status: 201,
      errors: ['mail.text', 'mail.full'],
      limits: write,
      links: {
        withdraw: {
          to: 'admin.withdrawMail',
          params: { realmId: '$request.path.realmId', letterId: '$response.body#/letterId' },
        },
      },
    }),
    withdrawMail: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/mail-all/{letterId}/withdraw',
      summary: 'Take a letter to all back',
      description: 'Nobody sees it any more; who has read it has read it.',
      identity: 'operator',
      repeat: 'remembered',
      params: z.object({ realmId, letterId: uuid }),
      body: z.object({ reason }),
      answer: done,
      errors: ['mail.not_found'],
      limits: write,
    }),
    fleet: endpoint({
      method: 'GET',
      path: '/v1/admin/fleet',
      summary: 'Zone hosts, their leases, instances and players',
      identity: 'operator',
      answer: z.object({ hosts: z.array(fleetHost) }),
      errors: [],
      limits: read,
    }),
    stopHost: endpoint({
      method: 'POST',
      path: '/v1/admin/fleet/{name}/stop',
      summary: 'Drain a zone host: everybody is saved and let go, then the fleet replaces it',
      identity: 'operator',
      repeat: 'remembered',
      params: z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) }),
      body: z.object({ reason }),
      answer: done,
      errors: ['admin.host_unknown'],
      limits: write,
    }),
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
  },
})

export type PlayerAccount = z.infer<typeof playerAccount>
export type FleetView = z.infer<typeof fleetHost>
export type AuditEntry = z.infer<typeof auditEntry>
export type MeantPlayer = z.infer<typeof meant>
export type PlannedMaintenance = z.infer<typeof planned>
export type StillInPlay = z.infer<typeof stillInPlay>
