import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { announcement, maintenance } from './live.ts'
import { contentId, languageTag, moment, realmId, regionTag, uuid } from './names.ts'

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
      .enum(['together', 'full', 'version', 'elsewhere'])
      .optional()
      .meta({
        description:
          'Where the others of your party are: in the same instance; in others of this zone that have no room, or that ' +
          'do not speak the version of your client; in other zones. Absent when none of them plays.',
      }),
    friend: z.enum(['together', 'full', 'version', 'elsewhere', 'unseen']).optional().meta({
      description:
        'The same of the friend of your wish. `unseen`: no friend of yours is seen to play by that id.',
    }),
  })
  .meta({ id: 'Admission' })

const loginPlace = z
  .object({
    position: z.int().meta({ description: 'Your turn is that one from now: 1 is next' }),
    of: z.int().meta({ description: 'How many wait' }),
    seconds: z
      .int()
      .optional()
      .meta({ description: 'About so long; absent while too little is known' }),
    askAgainS: z.int().meta({ description: 'Ask again after so many seconds' }),
    ticket: z.string().meta({ description: 'For asking again; it admits nobody' }),
  })
  .meta({ id: 'LoginPlace' })

const waits = z
  .object({ waiting: loginPlace })
  .meta({ id: 'Waits', description: 'The realm is full: your place in its login queue' })
const wish = z
  .object({
    friend: uuid.optional().meta({ description: 'The `playerId` of a friend to come to' }),
    region: regionTag.optional(),
    language: languageTag.optional().meta({ description: 'As in `de` or `pt-br`' }),
  })
  .meta({
    id: 'Wish',
    description:
      'Among the instances of the zone: the one of that friend, while it has room; else one of that region and language, ' +
      'while one is below its target. Your party comes before.',
  })

const privateInstance = z
  .object({
    instanceId: uuid,
    zone: contentId,
    difficulty: contentId.optional().meta({ description: 'Where its zone has several' }),
    members: z.array(uuid).meta({ description: 'Character ids; nobody else comes in' }),
    openedAt: moment,
  })
  .meta({ id: 'PrivateInstance' })

const as = uuid.meta({ description: 'Your character' })

const zoneStatus = z.object({
  zone: contentId,
  name: z.string(),
  players: z.int(),
  capacity: z.int(),
  instances: z.int(),
  membersMax: z
    .int()
    .optional()
    .meta({ description: 'Of a private zone: an instance is for a party of at most so many' }),
  difficulties: z
    .array(z.object({ id: contentId, name: z.string() }))
    .optional()
    .meta({ description: 'Of a private zone: what can be chosen, the default first' }),
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
        'character goes follows from where it was. Of a realm that is full the answer is `waiting`: your place in its ' +
        'login queue, which your account keeps. Ask there (`loginQueue`) until it is your turn, then enter.',
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
        instance: z
          .union([uuid, z.literal('outside')])
          .optional()
          .meta({
            description:
              'The private instance to go to, whose member the character is; `outside`: out of the one that it is in. ' +
              'Without it a character that was in one comes back there while it lasts, and then to where it came from',
          }),
        wish: wish.optional(),
      }),
      answer: z.union([admission, waits]),
      errors: [
        'realm.unknown',
        'auth.session_revoked',
        'auth.banned',
        'character.not_found',
        'play.session_active',
        'play.version',
        'instance.unknown',
        'world.maintenance',
        'world.full',
        'world.busy',
      ],
      limits: [{ rate: 'enter.account', by: 'account' }],
    }),
    loginQueue: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/login-queue',
      summary: 'Where you stand in the login queue',
      description:
        'Ask again after `askAgainS`. When it is your turn, enter within a minute. A lost ticket is no harm: `enter` ' +
        'says the place of your account.',
      identity: 'player',
      repeat: 'natural',
      params: z.object({ realmId }),
      body: z.object({
        ticket: z.string().max(1024).meta({ description: 'The last that you were given' }),
      }),
      answer: z.object({ yourTurn: z.boolean(), waiting: loginPlace.optional() }),
      errors: ['realm.unknown', 'login_queue.over', 'world.maintenance'],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
    leaveLoginQueue: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/login-queue',
      summary: 'Give your place in the login queue up',
      identity: 'player',
      repeat: 'natural',
      params: z.object({ realmId }),
      answer: z.object({}),
      errors: ['realm.unknown'],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    open: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/instances',
      summary: 'Open an instance of a private zone for your party',
      description:
        'The leader opens it for all members of his party as it is now; who is in no party, for himself. The others ' +
        'are told (`instance.opened`). Members come in by `enter`, until it ends: a minute after the last one has left, ' +
        'or after the time that the content sets. A member of two is a member of the later one.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId }),
      body: z.object({
        as,
        zone: contentId,
        difficulty: contentId
          .optional()
          .meta({ description: 'Of those that the zone has; its first by default' }),
        running: z
          .boolean()
          .default(false)
          .meta({
            description:
              'The instance of that zone and difficulty that is open for your character will do, whoever opened it: so ' +
              'a gate leads everybody to the same one',
          }),
      }),
      answer: z.object({ instance: privateInstance }),
      errors: [
        'realm.unknown',
        'character.not_found',
        'instance.unknown',
        'instance.too_many',
        'party.not_leader',
        'world.full',
        'world.busy',
      ],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    instance: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/instance',
      summary: 'The private instance that your character may enter now',
      identity: 'player',
      params: z.object({ realmId }),
      query: z.object({ as }),
      answer: z.object({ instance: privateInstance.optional() }),
      errors: ['realm.unknown', 'character.not_found'],
      limits: [{ rate: 'read.account', by: 'account' }],
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
        loginQueue: z
          .object({
            playersMax: z.int(),
            waiting: z.int(),
            seconds: z
              .int()
              .optional()
              .meta({ description: 'About so long waits who comes now; absent when nobody waits' }),
          })
          .optional()
          .meta({ description: 'Of a realm that may have only so many players' }),
      }),
      errors: ['realm.unknown'],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})

export type Admission = z.infer<typeof admission>
/** A place in the login queue of a realm that is full. */
export type LoginPlace = z.infer<typeof loginPlace>
/** What `enter` answers. */
export type Entered = Admission | { waiting: LoginPlace }
export type Wish = z.infer<typeof wish>
export type PrivateView = z.infer<typeof privateInstance>
