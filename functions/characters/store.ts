// Rows of the character list, in `core`. What a character is in the world stands in rows of its own
// (shared/ownership/guard.ts), which these only follow.
//   R#<realm>#A#<account>  C#<character>  one entry of the list
//   R#<realm>#A#<account>  COUNT          how many there are, so that a limit holds in a transaction
import * as z from 'zod'
import type { Character } from '#shared/api/characters.ts'
import { charactersKeptPerRealm, charactersPerRealm } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'

const listRow = z.object({
  characterId: z.string(),
  name: z.string(),
  race: z.string(),
  job: z.string(),
  /** The zone it began in; where it stands now is known to its own rows. */
  zone: z.string(),
  createdAt: z.int(),
})

/** A deleted one too, and what it was called before. */
const keptRow = listRow.extend({
  deletedAt: z.int().optional(),
  /** By its player; an operator's rename does not count. */
  renamedAt: z.int().optional(),
  /** What it was called, and until when; while who copies its name may not know the new one (renaming.ts). */
  untold: z.object({ name: z.string(), at: z.int() }).optional(),
  /** Names that it had, each held for it until then (Unix ms). */
  held: z.array(z.object({ name: z.string(), until: z.int() })).default([]),
})

export type KeptCharacter = z.infer<typeof keptRow>

/** An account in a realm. */
export type Owner = { realmId: string; accountId: string }

export const listPartition = ({ realmId, accountId }: Owner) => `R#${realmId}#A#${accountId}`
const entryKey = (owner: Owner, characterId: string): Key => ({
  pk: listPartition(owner),
  sk: `C#${characterId}`,
})
const countKey = (owner: Owner): Key => ({ pk: listPartition(owner), sk: 'COUNT' })

/** Those that are not deleted, oldest first. One trip: what an account may keep fits into one page. */
export async function readCharacters(store: Store, owner: Owner): Promise<KeptCharacter[]> {
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk AND begins_with(sk, :entries)',
    filter: 'attribute_not_exists(deletedAt)',
    values: { ':pk': listPartition(owner), ':entries': 'C#' },
    limit: charactersKeptPerRealm,
    consistent: true,
  })
  return page.items
    .map((item) => readRow(keptRow, item))
    .sort((a, b) => a.createdAt - b.createdAt || (a.characterId < b.characterId ? -1 : 1))
}

/** One of an account's, deleted or not. One trip. */
export async function readCharacter(
  store: Store,
  owner: Owner,
  characterId: string,
): Promise<KeptCharacter | undefined> {
  const key = entryKey(owner, characterId)
  return readRow(keptRow, await store.get({ table: 'core', key, consistent: true }))
}

/** Deleted ones too, by their ids. One trip: what an account may keep fits into one page. */
export async function readAllCharacters(store: Store, owner: Owner): Promise<KeptCharacter[]> {
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk AND begins_with(sk, :entries)',
    values: { ':pk': listPartition(owner), ':entries': 'C#' },
    limit: charactersKeptPerRealm,
    consistent: true,
  })
  return page.items.map((item) => readRow(keptRow, item))
}

/** One more, within the limits. */
export function countUp(owner: Owner): Write {
  return {
    update: {
      table: 'core',
      key: countKey(owner),
      update:
        'SET #v = :v, #live = if_not_exists(#live, :none) + :one, #kept = if_not_exists(#kept, :none) + :one',
      condition: 'attribute_not_exists(pk) OR (#live < :liveMax AND #kept < :keptMax)',
      names: { '#v': 'v', '#live': 'live', '#kept': 'kept' },
      values: {
        ':v': 1,
        ':none': 0,
        ':one': 1,
        ':liveMax': charactersPerRealm,
        ':keptMax': charactersKeptPerRealm,
      },
    },
  }
}

/** One less to play; it is still kept. */
export function countDown(owner: Owner): Write {
  return {
    update: {
      table: 'core',
      key: countKey(owner),
      update: 'SET #live = #live - :one',
      condition: '#live > :none',
      names: { '#live': 'live' },
      values: { ':one': 1, ':none': 0 },
    },
  }
}

export function addToList(owner: Owner, character: Character): Write {
  return {
    put: {
      table: 'core',
      condition: 'attribute_not_exists(pk)',
      item: { ...entryKey(owner, character.characterId), v: 1, ...character },
    },
  }
}

export async function removeFromList(
  store: Store,
  owner: Owner,
  characterId: string,
): Promise<void> {
  await store.delete({ table: 'core', key: entryKey(owner, characterId) })
}

/** Another name for one that is as it was read, and is not deleted. */
export function renameInList(
  owner: Owner,
  read: KeptCharacter,
  to: Pick<KeptCharacter, 'name' | 'renamedAt' | 'held'> & { at: number },
): Write {
  const { renamedAt, at } = to
  return {
    update: {
      table: 'core',
      key: entryKey(owner, read.characterId),
      update: `SET #name = :name, held = :held, untold = :untold${renamedAt === undefined ? '' : ', renamedAt = :now'}`,
      condition:
        'attribute_not_exists(deletedAt) AND #name = :was AND attribute_not_exists(untold)',
      names: { '#name': 'name' },
      values: {
        ':name': to.name,
        ':held': to.held.map((one) => ({ ...one })),
        ':was': read.name,
        ':untold': { name: read.name, at },
        ...(renamedAt === undefined ? {} : { ':now': renamedAt }),
      },
    },
  }
}

/** All who copy its name know the present one. */
export function markTold(owner: Owner, { characterId, name }: KeptCharacter): Write {
  return {
    update: {
      table: 'core',
      key: entryKey(owner, characterId),
      update: 'REMOVE untold',
      condition: '#name = :name',
      names: { '#name': 'name' },
      values: { ':name': name },
    },
  }
}

/** One that was deleted at that moment is there again. */
export function markRestored(owner: Owner, characterId: string, deletedAt: number): Write {
  return {
    update: {
      table: 'core',
      key: entryKey(owner, characterId),
      update: 'REMOVE deletedAt',
      condition: 'deletedAt = :at',
      values: { ':at': deletedAt },
    },
  }
}

/** One more to play of those that are kept. */
export function countRestored(owner: Owner): Write {
  return {
    update: {
      table: 'core',
      key: countKey(owner),
      update: 'SET #live = #live + :one',
      condition: '#live < :max',
      names: { '#live': 'live' },
      values: { ':one': 1, ':max': charactersPerRealm },
    },
  }
}

/** Fails, in a transaction, when the character is deleted. */
export function notDeleted(owner: Owner, characterId: string): Write {
  return {
    check: {
      table: 'core',
      key: entryKey(owner, characterId),
      condition: 'attribute_exists(pk) AND attribute_not_exists(deletedAt)',
    },
  }
}

export function markDeleted(owner: Owner, characterId: string, now: number): Write {
  return {
    update: {
      table: 'core',
      key: entryKey(owner, characterId),
      update: 'SET deletedAt = :now',
      condition: 'attribute_exists(pk) AND attribute_not_exists(deletedAt)',
      values: { ':now': now },
    },
  }
}
