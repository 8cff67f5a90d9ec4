import type { guilds } from '#shared/api/guilds.ts'
import type { CallsOf } from './call.ts'
import { two } from './friends.ts'
import type { Stage } from './stage.ts'

/** The first leads a guild. */
async function founded(stage: Stage) {
  const { params, first, second } = await two(stage)
  const name = stage.newName()
  const { guildId } = await first.client.guilds.found({ params, body: { as: first.as, name } })
  return { realm: params, params: { ...params, guildId }, name, first, second }
}

/** And has invited the second. */
export async function invitedToGuild(stage: Stage) {
  const guild = await founded(stage)
  const { params, first, second } = guild
  await first.client.guilds.invite({ params, body: { as: first.as, name: second.name } })
  return guild
}

/** The first leads, the second is a member. */
export async function joined(stage: Stage) {
  const guild = await invitedToGuild(stage)
  const { params, second } = guild
  await second.client.guilds.join({ params, body: { as: second.as } })
  return guild
}

/** The second has applied. */
async function applied(stage: Stage) {
  const guild = await founded(stage)
  const { params, second } = guild
  await second.client.guilds.apply({ params, body: { as: second.as } })
  return guild
}

const others = { guildId: 'guild.not_member' } as const

/** What a member reads. */
async function read(stage: Stage) {
  const { params, first } = await joined(stage)
  return { by: first, params, query: { as: first.as }, others }
}

/** What is done to a member. */
async function toMember(stage: Stage) {
  const { params, first, second } = await joined(stage)
  return {
    by: first,
    params: { ...params, characterId: second.as },
    others: { ...others, characterId: 'guild.member_unknown' } as const,
  }
}

/** What a leader does. */
async function byLeader(stage: Stage) {
  const { params, first } = await founded(stage)
  return { by: first, params, others }
}

export const guildCalls: CallsOf<typeof guilds> = {
  async found(stage) {
    const by = await stage.player()
    const body = { as: by.as, name: stage.newName() }
    return { by, params: { realmId: stage.realmId }, body }
  },
  async find(stage) {
    const { realm, second, name } = await founded(stage)
    return { by: second, params: realm, query: { name } }
  },
  async mine(stage) {
    const { realm, second } = await joined(stage)
    return { by: second, params: { ...realm, characterId: second.as } }
  },
  async invites(stage) {
    const { realm, second } = await invitedToGuild(stage)
    return { by: second, params: { ...realm, characterId: second.as }, query: {} }
  },
  roster: read,
  log: read,
  async waiting(stage) {
    const { params, first } = await invitedToGuild(stage)
    return { by: first, params, query: { as: first.as }, others }
  },
  async invite(stage) {
    const { params, first, second } = await founded(stage)
    return { by: first, params, body: { as: first.as, name: second.name }, others }
  },
  async join(stage) {
    const { params, second } = await invitedToGuild(stage)
    const body = { as: second.as }
    return { by: second, params, body, others: { guildId: 'guild.not_waiting' } }
  },
  async apply(stage) {
    const { params, second } = await founded(stage)
    return { by: second, params, body: { as: second.as }, others: { guildId: 'done' } }
  },
  async accept(stage) {
    const { params, first, second } = await applied(stage)
    return {
      by: first,
      params: { ...params, characterId: second.as },
      body: { as: first.as },
      others: { ...others, characterId: 'guild.not_waiting' },
    }
  },
  async decline(stage) {
    const { params, first, second } = await applied(stage)
    return {
      by: first,
      params: { ...params, characterId: second.as },
      query: { as: first.as },
      others: { ...others, characterId: 'guild.not_waiting' },
    }
  },
  async leave(stage) {
    const { params, second } = await joined(stage)
    return { by: second, params, body: { as: second.as }, others }
  },
  async kick(stage) {
    const call = await toMember(stage)
    return { ...call, query: { as: call.by.as } }
  },
  async rank(stage) {
    const call = await toMember(stage)
    return { ...call, body: { as: call.by.as, rankId: 1 } }
  },
  async lead(stage) {
    const { by, params, others } = await toMember(stage)
    const { characterId, ...ofGuild } = params
    return { by, params: ofGuild, body: { as: by.as, characterId }, others }
  },
  async message(stage) {
    const call = await byLeader(stage)
    return { ...call, body: { as: call.by.as, text: 'Tonight at eight' } }
  },
  async ranks(stage) {
    const call = await byLeader(stage)
    const { as, client } = call.by
    const params = { realmId: stage.realmId, characterId: as }
    const { ranks } = (await client.guilds.mine({ params })).guild!
    const changed = [...ranks, { name: 'Guest', permissions: [] }]
    return { ...call, body: { as, ranks: changed } }
  },
  async disband(stage) {
    const { params, first } = await joined(stage)
    return { by: first, params, body: { as: first.as }, others }
  },
}
