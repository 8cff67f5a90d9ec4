// Queues: players and parties wait for others to play with, accept a match, and play it in an instance of their own.
import * as z from 'zod'
import { matchMembersMax, snsBodyMaxBytes } from '../limits.ts'
import { queueEndpoints } from './admin/queues.ts'
import { snsMessage } from './sns.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, contentId, moment, realmId, uuid } from './names.ts'

const as = uuid.meta({ description: 'Your character' })
const params = z.object({ realmId })
const write = [{ rate: 'write.account', by: 'account' }] as const
const read = [{ rate: 'read.account', by: 'account' }] as const

const attribute = z.string().min(1).max(32)

const queue = z
  .object({
    queueId: contentId,
    title: z.string(),
    zone: contentId.meta({ description: 'In instances of it its matches are played' }),
    partyMax: z.int().meta({ description: 'A larger party fits no team' }),
    players: z.object({ least: z.int(), most: z.int() }).meta({ description: 'Of a match' }),
    choices: z
      .record(attribute, z.array(attribute))
      .meta({ description: 'What each player chooses for himself, by attribute' }),
    acceptSeconds: z
      .int()
      .optional()
      .meta({ description: 'All have to accept a match in this time. Absent: nobody is asked' }),
    timeoutSeconds: z.int().meta({ description: 'A ticket is given up after so long' }),
    rating: contentId.optional().meta({ description: 'Its results change this rating' }),
  })
  .meta({ id: 'Queue' })

export const whyView = z
  .object({
    at: moment.meta({ description: 'As of then: a second or two ago' }),
    position: z.int().meta({ description: 'It is the n-th of those that wait for the same' }),
    waitsFor: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('players'), players: z.int() }),
        z.object({ kind: z.literal('rule'), rule: z.string() }),
        z.object({ kind: z.literal('pass') }),
      ])
      .meta({
        description:
          'So many more players who fit; or the rule that keeps most others out; or the next look, within a second',
      }),
    fits: z.array(z.object({ afterSeconds: z.number(), tickets: z.int(), players: z.int() })).meta({
      description: 'How many others fit now, and after each time at which the rules relax',
    }),
    needs: z.int().meta({ description: 'Players whom a match needs at least beside these' }),
    atLeast: z
      .boolean()
      .meta({ description: 'Not all were looked at: the counts are lower bounds' }),
    lastWaitsMs: z
      .object({ median: z.number(), most: z.number() })
      .optional()
      .meta({ description: 'How long the tickets that were matched last have waited' }),
  })
  .meta({ id: 'WhyWaiting' })

const ticket = z
  .object({
    ticketId: uuid,
    queueId: contentId,
    createdAt: moment,
    until: moment.meta({ description: 'Then it is given up' }),
    players: z.array(z.object({ characterId: uuid, name: characterName })),
    why: whyView.optional().meta({
      description: 'Absent for the first second or two, while it is in a match, and without Redis',
    }),
  })
  .meta({ id: 'QueueTicket' })

const match = z
  .object({
    matchId: uuid,
    state: z.enum(['asks', 'opens']).meta({
      description:
        '`asks`: not all have accepted. `opens`: its instance opens; `GET …/instance` has it then, by the same id',
    }),
    until: moment.meta({ description: 'Until when all have to accept' }),
    accepted: z.int(),
    members: z.int().max(matchMembersMax),
    mine: z.boolean().meta({ description: 'You have accepted' }),
  })
  .meta({ id: 'Match' })

const rating = z
  .object({
    rating: contentId,
    points: z.int(),
    matches: z.int().meta({ description: 'Results that have counted' }),
    last: z
      .object({ matchId: uuid, place: z.int(), before: z.int(), at: moment })
      .meta({ description: 'The latest result: your place, and your points before it' }),
  })
  .meta({ id: 'Rating' })

const standing = z.object({
  ticket: ticket.optional(),
  match: match.optional(),
  penaltyUntil: moment
    .optional()
    .meta({ description: 'You declined a match, or did not answer: you may queue again then' }),
})

export const matchmaking = domain({
  name: 'matchmaking',
  description: 'Queues for groups',
  endpoints: {
    ...queueEndpoints(whyView),
    queues: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/queues',
      summary: 'What one can queue for',
      identity: 'anyone',
      params,
      answer: z.object({ queues: z.array(queue) }),
      errors: ['realm.unknown'],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    join: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/queues/{queueId}/tickets',
      summary: 'Queue, for your party or for yourself',
      description:
        'The leader queues for all members of his party as it is now. A player is in one queue at most, with whatever ' +
        'character.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, queueId: contentId }),
      body: z.object({
        as,
        choices: z
          .record(uuid, z.record(attribute, attribute))
          .default({})
          .meta({ description: 'What each member chooses, by character id and attribute' }),
      }),
      answer: z.object({ ticketId: uuid }),
      errors: [
        'character.not_found',
        'party.not_leader',
        'queue.unknown',
        'queue.closed',
        'queue.choice',
        'queue.too_many',
        'queue.unfit',
        'queue.waiting',
        'queue.penalty',
      ],
      limits: write,
    }),
    standing: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/queue',
      summary: 'Your ticket, why it waits, and the match that you are asked to accept',
      description:
        'Ask after each connection, and each second or two while you wait. Empty: you are in no queue; then ' +
        '`GET …/instance` says whether a match is open for you.',
      identity: 'player',
      params,
      query: z.object({ as }),
      answer: standing,
      errors: ['character.not_found'],
      limits: read,
    }),
    ratings: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/ratings',
      summary: 'Your ratings, by the matches that you have played',
      description: 'Without an entry for a rating you have its first points.',
      identity: 'player',
      params,
      query: z.object({ as }),
      answer: z.object({
        first: z.int().meta({ description: 'Points of who has played nothing' }),
        ratings: z.array(rating),
      }),
      errors: ['character.not_found'],
      limits: read,
    }),
    leave: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/queue',
      summary: 'Leave the queue, with all who are in your ticket',
      identity: 'player',
      repeat: 'remembered',
      params,
      query: z.object({ as }),
      answer: z.object({}),
      errors: ['character.not_found', 'queue.none', 'match.found'],
      limits: write,
    }),
    answer: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/matches/{matchId}/answer',
      summary: 'Accept or decline a match',
      description:
        'When all have accepted, its instance opens. When one declines or does not answer, his ticket is over and he ' +
        'may not queue for a minute; all others wait on, as long as they have waited.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, matchId: uuid }),
      body: z.object({ as, accept: z.boolean() }),
      answer: z.object({ state: z.enum(['asks', 'opens', 'declined']) }),
      errors: ['character.not_found', 'match.over'],
      limits: write,
    }),
    report: endpoint({
      method: 'POST',
      path: '/internal/v1/realms/{realmId}/flexmatch',
      summary: 'What FlexMatch tells of tickets',
      description:
        'A subscription of the SNS topic of its events. Each message is signed by SNS; what is no message of this topic ' +
        'is refused. The same message may come again.',
      identity: 'anyone',
      repeat: 'natural',
      params,
      body: snsMessage,
      bodyFrom: { mediaType: 'text/plain', maxBytes: snsBodyMaxBytes },
      answer: z.object({}),
      errors: ['route.not_found', 'sns.signature', 'sns.unavailable'],
      // The address is that of SNS, for all messages. What is not of the topic costs nothing.
      limits: [],
    }),
  },
})

export type StandingView = z.infer<typeof standing>
export type WhyView = z.infer<typeof whyView>
