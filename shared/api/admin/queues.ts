// Queues, as operators see and hold them. The routes are those of the domain `matchmaking`.
import * as z from 'zod'
import { queueClosedMaxMs, queueClosedMinMs } from '../../limits.ts'
import { endpoint } from '../endpoint.ts'
import { characterName, contentId, done, moment, realmId, uuid } from '../names.ts'
import { paged } from '../page.ts'
import { named, read, reason, shownLine, whoErrors, write } from './naming.ts'

const closed = z
  .object({ text: z.string(), until: moment })
  .meta({ id: 'ClosedQueue', description: 'Nobody may queue until then' })

const queueState = z
  .object({
    queueId: contentId,
    title: z.string(),
    zone: contentId,
    tickets: z.int().meta({ description: 'That wait' }),
    players: z.int().meta({ description: 'In them' }),
    waitsSince: moment.optional().meta({ description: 'Since when the oldest of them waits' }),
    asked: z.int().meta({ description: 'Matches whose players are asked to accept' }),
    opening: z.int().meta({ description: 'Accepted matches whose instance is not open yet' }),
    atLeast: z.boolean().meta({ description: 'Not all was read: the counts are lower bounds' }),
    matcher: z.object({ process: z.string(), until: moment }).optional().meta({
      description: 'The process that matches it, and until when that said so; absent: none does',
    }),
    closed: closed.optional(),
  })
  .meta({ id: 'QueueState' })

const queuedTicket = z
  .object({
    ticketId: uuid,
    queueId: contentId,
    state: z.enum(['waits', 'matched', 'cancelled', 'timedOut', 'declined']),
    createdAt: moment,
    until: moment.meta({ description: 'Then it is given up' }),
    matchId: uuid.optional(),
    players: z.array(
      z.object({
        playerId: uuid,
        characterId: uuid,
        name: characterName,
        choices: z.record(z.string(), z.string()),
      }),
    ),
  })
  .meta({ id: 'QueuedTicket' })

const queuedMatch = z
  .object({
    matchId: uuid,
    state: z.enum(['asks', 'ready', 'open', 'failed']),
    until: moment.meta({ description: 'Until when all have to accept' }),
    members: z.array(
      z.object({
        playerId: uuid,
        characterId: uuid,
        name: characterName,
        team: z.string(),
        accepted: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'QueuedMatch' })

const ofRealm = z.object({ realmId })
const ofQueue = z.object({ realmId, queueId: contentId })
const ofPlayer = z.object({ realmId, who: named })

/** `why`: the schema of why a ticket waits (shared/api/matchmaking.ts). */
export const queueEndpoints = <W extends z.ZodType>(why: W) => ({
  queueStates: endpoint({
    method: 'GET',
    path: '/v1/admin/realms/{realmId}/queues',
    summary: 'The queues of a realm: who waits, since when, and whether they are matched',
    identity: 'support',
    params: ofRealm,
    answer: z.object({ queues: z.array(queueState) }),
    errors: [],
    limits: read,
  }),
  queueTickets: endpoint({
    method: 'GET',
    path: '/v1/admin/realms/{realmId}/queues/{queueId}/tickets',
    summary: 'The tickets of a queue that wait, the oldest first',
    description: 'A page may hold few, or none: ask on while there is `next`.',
    identity: 'support',
    params: ofQueue,
    ...paged(queuedTicket, { size: 50, max: 100 }),
    errors: ['queue.unknown'],
    limits: read,
  }),
  queuedPlayer: endpoint({
    method: 'GET',
    path: '/v1/admin/realms/{realmId}/players/{who}/queue',
    summary: 'The ticket of a player, why it waits, his match, and his penalty',
    description: 'Empty: he was in no queue lately. `why` takes up to 3 s, and Redis.',
    identity: 'support',
    params: ofPlayer,
    answer: z.object({
      accountId: uuid,
      ticket: queuedTicket.extend({ why: why.optional() }).optional(),
      match: queuedMatch.optional(),
      penaltyUntil: moment.optional(),
    }),
    errors: whoErrors,
    limits: read,
  }),
  cancelTicket: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/queues/{queueId}/tickets/{ticketId}/cancel',
    summary: 'Take a ticket out of its queue',
    description: 'Its players are told, without the reason. One in a match ends with the match.',
    identity: 'moderator',
    repeat: 'remembered',
    params: ofQueue.extend({ ticketId: uuid }),
    body: z.object({ reason }),
    answer: done,
    errors: ['queue.unknown', 'admin.ticket_over'],
    limits: write,
  }),
  forgive: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/players/{who}/queue/forgive',
    summary: 'Let a player queue who declined a match',
    identity: 'moderator',
    repeat: 'remembered',
    params: ofPlayer,
    body: z.object({ reason }),
    answer: z.object({ accountId: uuid }),
    errors: [...whoErrors, 'admin.no_penalty'],
    limits: write,
  }),
  closeQueue: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/queues/{queueId}/close',
    summary: 'Close a queue for a time',
    description:
      'Who queues is refused with `queue.closed` and the text; who waits is told it, and is out within seconds. Matches ' +
      'that were made go on. Close it again for another time or text. It opens by itself.',
    identity: 'operator',
    repeat: 'remembered',
    params: ofQueue,
    body: z.object({
      text: shownLine,
      forS: z
        .int()
        .min(queueClosedMinMs / 1000)
        .max(queueClosedMaxMs / 1000),
      reason,
    }),
    answer: closed,
    errors: ['queue.unknown'],
    limits: write,
  }),
  openQueue: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/queues/{queueId}/open',
    summary: 'Open a closed queue now',
    identity: 'operator',
    repeat: 'remembered',
    params: ofQueue,
    body: z.object({ reason }),
    answer: done,
    errors: ['queue.unknown', 'admin.queue_open'],
    limits: write,
  }),
})

export type ClosedQueue = z.infer<typeof closed>
export type QueueStateView = z.infer<typeof queueState>
export type QueuedTicketView = z.infer<typeof queuedTicket>
export type QueuedMatchView = z.infer<typeof queuedMatch>
