// Friends, requests and blocks of a player: an account in a realm, whichever character he plays.
import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { characterName, contentId, done, moment, realmId, uuid, writtenText } from './names.ts'
import { paged } from './page.ts'
import { statusMaxLength } from '../limits.ts'

const status = writtenText(statusMaxLength).meta({
  description: 'A line as in chat',
  example: 'Looking for a healer',
})

export const presence = z
  .discriminatedUnion('state', [
    z.object({
      state: z.literal('online'),
      name: characterName.meta({ description: 'Of the character in play' }),
      zone: contentId,
      since: moment.meta({ description: 'When he came into this zone' }),
      status: status.optional(),
    }),
    z.object({
      state: z.literal('lobby'),
      since: moment.meta({ description: 'When he came' }),
      status: status.optional(),
    }),
    z.object({ state: z.literal('offline') }),
    z.object({ state: z.literal('unknown') }),
  ])
  .meta({
    id: 'Presence',
    description:
      'Whether a player is in play, or there without a character in play (`lobby`). `unknown`: it cannot be told just now',
  })

const shown = z
  .object({
    appear: z.enum(['online', 'offline']),
    status: status.optional(),
  })
  .meta({ id: 'Shown', description: 'How friends see a player who is in play' })

const friend = z
  .object({
    playerId: uuid,
    name: characterName.meta({ description: 'Of the character by which you know each other' }),
    state: z.enum(['friend', 'sent', 'received', 'blocked']),
    at: moment.meta({ description: 'When it became so' }),
    presence: presence.optional().meta({ description: 'Of a friend, in the list' }),
  })
  .meta({
    id: 'Friend',
    description:
      'What a player is to you: a friend, one whom you asked (`sent`), one who asked you (`received`), or one ' +
      'whom you have blocked',
  })

const inRealm = z.object({ realmId })
const ofPlayer = z.object({ realmId, playerId: uuid })
/** As whom the other one knows you. */
const as = uuid.meta({ description: 'Your character, by whose name the other one knows you' })

const answered = { realmId: '$request.path.realmId', playerId: '$response.body#/playerId' }
const write = [{ rate: 'write.account', by: 'account' }] as const

export const friends = domain({
  name: 'friends',
  description:
    'Friends, requests and blocks. They are between players, whichever characters they play',
  endpoints: {
    list: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/friends',
      summary: 'Your friends, requests and blocks',
      description: 'With the presence of friends; of nobody else.',
      identity: 'player',
      params: inRealm,
      ...paged(friend, { size: 100, max: 250 }),
      errors: [],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
    ask: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/friends',
      summary: 'Ask a player to be your friend',
      description: 'If he has asked you, you are friends. He is told, unless he has blocked you.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as, name: characterName }),
      answer: friend,
      status: 201,
      errors: [
        'character.not_found',
        'friend.unknown',
        'friend.self',
        'friend.already',
        'friend.blocked',
        'friend.limit',
        'friend.full',
      ],
      limits: write,
      links: { end: { to: 'friends.end', params: answered } },
    }),
    accept: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/friends/{playerId}/accept',
      summary: 'Accept a request',
      identity: 'player',
      repeat: 'remembered',
      params: ofPlayer,
      body: z.object({ as }),
      answer: friend,
      errors: [
        'character.not_found',
        'friend.not_asked',
        'friend.already',
        'friend.limit',
        'friend.full',
      ],
      limits: write,
    }),
    end: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/friends/{playerId}',
      summary: 'End a friendship, decline a request, or take one back',
      description: 'The other one is not told; he is no longer in your list, nor you in his.',
      identity: 'player',
      repeat: 'remembered',
      params: ofPlayer,
      answer: done,
      errors: ['friend.not_found'],
      limits: write,
    }),
    block: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/blocks',
      summary: 'Block a player',
      description:
        'It ends friendship and requests, and holds for all his characters and all yours. He is not told.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ name: characterName }),
      answer: friend,
      status: 201,
      errors: ['friend.unknown', 'friend.self', 'friend.limit'],
      limits: write,
      links: { unblock: { to: 'friends.unblock', params: answered } },
    }),
    unblock: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/blocks/{playerId}',
      summary: 'Unblock a player',
      description: 'You are nothing to each other then.',
      identity: 'player',
      repeat: 'remembered',
      params: ofPlayer,
      answer: done,
      errors: ['friend.not_found'],
      limits: write,
    }),
    shown: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/presence',
      summary: 'How friends see you',
      identity: 'player',
      params: inRealm,
      answer: shown,
      errors: [],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
    show: endpoint({
      method: 'PUT',
      path: '/v1/realms/{realmId}/presence',
      summary: 'Appear offline or online, with a status',
      description: 'It holds from then on, whichever character you play. Your friends are told.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: shown,
      answer: shown,
      errors: ['presence.text', 'chat.muted'],
      limits: write,
    }),
  },
})

export type Friend = z.infer<typeof friend>
export type Presence = z.infer<typeof presence>
/** How friends see a player who is in play. */
export type Shown = z.infer<typeof shown>
