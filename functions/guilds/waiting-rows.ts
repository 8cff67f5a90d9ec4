// Rows of what waits: invites and applications. Each lies with the guild and with the character, both written in one
// transaction with the counts of the two.
//   R#<realm>#GUILD#<guild>       W#<character>    an invite or an application
//   R#<realm>#GUILDS#<character>  W#<guild>        the same
//   R#<realm>#GUILDS#<character>  COUNT            how many of each wait
import * as z from 'zod'
import { guildApplicationsPerCharacterMax, guildInvitesPerCharacterMax } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import type { GuildRefusal } from './rights.ts'
import {
  characterPartition,
  get,
  guildPartition,
  listOf,
  missing,
  nameWrite,
  there,
} from './store.ts'
import type { CharacterIn, GuildIn, GuildStep } from './store.ts'

export const waitingRow = z.object({
  guildId: z.string(),
  guild: z.string(),
  characterId: z.string(),
  accountId: z.string(),
  name: z.string(),
  kind: z.enum(['invite', 'application']),
  at: z.int(),
  until: z.int(),
  /** Who has invited. */
  byAccountId: z.string().optional(),
  byCharacterId: z.string().optional(),
})

export type WaitingRow = z.infer<typeof waitingRow>

const waitingKeys = (realmId: string, guildId: string, characterId: string): [Key, Key] => [
  { pk: guildPartition({ realmId, guildId }), sk: `W#${characterId}` },
  { pk: characterPartition({ realmId, characterId }), sk: `W#${guildId}` },
]

const countKey = (of: CharacterIn): Key => ({ pk: characterPartition(of), sk: 'COUNT' })

export function parseWaiting(item: Item): WaitingRow {
  return readRow(waitingRow, item)
}

/** One trip. */
export async function readWaiting(
  store: Store,
  of: GuildIn,
  characterId: string,
): Promise<WaitingRow | undefined> {
  const [key] = waitingKeys(of.realmId, of.guildId, characterId)
  return readRow(waitingRow, await get(store, key))
}

const countRow = z.object({
  invites: z.int().default(0),
  applications: z.int().default(0),
})

/** How many invites and applications of a character wait. One trip. */
export async function readCounts(store: Store, of: CharacterIn): Promise<z.infer<typeof countRow>> {
  return countRow.parse((await get(store, countKey(of))) ?? {})
}

/** What waits in a guild. */
export function waitingOf(of: GuildIn) {
  return listOf('guilds.waiting', waitingRow, guildPartition(of), 'W#', (row) => row.characterId)
}

/** What waits for a character. */
export function waitingFor(of: CharacterIn) {
  return listOf('guilds.invites', waitingRow, characterPartition(of), 'W#', (row) => row.guildId)
}

/** Both rows of what waits. Fails when it waits no more. */
export function nameWaiting(realmId: string, row: WaitingRow, name: string): Write[] {
  const keys = waitingKeys(realmId, row.guildId, row.characterId)
  return keys.map((key) => nameWrite(key, name))
}

const listed = { invite: 'invites', application: 'applications' } as const
const mostOf = {
  invite: guildInvitesPerCharacterMax,
  application: guildApplicationsPerCharacterMax,
}

/** Something waits, where nothing did. `full`: why not, when the character has too many. */
export function addWaiting(realmId: string, row: WaitingRow, full: GuildRefusal): GuildStep[] {
  const { guildId, characterId, kind } = row
  const puts = waitingKeys(realmId, guildId, characterId).map((key): GuildStep => {
    const item = Object.fromEntries(
      Object.entries({ ...key, v: 1, ...row }).filter(([, value]) => value !== undefined),
    ) as Item
    return { write: { put: { table: 'core', item, condition: missing } } }
  })
  const count = {
    update: {
      table: 'core' as const,
      key: countKey({ realmId, characterId }),
      update: 'SET #v = :v, #kind = if_not_exists(#kind, :none) + :one',
      condition: 'attribute_not_exists(#kind) OR #kind < :max',
      names: { '#v': 'v', '#kind': listed[kind] },
      values: { ':v': 1, ':none': 0, ':one': 1, ':max': mostOf[kind] },
    },
  }
  return [...puts, { write: count, otherwise: full }]
}

/** It does not wait any more; the guild's count is another write. */
export function dropWaiting(realmId: string, row: WaitingRow): Write[] {
  const { guildId, characterId, kind, at } = row
  const deletes = waitingKeys(realmId, guildId, characterId).map((key): Write => {
    const same = { condition: '#at = :at AND kind = :kind', names: { '#at': 'at' } }
    return { delete: { table: 'core', key, ...same, values: { ':at': at, ':kind': kind } } }
  })
  return [
    ...deletes,
    {
      update: {
        table: 'core',
        key: countKey({ realmId, characterId }),
        update: 'SET #kind = #kind - :one',
        condition: there,
        names: { '#kind': listed[kind] },
        values: { ':one': 1 },
      },
    },
  ]
}

/** The attribute in which a guild counts what waits. */
export const countOf = ({ kind }: WaitingRow) => listed[kind]

/** Whether a character has as many of a kind as it may have. */
export function hasMost(counts: z.infer<typeof countRow>, kind: WaitingRow['kind']): boolean {
  return counts[listed[kind]] >= mostOf[kind]
}

/** Both rows have another name of the guild, if they still wait. */
export async function nameWaitingGuild(
  store: Store,
  realmId: string,
  { guildId, characterId }: WaitingRow,
  guild: string,
): Promise<void> {
  const writes = waitingKeys(realmId, guildId, characterId).map((key): Write => ({
    update: {
      table: 'core',
      key,
      update: 'SET guild = :guild',
      condition: there,
      values: { ':guild': guild },
    },
  }))
  try {
    await store.transact(writes)
  } catch (error) {
    // It waits no more.
    if (!(error instanceof StoreError) || !error.reasons.includes('condition')) throw error
  }
}
