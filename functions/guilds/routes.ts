import type { Handlers, PlayerCaller } from '#shared/api/endpoint.ts'
import type { guilds } from '#shared/api/guilds.ts'
import { guildLogKeptMs } from '#shared/limits.ts'
import { createPresence } from '#shared/presence/presence.ts'
import { Problem } from '#shared/problem.ts'
import type { GuildDeps } from './deps.ts'
import { characterOf } from '../characters/characters.ts'
import { blockersOf } from '../friends/friends.ts'
import { readPage } from '../http/page.ts'
import type { TextDeps } from '../moderation/moderation.ts'
import { demand, inOrder, openGuild, seatOf } from './acting.ts'
import type { Actor } from './acting.ts'
import { guildOf } from './ending.ts'
import { disband, found, guildShown } from './founding.ts'
import { accept, apply, decline, invite, join, shown } from './joining.ts'
import { kick, lead, leave, message, rank, ranks, rankShown } from './members.ts'
import { rosterFor } from './roster.ts'
import { logOf, membersOf, readGuildId, readMember } from './store.ts'
import { waitingFor, waitingOf } from './waiting-rows.ts'

export function guildRoutes(parts: GuildDeps & TextDeps): Handlers<typeof guilds> {
  const deps = { ...parts, presence: createPresence(parts) }
  const { store } = deps
  return {
    found: async ({ params, body, caller, operation }) =>
      await found(deps, params.realmId, actor(params, caller, body.as), body.name, operation),
    async find({ params, query }) {
      const { realmId } = params
      const guildId = await readGuildId(store, realmId, query.name)
      if (guildId === undefined) throw new Problem('guild.not_found')
      return guildShown(await openGuild(store, { realmId, guildId }))
    },
    async mine({ params, caller }) {
      const { characterId } = params
      const as = actor(params, caller, characterId)
      const [, guild] = await inOrder(as.read(), guildOf(deps, params))
      if (guild === undefined) return {}
      const me = await readMember(store, { ...params, guildId: guild.guildId }, characterId)
      // Kicked in between.
      if (me === undefined) return {}
      const { message: text } = guild
      return {
        guild: {
          ...guildShown(guild),
          rankId: me.rankId,
          ranks: guild.ranks.map(rankShown),
          ...(text === undefined ? {} : { message: text }),
        },
      }
    },
    async invites({ params, query, caller }) {
      const as = actor(params, caller, params.characterId)
      const [, page] = await inOrder(as.read(), readPage(store, waitingFor(params), query))
      return { ...page, entries: page.entries.map(shown) }
    },
    async roster({ params, query, caller }) {
      const as = actor(params, caller, query.as)
      const viewer = { realmId: params.realmId, accountId: caller.accountId }
      const [, , page, blockersAmong] = await inOrder(
        as.read(),
        seatOf(store, params, query.as),
        readPage(store, membersOf(params), query),
        blockersOf(store, viewer),
      )
      const seenBy = { ...viewer, blockersAmong }
      return { ...page, entries: await rosterFor(deps.presence, seenBy, page.entries) }
    },
    async waiting({ params, query, caller }) {
      const as = actor(params, caller, query.as)
      const [, { guild, me }, page] = await inOrder(
        as.read(),
        seatOf(store, params, query.as),
        readPage(store, waitingOf(params), query),
      )
      demand(guild, me, 'invite', 'accept')
      return { ...page, entries: page.entries.map(shown) }
    },
    async log({ params, query, caller }) {
      const as = actor(params, caller, query.as)
      const [, , page] = await inOrder(
        as.read(),
        seatOf(store, params, query.as),
        readPage(store, logOf(params), query),
      )
      const kept = ({ at }: { at: number }) => at > deps.runtime.now() - guildLogKeptMs
      return { ...page, entries: page.entries.filter(kept) }
    },
    invite: async ({ params, body, caller, operation }) =>
      await invite(deps, params, actor(params, caller, body.as), body.name, operation),
    join: async ({ params, body, caller, operation }) =>
      await join(deps, params, actor(params, caller, body.as), operation),
    apply: async ({ params, body, caller, operation }) =>
      await apply(deps, params, actor(params, caller, body.as), operation),
    accept: async ({ params, body, caller, operation }) =>
      await accept(deps, params, actor(params, caller, body.as), params.characterId, operation),
    async decline({ params, query, caller, operation }) {
      await decline(deps, params, actor(params, caller, query.as), params.characterId, operation)
      return {}
    },
    async leave({ params, body, caller, operation }) {
      await leave(deps, params, actor(params, caller, body.as), operation)
      return {}
    },
    async kick({ params, query, caller, operation }) {
      await kick(deps, params, actor(params, caller, query.as), params.characterId, operation)
      return {}
    },
    async rank({ params, body, caller, operation }) {
      const whom = { characterId: params.characterId, rankId: body.rankId }
      return await rank(deps, params, actor(params, caller, body.as), whom, operation)
    },
    lead: async ({ params, body, caller, operation }) =>
      await lead(deps, params, actor(params, caller, body.as), body.characterId, operation),
    async message({ params, body, caller, operation }) {
      await message(deps, params, actor(params, caller, body.as), body.text, operation)
      return {}
    },
    ranks: async ({ params, body, caller, operation }) =>
      await ranks(deps, params, actor(params, caller, body.as), body.ranks, operation),
    async disband({ params, body, caller, operation }) {
      await disband(deps, params, actor(params, caller, body.as), operation)
      return {}
    },
  }

  /** A character of the caller's. Reading it throws character.not_found. */
  function actor(
    { realmId }: { realmId: string },
    caller: PlayerCaller,
    characterId: string,
  ): Actor {
    const { accountId } = caller
    const read = async () => {
      const { name } = await characterOf(store, { realmId, accountId }, characterId)
      return { accountId, characterId, name }
    }
    return { characterId, read }
  }
}
