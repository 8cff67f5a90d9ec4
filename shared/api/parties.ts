// Parties: a few characters who play together. They live in the store, so they outlive any server.
import * as z from 'zod'
import { partyInvitesMax, partyMembersMax } from '../limits.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, done, moment, realmId, uuid } from './names.ts'

const party = z
  .object({
    partyId: uuid,
    leader: uuid.meta({ description: 'The character that leads' }),
    members: z
      .array(
        z.object({
          characterId: uuid,
          name: characterName,
          ready: z
            .enum(['asked', 'ready', 'notReady'])
            .optional()
            .meta({ description: 'While the leader asks whether all are ready' }),
        }),
      )
      .max(partyMembersMax)
      .meta({ description: 'In the order in which they came' }),
    invited: z.array(z.object({ name: characterName, until: moment })).max(partyInvitesMax),
  })
  .meta({ id: 'Party' })

const invite = z
  .object({ partyId: uuid, name: characterName, until: moment })
  .meta({ id: 'PartyInvite', description: '`name`: of who has invited you' })

const as = uuid.meta({ description: 'Your character' })
const inRealm = z.object({ realmId })
const ofParty = z.object({ realmId, partyId: uuid })
const now = z.object({ party: party.optional().meta({ description: 'As it is after this' }) })
const write = [{ rate: 'write.account', by: 'account' }] as const
const notMine = ['character.not_found', 'party.not_found'] as const

export const parties = domain({
  name: 'parties',
  description: 'A few characters who play together',
  endpoints: {
    mine: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/party',
      summary: 'The party of your character, and its invites',
      identity: 'player',
      params: inRealm,
      query: z.object({ as }),
      answer: z.object({ party: party.optional(), invites: z.array(invite) }),
      errors: ['character.not_found'],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
    invite: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/invites',
      summary: 'Invite a character',
      description:
        'If you are in no party, it founds one that you lead. An invite is good for two minutes. Who has blocked ' +
        'you, or whom you have blocked, is `friend.unknown`.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as, name: characterName }),
      answer: now,
      errors: [
        'character.not_found',
        'friend.unknown',
        'party.self',
        'party.already',
        'party.not_leader',
        'party.full',
        'party.limit',
      ],
      limits: write,
    }),
    accept: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/invites/{partyId}/accept',
      summary: 'Accept an invite',
      identity: 'player',
      repeat: 'remembered',
      params: ofParty,
      body: z.object({ as }),
      answer: now,
      errors: [
        'character.not_found',
        'friend.unknown',
        'party.not_invited',
        'party.already',
        'party.full',
      ],
      limits: write,
    }),
    decline: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/invites/{partyId}/decline',
      summary: 'Decline an invite',
      identity: 'player',
      repeat: 'remembered',
      params: ofParty,
      body: z.object({ as }),
      answer: done,
      errors: ['character.not_found', 'party.not_invited'],
      limits: write,
    }),
    leave: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/leave',
      summary: 'Leave your party',
      description:
        'When the leader leaves, the member who has been there the longest leads on. Without members it ends.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as }),
      answer: done,
      errors: notMine,
      limits: write,
    }),
    kick: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/kick',
      summary: 'Remove a member',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as, characterId: uuid }),
      answer: now,
      errors: [...notMine, 'party.not_leader', 'party.self'],
      limits: write,
    }),
    handOver: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/leader',
      summary: 'Let another member lead',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as, characterId: uuid }),
      answer: now,
      errors: [...notMine, 'party.not_leader'],
      limits: write,
    }),
    askReady: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/ready',
      summary: 'Ask whether all are ready',
      description: 'The question stands for 30 seconds, or until it is asked again.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as }),
      answer: now,
      errors: [...notMine, 'party.not_leader'],
      limits: write,
    }),
    answerReady: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/party/ready/answer',
      summary: 'Say whether you are ready',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as, ready: z.boolean() }),
      answer: now,
      errors: [...notMine, 'party.not_asked'],
      limits: write,
    }),
  },
})

export type PartyView = z.infer<typeof party>
