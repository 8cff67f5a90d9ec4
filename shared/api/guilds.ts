// Guilds of a realm. Members are characters; a character is in one guild at most.
import * as z from 'zod'
import { guildMembersMax, guildMessageMaxLength, guildRanksMax } from '../limits.ts'
import { domain, endpoint } from './endpoint.ts'
import { presence } from './friends.ts'
import { characterName, done, guildName, guildRankName, moment, realmId, uuid } from './names.ts'
import { paged } from './page.ts'

/**
 * What ranks may be given. `accept`: applications. `promote`: to change the rank of members below. `message`: of
 * the day. `ranks`: to change the ranks below.
 */
export const permissions = ['accept', 'invite', 'kick', 'message', 'promote', 'ranks'] as const
export type Permission = (typeof permissions)[number]

const guild = z
  .object({
    guildId: uuid,
    name: guildName,
    leader: characterName,
    members: z.int().min(1).max(guildMembersMax),
    foundedAt: moment,
  })
  .meta({ id: 'Guild' })

const rankId = z
  .int()
  .min(0)
  .max(99)
  .meta({ description: 'Of the rank in this guild; 0 is the leader’s' })
const rank = z
  .object({ rankId, name: guildRankName, permissions: z.array(z.enum(permissions)) })
  .meta({ id: 'GuildRank', description: 'A permission that is not listed is not given' })

const member = z
  .object({
    characterId: uuid,
    name: characterName,
    rankId,
    joinedAt: moment,
    presence: presence.optional().meta({ description: 'In the roster' }),
  })
  .meta({ id: 'GuildMember' })

const waiting = z
  .object({
    guildId: uuid,
    guild: guildName,
    characterId: uuid,
    name: characterName,
    kind: z.enum(['invite', 'application']),
    at: moment,
    until: moment.meta({ description: 'It can be accepted until then' }),
  })
  .meta({ id: 'GuildWaiting', description: 'An invite, or an application' })

/** What stands in the log of a guild. */
export const guildLogKind = z.enum([
  'founded',
  'joined',
  'left',
  'kicked',
  'ranked',
  'led',
  'message',
  'ranks',
  'moderated',
])

const entry = z
  .object({
    logId: uuid,
    at: moment,
    kind: guildLogKind,
    name: characterName.meta({ description: 'Whom it is about' }),
    by: characterName.optional().meta({ description: 'Who did it, if it is another one' }),
    rank: guildRankName.optional(),
  })
  .meta({ id: 'GuildLogEntry', description: 'Skip kinds that you do not know' })

const inRealm = z.object({ realmId })
const inGuild = z.object({ realmId, guildId: uuid })
const ofCharacter = z.object({ realmId, characterId: uuid })
const ofMember = z.object({ realmId, guildId: uuid, characterId: uuid })
const as = uuid.meta({ description: 'Your character, who does it' })
const asAlone = z.object({ as })

const read = [{ rate: 'read.account', by: 'account' }] as const
const write = [{ rate: 'write.account', by: 'account' }] as const
/** What every member's act may be refused with. */
const acting = ['character.not_found', 'guild.not_found', 'guild.not_member'] as const
const allowed = [...acting, 'guild.forbidden'] as const

/** A page that a member reads. */
function membersOnly<Item extends z.ZodType>(item: Item, sizes: { size: number; max: number }) {
  const pages = paged(item, sizes)
  return { ...pages, query: pages.query.extend({ as }) }
}

const founded = {
  realmId: '$request.path.realmId',
  guildId: '$response.body#/guildId',
}
const byFounder = { as: '$request.body#/as' }

export const guilds = domain({
  name: 'guilds',
  description: 'Guilds: members are characters, with ranks that the guild makes itself',
  endpoints: {
    found: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds',
      summary: 'Found a guild',
      description: 'Your character leads it.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ as, name: guildName }),
      answer: guild,
      status: 201,
      errors: [
        'character.not_found',
        'chat.muted',
        'guild.name_refused',
        'guild.name_taken',
        'guild.in_guild',
      ],
      limits: write,
      links: {
        roster: { to: 'guilds.roster', params: founded, query: byFounder },
        disband: { to: 'guilds.disband', params: founded, body: byFounder },
      },
    }),
    find: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/guilds',
      summary: 'The guild of a name',
      identity: 'player',
      params: inRealm,
      query: z.object({ name: guildName }),
      answer: guild,
      errors: ['guild.not_found'],
      limits: read,
    }),
    mine: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/characters/{characterId}/guild',
      summary: 'The guild of your character',
      identity: 'player',
      params: ofCharacter,
      answer: z.object({
        guild: guild
          .extend({
            rankId: rankId.meta({ description: 'Your character’s' }),
            ranks: z.array(rank).meta({ description: 'The highest first' }),
            message: z.string().optional().meta({ description: 'Of the day' }),
          })
          .optional()
          .meta({ id: 'OwnGuild', description: 'Absent when it is in none' }),
      }),
      errors: ['character.not_found'],
      limits: read,
    }),
    invites: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/characters/{characterId}/guild-invites',
      summary: 'Invites to your character, and its applications',
      identity: 'player',
      params: ofCharacter,
      ...paged(waiting, { size: 50, max: 50 }),
      errors: ['character.not_found'],
      limits: read,
    }),
    roster: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/guilds/{guildId}/members',
      summary: 'The members, in the order of their ids',
      description:
        'With the presence of each that is in play. A player who plays another character or none, wants to appear offline, ' +
        'or has blocked you, is offline.',
      identity: 'player',
      params: inGuild,
      ...membersOnly(member, { size: 100, max: guildMembersMax }),
      errors: acting,
      limits: read,
    }),
    waiting: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/guilds/{guildId}/waiting',
      summary: 'Invites and applications of the guild',
      description: 'For members who may invite or accept.',
      identity: 'player',
      params: inGuild,
      ...membersOnly(waiting, { size: 50, max: 200 }),
      errors: allowed,
      limits: read,
    }),
    log: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/guilds/{guildId}/log',
      summary: 'What happened in the guild, newest first',
      identity: 'player',
      params: inGuild,
      ...membersOnly(entry, { size: 50, max: 100 }),
      errors: acting,
      limits: read,
    }),
    invite: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds/{guildId}/invites',
      summary: 'Invite a character',
      description: 'Its player is told. It may join within a week.',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: z.object({ as, name: characterName }),
      answer: waiting,
      status: 201,
      errors: [
        ...allowed,
        'guild.unknown',
        'guild.in_guild',
        'guild.waiting',
        'guild.full',
        'guild.limit',
        'guild.blocked',
        'guild.unreachable',
      ],
      limits: write,
    }),
    join: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds/{guildId}/join',
      summary: 'Accept an invite',
      description: 'What holds for an invite holds again: room, one guild, no block, not expired.',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: asAlone,
      answer: member,
      errors: [
        'character.not_found',
        'guild.not_found',
        'guild.in_guild',
        'guild.not_waiting',
        'guild.expired',
        'guild.full',
        'guild.blocked',
        'guild.unreachable',
      ],
      limits: write,
    }),
    apply: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds/{guildId}/applications',
      summary: 'Apply to a guild',
      description: 'Its leader is told.',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: asAlone,
      answer: waiting,
      status: 201,
      errors: [
        'character.not_found',
        'guild.not_found',
        'guild.in_guild',
        'guild.waiting',
        'guild.full',
        'guild.limit',
        'guild.blocked',
        'guild.unreachable',
      ],
      limits: write,
    }),
    accept: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds/{guildId}/applications/{characterId}/accept',
      summary: 'Accept an application',
      identity: 'player',
      repeat: 'remembered',
      params: ofMember,
      body: asAlone,
      answer: member,
      errors: [
        ...allowed,
        'guild.in_guild',
        'guild.not_waiting',
        'guild.expired',
        'guild.full',
        'guild.blocked',
        'guild.unreachable',
      ],
      limits: write,
    }),
    decline: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/guilds/{guildId}/waiting/{characterId}',
      summary: 'Decline or take back an invite or an application',
      description:
        'By the character itself, or by a member who may invite or accept. The other side is not told.',
      identity: 'player',
      repeat: 'remembered',
      params: ofMember,
      query: asAlone,
      answer: done,
      errors: [...allowed, 'guild.not_waiting'],
      limits: write,
    }),
    leave: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds/{guildId}/leave',
      summary: 'Leave the guild',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: asAlone,
      answer: done,
      errors: [...acting, 'guild.leader'],
      limits: write,
    }),
    kick: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/guilds/{guildId}/members/{characterId}',
      summary: 'Kick a member of a rank below yours',
      identity: 'player',
      repeat: 'remembered',
      params: ofMember,
      query: asAlone,
      answer: done,
      errors: [...allowed, 'guild.member_unknown', 'guild.rank_too_low'],
      limits: write,
    }),
    rank: endpoint({
      method: 'PUT',
      path: '/v1/realms/{realmId}/guilds/{guildId}/members/{characterId}/rank',
      summary: 'Change the rank of a member',
      description: 'Both ranks, before and after, are below yours.',
      identity: 'player',
      repeat: 'remembered',
      params: ofMember,
      body: z.object({ as, rankId }),
      answer: member,
      errors: [...allowed, 'guild.member_unknown', 'guild.rank_unknown', 'guild.rank_too_low'],
      limits: write,
    }),
    lead: endpoint({
      method: 'PUT',
      path: '/v1/realms/{realmId}/guilds/{guildId}/leader',
      summary: 'Hand over to another member',
      description: 'You have the second rank then.',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: z.object({ as, characterId: uuid }),
      answer: member,
      errors: [...allowed, 'guild.member_unknown', 'guild.leader'],
      limits: write,
    }),
    message: endpoint({
      method: 'PUT',
      path: '/v1/realms/{realmId}/guilds/{guildId}/message',
      summary: 'Set the message of the day',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: z.object({
        as,
        text: z.string().max(guildMessageMaxLength).meta({ description: 'Empty for none' }),
      }),
      answer: done,
      errors: [...allowed, 'chat.muted', 'guild.text_refused'],
      limits: write,
    }),
    ranks: endpoint({
      method: 'PUT',
      path: '/v1/realms/{realmId}/guilds/{guildId}/ranks',
      summary: 'Change the ranks below yours',
      description:
        'All ranks, the leader’s first. A rank without an id is new; one that is left out goes, if no member has it.',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: z.object({
        as,
        ranks: z
          .array(rank.omit({ rankId: true }).extend({ rankId: rankId.optional() }))
          .max(guildRanksMax),
      }),
      answer: z.object({ ranks: z.array(rank) }),
      errors: [
        ...allowed,
        'chat.muted',
        'guild.text_refused',
        'guild.rank_unknown',
        'guild.rank_too_low',
        'guild.rank_in_use',
        'guild.ranks_refused',
      ],
      limits: write,
    }),
    disband: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/guilds/{guildId}/disband',
      summary: 'Disband the guild',
      description: 'By the leader. Its members are told; its name is free.',
      identity: 'player',
      repeat: 'remembered',
      params: inGuild,
      body: asAlone,
      answer: done,
      errors: allowed,
      limits: write,
    }),
  },
})

export type Guild = z.infer<typeof guild>
export type GuildMember = z.infer<typeof member>
export type GuildWaiting = z.infer<typeof waiting>
export type GuildLogEntry = z.infer<typeof entry>
