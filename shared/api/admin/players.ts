// What operators see of accounts, and do to them.
import * as z from 'zod'
import { banMaxS, banMinS } from '../../limits.ts'
import { endpoint } from '../endpoint.ts'
import { characterName, moment, realmId, uuid } from '../names.ts'
import { roles } from '../role.ts'
import { anyName, namedPlayer, read, reason, whoErrors, write } from './naming.ts'

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
const thisAccount = { who: '$response.body#/accountId' }
/** From an account to what an operator may do about it. */
const withAccount = {
  show: { to: 'admin.showPlayer', params: thisAccount },
  kick: { to: 'admin.kick', params: thisAccount },
  ban: { to: 'admin.ban', params: thisAccount },
  unban: { to: 'admin.unban', params: thisAccount },
  setRole: { to: 'admin.setRole', params: thisAccount },
} as const
const overErrors = [...whoErrors, 'admin.outranked', 'admin.yourself'] as const
const banErrors = [...overErrors, 'admin.ban_too_long'] as const

export const playerEndpoints = {
  showPlayer: endpoint({
    method: 'GET',
    path: '/v1/admin/players/{who}',
    summary: 'An account, its ban and where its characters are',
    identity: 'support',
    params: anyName,
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
}

export type PlayerAccount = z.infer<typeof playerAccount>
export type MeantPlayer = z.infer<typeof meant>
export type StillInPlay = z.infer<typeof stillInPlay>
