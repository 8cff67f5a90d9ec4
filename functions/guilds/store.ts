// Rows of guilds, in `core`.
//   R#<realm>#GUILD#<guild>       GUILD            the guild, its ranks, and how many there are of each thing
//   R#<realm>#GUILD#<guild>       M#<character>    a member
//   R#<realm>#GUILD#<guild>       L#<ms>#<id>      an entry of the log
//   R#<realm>#GUILDS#<character>  MEMBER           in which guild the character is
//   R#<realm>#GUILDNAME#<looks>   NAME             whose name it is (shared/rules/looks.ts)
// and what waits (waiting-rows.ts).
//
// Both rows of a member, and both of what waits, are written in one transaction, with the counts. So a character
// is in one guild, and no count leaves its list. A guild that was disbanded is `gone`: from the one transaction
// that says so nothing can be done in it, and what points to it points to nothing (ending.ts).
import * as z from 'zod'
import { guildLogKind, permissions } from '#shared/api/guilds.ts'
import type { GuildLogEntry, Permission } from '#shared/api/guilds.ts'
import { guildLogKeptMs, guildMembersMax, guildWaitingMax } from '#shared/limits.ts'
import { looksOf } from '#shared/rules/looks.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Step } from '#shared/store/commit.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt } from '#shared/store/store.ts'
import type { Item, Key, Store, Value, Write } from '#shared/store/store.ts'
import type { List } from '../http/page.ts'
import type { GuildRefusal } from './rights.ts'

export type GuildStep = Step<GuildRefusal | 'busy'>

const known: ReadonlySet<string> = new Set(permissions)
const isPermission = (text: string): text is Permission => known.has(text)

const rank = z.object({
  rankId: z.int(),
  name: z.string(),
  // A later release may know more of them.
  permissions: z.array(z.string()).transform((all) => all.filter(isPermission)),
})

const guildRow = z.looseObject({
  guildId: z.string(),
  name: z.string(),
  state: z.enum(['open', 'gone']),
  foundedAt: z.int(),
  leaderId: z.string(),
  leaderAccountId: z.string(),
  leaderName: z.string(),
  ranks: z.array(rank).min(2),
  /** Changes with the ranks and the leader: who acts by what he has read acts by what is so. */
  rights: z.int(),
  message: z.string().optional(),
  members: z.int(),
  invites: z.int(),
  applications: z.int(),
  logged: z.int(),
  /** Rises with each change of the row. */
  changes: z.int().default(0),
})

export type GuildRow = z.infer<typeof guildRow>

export const memberRow = z.object({
  characterId: z.string(),
  accountId: z.string(),
  name: z.string(),
  rankId: z.int(),
  joinedAt: z.int(),
})

export type MemberRow = z.infer<typeof memberRow>

/** Without `logId` and `at`. */
export type LogEntry = Omit<GuildLogEntry, 'logId' | 'at'>

const logRow = z.object({
  logId: z.string(),
  at: z.int(),
  kind: guildLogKind,
  name: z.string(),
  by: z.string().optional(),
  rank: z.string().optional(),
})

/** A guild of a realm. */
export type GuildIn = { realmId: string; guildId: string }
/** A character in a realm. */
export type CharacterIn = { realmId: string; characterId: string }

export const guildPartition = ({ realmId, guildId }: GuildIn) => `R#${realmId}#GUILD#${guildId}`
export const characterPartition = ({ realmId, characterId }: CharacterIn) =>
  `R#${realmId}#GUILDS#${characterId}`
const guildKey = (of: GuildIn): Key => ({ pk: guildPartition(of), sk: 'GUILD' })
const memberKey = (of: GuildIn, characterId: string): Key => ({
  pk: guildPartition(of),
  sk: `M#${characterId}`,
})
const pointerKey = (of: CharacterIn): Key => ({ pk: characterPartition(of), sk: 'MEMBER' })
const nameKey = (realmId: string, name: string): Key => ({
  pk: `R#${realmId}#GUILDNAME#${looksOf(name)}`,
  sk: 'NAME',
})

export async function get(store: Store, key: Key): Promise<Item | undefined> {
  return await store.get({ table: 'core', key, consistent: true })
}

/** Also one that is gone. One trip. */
export async function readGuild(store: Store, of: GuildIn): Promise<GuildRow | undefined> {
  return readRow(guildRow, await get(store, guildKey(of)))
}

/** One trip. */
export async function readMember(
  store: Store,
  of: GuildIn,
  characterId: string,
): Promise<MemberRow | undefined> {
  return readRow(memberRow, await get(store, memberKey(of, characterId)))
}

const pointerRow = z.object({ guildId: z.string() })

/** In which guild a character is; that one may be gone. One trip. */
export async function readPointer(store: Store, of: CharacterIn): Promise<string | undefined> {
  return readRow(pointerRow, await get(store, pointerKey(of)))?.guildId
}

/** One trip. */
export async function readGuildId(
  store: Store,
  realmId: string,
  name: string,
): Promise<string | undefined> {
  return readRow(pointerRow, await get(store, nameKey(realmId, name)))?.guildId
}

/** A list of the rows of a partition whose sort keys begin alike and end in the id of one of two. */
export function listOf<Row extends z.ZodType>(
  name: string,
  row: Row,
  pk: string,
  prefix: string,
  idOf: (row: z.output<Row>) => string,
): List<Row> {
  return {
    name,
    query: {
      table: 'core',
      keyCondition: 'pk = :pk AND begins_with(sk, :prefix)',
      values: { ':pk': pk, ':prefix': prefix },
      consistent: true,
    },
    row,
    positionOf: (each) => ({ at: 0, id: idOf(each) }),
    keyAt: ({ id }) => ({ pk, sk: `${prefix}${id}` }),
  }
}

export function membersOf(of: GuildIn) {
  return listOf('guilds.roster', memberRow, guildPartition(of), 'M#', (row) => row.characterId)
}

const logPosition = (at: number, id: string) => `L#${String(at).padStart(15, '0')}#${id}`

/** The log, newest first. */
export function logOf(of: GuildIn): List<typeof logRow> {
  const list = listOf('guilds.log', logRow, guildPartition(of), 'L#', (row) => row.logId)
  return {
    ...list,
    query: { ...list.query, descending: true },
    positionOf: ({ at, logId }) => ({ at, id: logId }),
    keyAt: ({ at, id }) => ({ pk: guildPartition(of), sk: logPosition(at, id) }),
  }
}

export const missing = 'attribute_not_exists(pk)'
export const there = 'attribute_exists(pk)'

/** Names of attributes that count what a guild has: those of a rank, by its id. */
export type Counted = 'members' | 'invites' | 'applications' | 'logged' | `in${number}`

/** How many members have a rank. */
export function countIn(guild: GuildRow, rankId: number): number {
  return Number(guild[`in${rankId}`] ?? 0)
}

const limits: { [name in Counted]?: { max: number; full: GuildRefusal } } = {
  members: { max: guildMembersMax, full: 'guild.full' },
  invites: { max: guildWaitingMax, full: 'guild.limit' },
  applications: { max: guildWaitingMax, full: 'guild.limit' },
}

export type GuildChange = {
  add?: { [name in Counted]?: number }
  set?: { [attribute: string]: Value }
  remove?: string
  /** Ranks that nobody may have. */
  empty?: readonly number[]
  /** As many have each rank as was read, so nobody came, went or rose. */
  sameRoster?: boolean
}

/** Changes a guild that is open and whose rights are those that were read. */
export function changeGuild(realmId: string, guild: GuildRow, change: GuildChange): GuildStep {
  const sets: string[] = []
  const conditions = ['#state = :open', '#rights = :rights']
  const names: Record<string, string> = { '#state': 'state', '#rights': 'rights' }
  const values: Record<string, Value> = { ':open': 'open', ':rights': guild.rights }
  const bounds: { name: string; max: number; full: GuildRefusal }[] = []
  for (const [name, by] of Object.entries(change.add ?? {}) as [Counted, number][]) {
    names[`#${name}`] = name
    values[':none'] = 0
    values[`:${name}`] = by
    sets.push(`#${name} = if_not_exists(#${name}, :none) + :${name}`)
    const limit = by > 0 ? limits[name] : undefined
    if (limit === undefined) continue
    bounds.push({ name, ...limit })
    values[`:${name}Max`] = limit.max
    conditions.push(`#${name} < :${name}Max`)
  }
  for (const [name, value] of Object.entries(change.set ?? {})) {
    names[`#${name}`] = name
    values[`:${name}`] = value
    sets.push(`#${name} = :${name}`)
  }
  // The rights are both read and set.
  if (change.set?.['rights'] !== undefined) {
    values[':was'] = guild.rights
    conditions[1] = '#rights = :was'
  }
  for (const rankId of change.empty ?? []) {
    names[`#in${rankId}`] = `in${rankId}`
    values[':none'] = 0
    conditions.push(`(attribute_not_exists(#in${rankId}) OR #in${rankId} = :none)`)
  }
  for (const rankId of change.sameRoster ? guild.ranks.map((rank) => rank.rankId) : []) {
    names[`#in${rankId}`] = `in${rankId}`
    values[`:was${rankId}`] = countIn(guild, rankId)
    values[':none'] = 0
    const was = `#in${rankId} = :was${rankId}`
    conditions.push(`(${was} OR (attribute_not_exists(#in${rankId}) AND :was${rankId} = :none))`)
  }
  if (sets.length > 0 || change.remove !== undefined) {
    names['#changes'] = 'changes'
    values[':none'] = 0
    values[':one'] = 1
    sets.push('#changes = if_not_exists(#changes, :none) + :one')
  }
  let update = sets.length === 0 ? '' : `SET ${sets.join(', ')}`
  if (change.remove !== undefined) {
    names['#remove'] = change.remove
    update += ' REMOVE #remove'
  }
  const key = guildKey({ realmId, guildId: guild.guildId })
  const condition = conditions.join(' AND ')
  const bound = { table: 'core' as const, key, condition, names, values }
  return {
    write: update === '' ? { check: bound } : { update: { ...bound, update: update.trim() } },
    otherwise: (row) =>
      bounds.find(({ name, max }) => Number(row?.[name] ?? 0) >= max)?.full ?? 'busy',
  }
}

/** The guild and its name, when both are new. */
export function foundGuild(
  realmId: string,
  guild: { guildId: string; name: string; [attribute: string]: Value },
): GuildStep[] {
  const { guildId } = guild
  const row = { ...guild, ...guildKey({ realmId, guildId }), v: 1 }
  return [
    { write: takeName(realmId, guild), otherwise: 'guild.name_taken' },
    { write: { put: { table: 'core', item: row, condition: missing } } },
  ]
}

/** Fails when another guild has it. */
export function takeName(
  realmId: string,
  { guildId, name }: Pick<GuildRow, 'guildId' | 'name'>,
): Write {
  const item = { ...nameKey(realmId, name), v: 1, guildId }
  return { put: { table: 'core', item, condition: missing } }
}

/** Its name is free. */
export function freeName(realmId: string, { guildId, name }: GuildRow): Write {
  return {
    delete: {
      table: 'core',
      key: nameKey(realmId, name),
      condition: 'guildId = :guild',
      values: { ':guild': guildId },
    },
  }
}

/** A character that is in no guild is in this one. */
export function addMember(of: GuildIn, row: MemberRow): GuildStep[] {
  const { guildId } = of
  const { characterId } = row
  const item = { ...memberKey(of, characterId), v: 1, ...row }
  const pointer = { ...pointerKey({ ...of, characterId }), v: 1, guildId }
  return [
    { write: { put: { table: 'core', item, condition: missing } } },
    { write: { put: { table: 'core', item: pointer, condition: missing } } },
  ]
}

/** A member whose rank is what was read is one no more. */
export function dropMember(of: GuildIn, { characterId, rankId }: MemberRow): Write[] {
  return [
    {
      delete: {
        table: 'core',
        key: memberKey(of, characterId),
        condition: 'rankId = :rank',
        values: { ':rank': rankId },
      },
    },
    {
      delete: {
        table: 'core',
        key: pointerKey({ ...of, characterId }),
        condition: 'guildId = :guild',
        values: { ':guild': of.guildId },
      },
    },
  ]
}

/** Fails when the member is gone or has another rank. */
export function stillHasRank(of: GuildIn, { characterId, rankId }: MemberRow): Write {
  return {
    check: {
      table: 'core',
      key: memberKey(of, characterId),
      condition: 'rankId = :rank',
      values: { ':rank': rankId },
    },
  }
}

/** Fails when the character is not a member. */
export function stillMember(of: GuildIn, characterId: string): Write {
  return { check: { table: 'core', key: memberKey(of, characterId), condition: there } }
}

/** From the rank that was read to another one. */
export function giveRank(of: GuildIn, { characterId, rankId }: MemberRow, to: number): Write {
  return {
    update: {
      table: 'core',
      key: memberKey(of, characterId),
      update: 'SET rankId = :to',
      condition: 'rankId = :rank',
      values: { ':rank': rankId, ':to': to },
    },
  }
}

/** Fails when it is no member. */
export function nameMember(of: GuildIn, characterId: string, name: string): Write {
  return nameWrite(memberKey(of, characterId), name)
}

/** Another name for what a row is of. Fails when there is none. */
export function nameWrite(key: Key, name: string): Write {
  const names = { '#name': 'name' }
  const values = { ':name': name }
  const update = 'SET #name = :name'
  return { update: { table: 'core', key, update, condition: there, names, values } }
}

/** An entry of the log; the guild's count is another write. */
export function logWrite(
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  of: GuildIn,
  entry: LogEntry,
): Write {
  const [logId, at] = [newId(runtime), runtime.now()]
  const { by, rank: to, ...rest } = entry
  const more = { ...(by === undefined ? {} : { by }), ...(to === undefined ? {} : { rank: to }) }
  const item = {
    pk: guildPartition(of),
    sk: logPosition(at, logId),
    v: 1,
    logId,
    at,
    ...rest,
    ...more,
    expires: expiresAt(at + guildLogKeptMs),
  }
  return { put: { table: 'core', item } }
}
