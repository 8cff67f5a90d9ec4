// What players do with guilds over HTTP, and the rules that the rows of all guilds keep.
import type { Permission } from '#shared/api/guilds.ts'
import {
  guildApplicationsPerCharacterMax,
  guildInvitesPerCharacterMax,
  guildMembersMax,
  guildWaitingMax,
} from '#shared/limits.ts'
import type { Item } from '#shared/store/store.ts'
import type { TestApi } from './api.ts'
import { inRealm } from './people.ts'
import type { Person } from './people.ts'

type Rank = { rankId?: number; name: string; permissions: readonly Permission[] }

export function guildActs({ client, as, id }: Person) {
  const of = (guildId: string) => ({ ...inRealm, guildId })
  const on = (guildId: string, other: { as: string }) => ({ ...of(guildId), characterId: other.as })
  const { guilds } = client
  const self = { ...inRealm, characterId: as }
  return {
    found: (guild: string, operationId = id()) =>
      guilds.found({ params: inRealm, body: { as, name: guild } }, { operationId }),
    find: (guild: string) => guilds.find({ params: inRealm, query: { name: guild } }),
    mine: async () => (await guilds.mine({ params: self })).guild,
    invite: (guildId: string, other: { name: string }, operationId = id()) =>
      guilds.invite({ params: of(guildId), body: { as, name: other.name } }, { operationId }),
    join: (guildId: string, operationId = id()) =>
      guilds.join({ params: of(guildId), body: { as } }, { operationId }),
    apply: (guildId: string, operationId = id()) =>
      guilds.apply({ params: of(guildId), body: { as } }, { operationId }),
    accept: (guildId: string, other: { as: string }, operationId = id()) =>
      guilds.accept({ params: on(guildId, other), body: { as } }, { operationId }),
    decline: (guildId: string, other: { as: string }, operationId = id()) =>
      guilds.decline({ params: on(guildId, other), query: { as } }, { operationId }),
    leave: (guildId: string, operationId = id()) =>
      guilds.leave({ params: of(guildId), body: { as } }, { operationId }),
    kick: (guildId: string, other: { as: string }, operationId = id()) =>
      guilds.kick({ params: on(guildId, other), query: { as } }, { operationId }),
    rank: (guildId: string, other: { as: string }, rankId: number, operationId = id()) =>
      guilds.rank({ params: on(guildId, other), body: { as, rankId } }, { operationId }),
    lead: (guildId: string, other: { as: string }, operationId = id()) =>
      guilds.lead({ params: of(guildId), body: { as, characterId: other.as } }, { operationId }),
    message: (guildId: string, text: string, operationId = id()) =>
      guilds.message({ params: of(guildId), body: { as, text } }, { operationId }),
    ranks: (guildId: string, ranks: readonly Rank[], operationId = id()) => {
      const list = ranks.map((rank) => ({ ...rank, permissions: [...rank.permissions] }))
      return guilds.ranks({ params: of(guildId), body: { as, ranks: list } }, { operationId })
    },
    disband: (guildId: string, operationId = id()) =>
      guilds.disband({ params: of(guildId), body: { as } }, { operationId }),
    /** The names of the members and of their ranks. */
    async roster(guildId: string): Promise<Record<string, string>> {
      const page = await guilds.roster({ params: of(guildId), query: { as, limit: 500 } })
      const ranks = (await guilds.mine({ params: self })).guild?.ranks ?? []
      const named = (rankId: number) => ranks.find((rank) => rank.rankId === rankId)?.name ?? '?'
      return Object.fromEntries(page.entries.map((one) => [one.name, named(one.rankId)]))
    },
    async waiting(guildId: string) {
      const page = await guilds.waiting({ params: of(guildId), query: { as } })
      return page.entries.map((one) => `${one.kind} ${one.name}`)
    },
    async invites() {
      const page = await guilds.invites({ params: self })
      return page.entries.map((one) => `${one.kind} ${one.guild}`)
    },
    /** Newest first. */
    async log(guildId: string) {
      const lines: string[] = []
      let after: string | undefined
      do {
        const query = { as, ...(after === undefined ? {} : { after }) }
        const page = await guilds.log({ params: of(guildId), query })
        lines.push(...page.entries.map((one) => `${one.kind} ${one.name}`))
        after = page.next
      } while (after !== undefined)
      return lines
    },
  }
}

const ofGuild = 'R#local#GUILD#'

/** Guilds that are open as their rows say, by their ids: who leads, the members with their ranks, what waits. */
export function guildsOf(test: TestApi) {
  const rows = test.memory.rows('core').filter(({ pk }) => pk.startsWith(ofGuild))
  const guilds = rows.filter(({ sk, state }) => sk === 'GUILD' && state === 'open')
  return new Map(
    guilds.map(({ pk, name, leaderId }) => {
      const listed = (begins: string, value: string) => {
        const list = rows.filter((row) => row.pk === pk && row.sk.startsWith(begins))
        return Object.fromEntries(list.map((row) => [row.sk.slice(2), row[value]]))
      }
      const members = listed('M#', 'rankId')
      const shown = { name, leader: text(leaderId), members, waiting: listed('W#', 'kind') }
      return [pk.slice(ofGuild.length), shown] as const
    }),
  )
}

/**
 * What a test has added to the counts, so that limits are near without so many rows: to those of each guild, and of
 * each character.
 */
export type Ballast = {
  guild: { members: number; invites: number; applications: number }
  character: { invites: number; applications: number }
}

const noBallast: Ballast = {
  guild: { members: 0, invites: 0, applications: 0 },
  character: { invites: 0, applications: 0 },
}

/** What is wrong with the rows of all guilds: nothing, whatever has happened. */
export function brokenGuilds(test: TestApi, ballast = noBallast): string[] {
  const wrong: string[] = []
  const rows = test.memory.rows('core').filter(({ pk }) => pk.startsWith('R#local#GUILD'))
  const guilds = new Map<string, Item>()
  for (const row of rows) {
    if (row.pk.startsWith('R#local#GUILD#') && row.sk === 'GUILD') guilds.set(row.pk, row)
  }
  const has = (pk: string, sk: string) => rows.some((row) => row.pk === pk && row.sk === sk)
  const open = (pk: string) => guilds.get(pk)?.['state'] === 'open'
  const count = (pk: string, prefix: string, of?: (row: Item) => boolean) =>
    rows.filter((row) => row.pk === pk && row.sk.startsWith(prefix) && (of?.(row) ?? true)).length
  const equal = (what: string, a: unknown, b: unknown) => {
    if (a !== b) wrong.push(`${what}: ${String(a)} is not ${String(b)}`)
  }
  for (const [pk, guild] of guilds) {
    if (!open(pk)) continue
    const added = ballast.guild
    const members = rows.filter((row) => row.pk === pk && row.sk.startsWith('M#'))
    const leaders = members.filter((row) => row['rankId'] === 0)
    equal(
      `leaders of ${pk}`,
      leaders.map((row) => text(row['characterId'])).join(),
      guild['leaderId'],
    )
    equal(`members of ${pk}`, guild['members'], members.length + added.members)
    const ids = (guild['ranks'] as { rankId: number }[]).map(({ rankId }) => rankId)
    for (let id = 0; id < 20; id++) {
      const there = members.filter((row) => row['rankId'] === id).length
      equal(`members of rank ${id}`, guild[`in${id}`] ?? 0, there)
      if (there > 0 && !ids.includes(id)) wrong.push(`a rank without a name: ${id}`)
    }
    for (const kind of ['invite', 'application'] as const) {
      const there = count(pk, 'W#', (row) => row['kind'] === kind) + added[`${kind}s`]
      equal(`${kind}s of ${pk}`, guild[`${kind}s`], there)
      if (there > guildWaitingMax) wrong.push(`too many: ${kind}`)
    }
    equal(`log of ${pk}`, guild['logged'], count(pk, 'L#'))
    if (members.length + added.members > guildMembersMax) wrong.push('too many members')
  }
  for (const { pk, sk, ...row } of rows) {
    const [, , kind, id] = pk.split('#')
    if (kind === 'GUILD' && sk.startsWith('M#')) {
      const pointer = `R#local#GUILDS#${text(row['characterId'])}`
      const points = rows.find((each) => each.pk === pointer && each.sk === 'MEMBER')
      equal(`pointer of ${pointer}`, points?.['guildId'], id)
    }
    if (
      kind === 'GUILDS' &&
      sk === 'MEMBER' &&
      !has(`R#local#GUILD#${text(row['guildId'])}`, `M#${id}`)
    ) {
      wrong.push(`a pointer to no row of a member: ${pk}`)
    }
    if (sk.startsWith('W#')) {
      const other =
        kind === 'GUILD' ? `R#local#GUILDS#${sk.slice(2)}` : `R#local#GUILD#${sk.slice(2)}`
      if (!has(other, `W#${id}`)) wrong.push(`half of what waits: ${pk} ${sk}`)
    }
    if (kind === 'GUILDNAME' && !open(`R#local#GUILD#${text(row['guildId'])}`))
      wrong.push(`a name of nothing: ${pk}`)
    if (kind === 'GUILDS' && sk === 'COUNT') {
      for (const [what, max] of [
        ['invite', guildInvitesPerCharacterMax],
        ['application', guildApplicationsPerCharacterMax],
      ] as const) {
        const there =
          count(pk, 'W#', (each) => each['kind'] === what) + ballast.character[`${what}s`]
        equal(`${what}s of ${pk}`, row[`${what}s`] ?? 0, there)
        if (there > max) wrong.push(`too many of ${pk}: ${what}`)
      }
    }
  }
  return wrong
}

const text = (value: unknown) => (typeof value === 'string' ? value : 'no text')
