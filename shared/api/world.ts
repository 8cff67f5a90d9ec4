import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { announcement, maintenance } from './live.ts'
import { contentId, moment, realmId, uuid } from './names.ts'

const admission = z
  .object({
    address: z.string().meta({ description: 'WebSocket address of the zone host' }),
    ticket: z
      .string()
      .meta({ description: 'One use, 30 s; goes into the first frame, never a URL' }),
    expiresAt: moment,
    zone: contentId,
    instance: z.string(),
    characterId: uuid,
    party: z
      .enum(['together', 'full', 'elsewhere'])
      .optional()
      .meta({
        description:
          'Where the others of your party are: in the same instance; in others of this zone that have no room; in ' +
          'other zones. Absent when none of them plays.',
      }),
  })
  .meta({ id: 'Admission' })

const zoneStatus = z.object({
  zone: contentId,
  name: z.string(),
  players: z.int(),
  capacity: z.int(),
  instances: z.int(),
})

const span = z.object({ startsAt: moment, endsAt: moment })

const scheduledEvent = z
  .object({
    eventId: contentId,
    name: z.string(),
    text: z.string(),
    zone: contentId.optional().meta({ description: 'Where; in all zones without it' }),
    announceMinutes: z.int(),
    now: span.optional().meta({ description: 'It is on' }),
    next: span.optional(),
  })
  .meta({ id: 'ScheduledEvent' })

export const world = domain({
  name: 'world',
  description: 'The way into the world',
  endpoints: {
    enter: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/enter',
      summary: 'Get an address and a one-use ticket for a zone',
      description:
        'Send it again at any time: the newest ticket counts, older ones are refused. Where the ' +
        'character goes follows from where it was.',
      identity: 'player',
      repeat: 'natural',
      params: z.object({ realmId }),
      body: z.object({
        characterId: uuid,
        protocol: z.int().min(1).max(255).meta({ description: 'Zone protocol the client speaks' }),
        observed: z
          .string()
          .max(1024)
          .optional()
          .meta({ description: 'The `observed` of the last play.session_active, as it came' }),
      }),
      answer: admission,
      errors: [
        'realm.unknown',
        'auth.session_revoked',
        'auth.banned',
        'character.not_found',
        'play.session_active',
        'play.version',
        'world.maintenance',
        'world.full',
        'world.busy',
      ],
      limits: [{ rate: 'enter.account', by: 'account' }],
    }),
    schedule: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/schedule',
      summary: 'What happens in the world now and next',
      description:
        'From the content: all realms of a game have the same. Times are those of the server.',
      identity: 'anyone',
      params: z.object({ realmId }),
      answer: z.object({ now: moment, events: z.array(scheduledEvent) }),
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    status: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/status',
      summary: 'The realm and its zones now',
      identity: 'anyone',
      params: z.object({ realmId }),
      answer: z.object({
        realmId,
        now: moment.meta({ description: 'For countdowns, where the clock of the client is off' }),
        state: z.enum(['open', 'maintenance']),
        maintenance: maintenance.optional().meta({ description: 'Planned or under way' }),
        announcements: z.array(announcement).meta({ description: 'Those that stand now' }),
        zones: z.array(zoneStatus),
      }),
      errors: ['realm.unknown'],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})

export type Admission = z.infer<typeof admission>
