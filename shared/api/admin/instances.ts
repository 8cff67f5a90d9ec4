// Instances of zones, and which of them a player is in.
import * as z from 'zod'
import { endpoint } from '../endpoint.ts'
import { characterName, contentId, done, moment, realmId, uuid } from '../names.ts'
import { paged } from '../page.ts'
import { named, read, reason, whoErrors, write } from './naming.ts'

const instanceId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)
  .meta({ description: 'Its id in its host', example: 'hub-1' })
const bootId = uuid.meta({ description: 'Boot id of its host' })

const zoneInstance = z
  .object({
    zone: contentId,
    bootId,
    instance: z.string(),
    host: z
      .string()
      .meta({ description: 'Name of its host in the fleet; empty when it knows none' }),
    address: z.string(),
    state: z.enum(['ready', 'open', 'draining']).meta({
      description: 'ready: not allocated yet; draining: it takes nobody in, and ends',
    }),
    lease: z.enum(['held', 'suspect', 'ended', 'none']).meta({
      description: 'What the lease row of its host says',
    }),
    players: z.int().meta({ description: 'Who plays there, as its host counts' }),
    places: z.int().meta({ description: 'That are taken: by players, and by who is on his way' }),
    capacity: z.int(),
    protocol: z.int(),
    content: z.string().meta({ description: 'Version of the content of its host' }),
    since: moment.meta({ description: 'When its host began; a private one, when it was opened' }),
    seenAt: moment.meta({
      description: 'When its host last wrote its card, by the clock of the host',
    }),
    private: z
      .object({
        members: z.array(z.object({ characterId: uuid, name: characterName })),
        endsAt: moment.meta({ description: 'Who is in then is put outside' }),
      })
      .optional()
      .meta({ description: 'Absent for one of all' }),
  })
  .meta({ id: 'ZoneInstance' })

const occupant = z.object({
  playerId: uuid,
  characterId: uuid,
  name: characterName,
  state: z.enum(['in', 'coming', 'gone']).meta({
    description:
      'coming: has a ticket; gone: has left or never came, and the place is free within half a minute',
  }),
})

const occupants = paged(occupant, { size: 50, max: 100 })
const ofOne = z.object({ realmId, bootId, instance: instanceId })

export const instanceEndpoints = {
  instances: endpoint({
    method: 'GET',
    path: '/v1/admin/realms/{realmId}/instances',
    summary: 'Instances of a realm, by zone and host',
    identity: 'support',
    params: z.object({ realmId }),
    ...withZone(paged(zoneInstance, { size: 50, max: 100 })),
    errors: ['admin.zone_unknown'],
    limits: read,
    links: {
      next: {
        to: 'admin.instances',
        params: { realmId: '$request.path.realmId' },
        query: { after: '$response.body#/next' },
      },
    },
  }),
  instance: endpoint({
    method: 'GET',
    path: '/v1/admin/realms/{realmId}/instances/{bootId}/{instance}',
    summary: 'An instance, and who is in it',
    identity: 'support',
    params: ofOne,
    ...occupants,
    answer: occupants.answer.extend({ instance: zoneInstance }),
    errors: ['admin.instance_unknown'],
    limits: read,
  }),
  openInstance: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/instances',
    summary: 'Open one more host of a zone, before players need it',
    description: 'The fleet gives one that is Ready. The same request never opens a second one.',
    identity: 'operator',
    repeat: 'remembered',
    params: z.object({ realmId }),
    body: z.object({ zone: contentId, reason }),
    answer: z.object({
      host: z.string(),
      bootId,
      instance: z.string().optional().meta({
        description: 'Absent: its host had not opened it after 4 s; see the list',
      }),
    }),
    errors: ['admin.zone_unknown', 'admin.zone_private', 'world.full'],
    limits: write,
  }),
  closeInstance: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/instances/{bootId}/{instance}/close',
    summary: 'Close one instance; the others of its host go on',
    description:
      'Nobody is sent there any more. Its players are saved and their clients enter again, where the zone has room. ' +
      'Those of a private one come back to where they were outside. A host without any instance left ends, and the ' +
      'fleet replaces it.',
    identity: 'operator',
    repeat: 'remembered',
    params: ofOne,
    body: z.object({ reason }),
    answer: done,
    errors: ['admin.instance_unknown'],
    limits: write,
  }),
  movePlayer: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/players/{who}/move',
    summary: 'Send a player to another instance',
    description:
      'His character is saved; his client enters again by itself, and comes there if there is room at that moment. ' +
      'Else he goes on in his own zone.',
    identity: 'moderator',
    repeat: 'remembered',
    params: z.object({ realmId, who: named }),
    body: z.object({
      to: z
        .discriminatedUnion('kind', [
          z.object({ kind: z.literal('other') }),
          z.object({ kind: z.literal('instance'), bootId, instance: instanceId }),
          z.object({ kind: z.literal('player'), who: named }),
        ])
        .default({ kind: 'other' })
        .meta({ description: 'Another instance of his zone; a named one; or the one of a player' }),
      reason,
    }),
    answer: z.object({
      accountId: uuid,
      characterId: uuid,
      name: characterName,
      to: z.object({ zone: contentId, bootId, instance: z.string() }),
      left: z.boolean().meta({
        description: 'False: his host has not let go within 4 s. It has the command',
      }),
    }),
    errors: [
      ...whoErrors,
      'admin.outranked',
      'admin.not_in_play',
      'admin.instance_unknown',
      'admin.instance_closed',
      'admin.already_there',
      'world.full',
    ],
    limits: write,
  }),
}

/** Pages of one zone, if one is named. */
function withZone<P extends { query: z.ZodObject }>(pages: P) {
  return { ...pages, query: pages.query.extend({ zone: contentId.optional() }) }
}

export type ZoneInstanceView = z.infer<typeof zoneInstance>
export type OccupantView = z.infer<typeof occupant>
export type MoveTo = z.infer<(typeof instanceEndpoints)['movePlayer']['body']>['to']
