// Leaderboards of the content: who is first, who is near, and how friends and the guild stand.
import * as z from 'zod'
import { boardAroundMax } from '../limits.ts'
import { reason } from './admin/naming.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, contentId, done, moment, realmId, uuid } from './names.ts'
import { paged } from './page.ts'

const number = z.int().min(1)

const openSeason = z
  .object({
    season: number,
    startsAt: moment,
    endsAt: moment.optional().meta({ description: 'Absent where nobody knows yet' }),
  })
  .meta({ id: 'OpenSeason' })

const pastSeason = z
  .object({ season: number, startsAt: moment, endedAt: moment })
  .meta({ id: 'PastSeason', description: 'It is over, and changes no more' })

const board = z
  .object({
    board: contentId,
    title: z.string(),
    per: z.enum(['character', 'guild']),
    order: z.enum(['highest', 'lowest']).meta({ description: 'Which score is first' }),
    keep: z
      .enum(['best', 'last', 'sum'])
      .meta({ description: 'What is kept of several results of one' }),
    size: z.int().meta({ description: 'So many of the first can be walked through' }),
    season: openSeason,
    past: z.array(pastSeason).meta({ description: 'The latest first' }),
  })
  .meta({ id: 'Board' })

const place = z
  .object({
    rank: number,
    id: uuid.meta({ description: 'A character, or a guild on a board of guilds' }),
    name: z.string(),
    score: z.int(),
    at: moment.meta({ description: 'Since when it has this score' }),
  })
  .meta({
    id: 'BoardPlace',
    description: 'Of equal scores, who had it first is first; of equal times, the lower id.',
  })

const season = z.coerce
  .number()
  .int()
  .min(1)
  .optional()
  .meta({ description: 'A past season; without it the one that goes on' })

const pages = paged(place, { size: 10, max: 50 })
const inSeason = { ...pages, query: pages.query.extend({ season }) }
const ofBoard = z.object({ realmId, board: contentId })
const read = [{ rate: 'read.account', by: 'account' }] as const
const readByAll = [{ rate: 'read.address', by: 'address' }] as const
const unknown = ['leaderboard.not_found', 'leaderboard.season_unknown'] as const
/** Where Redis has to say the rank. */
const unranked = ['leaderboard.unavailable', 'leaderboard.rebuilding'] as const
const ofCharacters = ['leaderboard.of_guilds'] as const

const acted = {
  identity: 'operator',
  repeat: 'remembered',
  params: ofBoard,
  limits: [{ rate: 'write.account', by: 'account' }],
} as const
const ofSeason = z
  .int()
  .min(1)
  .optional()
  .meta({ description: 'A past season; without it the one that goes on' })
const ended = z.object({
  ended: number,
  season: number.meta({ description: 'The one that goes on' }),
})

const firstBoard = {
  realmId: '$request.path.realmId',
  board: '$response.body#/boards/0/board',
}

export const leaderboards = domain({
  name: 'leaderboards',
  description: 'Ranks of characters and guilds, in seasons',
  endpoints: {
    list: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/leaderboards',
      summary: 'The leaderboards of the game, with their seasons',
      identity: 'anyone',
      params: z.object({ realmId }),
      answer: z.object({ boards: z.array(board) }),
      errors: [],
      limits: readByAll,
      links: { top: { to: 'leaderboards.top', params: firstBoard } },
    }),
    top: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/leaderboards/{board}',
      summary: 'The first of a leaderboard',
      description:
        'Over all pages, an entry that does not change meanwhile comes once. `rank` counts on from the page before.',
      identity: 'anyone',
      params: ofBoard,
      ...inSeason,
      errors: unknown,
      limits: readByAll,
    }),
    around: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/leaderboards/{board}/around/{characterId}',
      summary: 'The rank of a character, and those before and after it',
      description: 'On a board of guilds: of the guild that the character is in.',
      identity: 'anyone',
      params: z.object({ realmId, board: contentId, characterId: uuid }),
      query: z.object({
        season,
        each: z.coerce
          .number()
          .int()
          .min(0)
          .max(boardAroundMax)
          .default(5)
          .meta({ description: 'How many on each side' }),
      }),
      answer: z.object({ rank: number, entries: z.array(place) }),
      errors: [...unknown, 'leaderboard.unranked', ...unranked],
      limits: readByAll,
    }),
    friends: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/leaderboards/{board}/friends',
      summary: 'How you and your friends stand',
      description: 'With the rank that each has among all.',
      identity: 'player',
      params: ofBoard,
      ...inSeason,
      errors: [...unknown, ...ofCharacters, ...unranked],
      limits: read,
    }),
    guild: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/leaderboards/{board}/guild/{guildId}',
      summary: 'How the members of your guild stand',
      description: 'With the rank that each has among all.',
      identity: 'player',
      params: z.object({ realmId, board: contentId, guildId: uuid }),
      ...inSeason,
      errors: [...unknown, ...ofCharacters, 'guild.not_member', ...unranked],
      limits: read,
    }),
    submit: endpoint({
      ...acted,
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/leaderboards/{board}/scores',
      summary: 'Hand in a result of a character',
      description: 'On a board of guilds it is a result of its guild.',
      body: z.object({
        name: characterName,
        score: z.int(),
        season: number
          .optional()
          .meta({ description: 'Refused in any other season than the one that goes on' }),
        reason,
      }),
      answer: z.object({
        score: z.int().meta({ description: 'What the board keeps now' }),
        season: number,
        changed: z.boolean(),
      }),
      errors: [
        'leaderboard.not_found',
        'leaderboard.unknown',
        'leaderboard.over',
        'leaderboard.no_guild',
        'leaderboard.full',
      ],
    }),
    remove: endpoint({
      ...acted,
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/leaderboards/{board}/scores/remove',
      summary: 'Take a character or a guild off a board',
      description: 'The next result begins anew.',
      body: z.object({
        who: z.union([uuid, characterName]).meta({
          description: 'The name of a character, or the id of a character or a guild',
        }),
        season: ofSeason,
        reason,
      }),
      answer: done,
      errors: [...unknown, 'leaderboard.unknown'],
    }),
    archive: endpoint({
      ...acted,
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/leaderboards/{board}/archive',
      summary: 'End the season now and keep it as a past one',
      body: z.object({ reason }),
      answer: ended,
      errors: ['leaderboard.not_found'],
    }),
    reset: endpoint({
      ...acted,
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/leaderboards/{board}/reset',
      summary: 'End the season now and keep nothing of it',
      body: z.object({ reason }),
      answer: ended,
      errors: ['leaderboard.not_found'],
    }),
    rebuild: endpoint({
      ...acted,
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/leaderboards/{board}/rebuild',
      summary: 'Make the copy in Redis anew from the store',
      description:
        'The copy that is there is read until the new one is ready. Ask again until it is.',
      body: z.object({
        season: ofSeason,
        copy: uuid.optional().meta({ description: 'Goes on with this one' }),
        reason,
      }),
      answer: z.object({ copy: uuid, ready: z.boolean() }),
      errors: [...unknown, 'leaderboard.unavailable'],
    }),
    tidy: endpoint({
      ...acted,
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/leaderboards/{board}/tidy',
      summary: 'Delete rows of seasons that are not kept any more',
      description:
        'Seasons that end by the clock need none of it: their rows expire. Ask again while there is more.',
      body: z.object({
        again: z.boolean().default(false).meta({ description: 'It goes on: no new audit entry' }),
        reason,
      }),
      answer: z.object({ deleted: z.int().min(0), more: z.boolean() }),
      errors: ['leaderboard.not_found'],
    }),
  },
})

export type Board = z.infer<typeof board>
export type BoardPlace = z.infer<typeof place>
