// Rows of the character list, in `core`. What a character is in the world stands in rows of its own
// (shared/ownership/guard.ts), which these only follow.
//   R#<realm>#A#<account>  C#<character>  one entry of the list
//   R#<realm>#A#<account>  COUNT          how many there are, so that a limit holds in a transaction
//   R#<realm>#NAME#<looks>  NAME          whose name it is (shared/rules/looks.ts)
import * as z from 'zod'
import type { Character } from '#shared/api/characters.ts'
import { charactersKeptPerRealm, charactersPerRealm } from '#shared/limits.ts'
import { looksOf } from '#shared/rules/looks.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError } from '#shared/store/store.ts'
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

const ownerRow = z.object({ accountId: z.string(), characterId: z.string() })

/** A deleted one too, and what it was called before. */
const keptRow = listRow.extend({
  deletedAt: z.int().optional(),
  renamedAt: z.int().optional(),
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
export async function readCharacters(store: Store, owner: Owner): Promise<Character[]> {
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk AND begins_with(sk, :entries)',
    filter: 'attribute_not_exists(deletedAt)',
    values: { ':pk': listPartition(owner), ':entries': 'C#' },
    limit: charactersKeptPerRealm,
    consistent: true,
  })
  return page.items
    .map((item) => readRow(listRow, item))
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

/** A name is taken under its looks. */
const nameKey = (realmId: string, looks: string): Key => ({
  pk: `R#${realmId}#NAME#${looks}`,
  sk: 'NAME',
})

/** What names were taken under before looks counted: their letters. */
const lettersOf = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '')

/** Fails when the name is taken, as any of these. */
export function takeName(owner: Owner, name: string, characterId: string): Write[] {
  const [looks, letters] = [looksOf(name), lettersOf(name)]
  const condition = 'attribute_not_exists(pk)'
  const item = {
    ...nameKey(owner.realmId, looks),
    v: 1,
    characterId,
    accountId: owner.accountId,
  }
  const put: Write = { put: { table: 'core', condition, item } }
  if (letters === looks) return [put]
  return [put, { check: { table: 'core', key: nameKey(owner.realmId, letters), condition } }]
}

/** The name of a character, and names that are held for it, belong to nobody from now on. */
export async function freeNames(
  store: Store,
  { realmId }: Owner,
  { characterId, name, held }: KeptCharacter,
): Promise<void> {
  const forms = [name, ...held.map((one) => one.name)].flatMap((one) => [
    looksOf(one),
    lettersOf(one),
  ])
  for (const form of new Set(forms)) {
    const key = nameKey(realmId, form)
    const values = { ':id': characterId }
    try {
      await store.delete({ table: 'core', key, condition: 'characterId = :id', values })
    } catch (error) {
      // Another character's by now, or nobody's.
      if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    }
  }
}

export async function removeFromList(
  store: Store,
  owner: Owner,
  characterId: string,
): Promise<void> {
  await store.delete({ table: 'core', key: entryKey(owner, characterId) })
}

export type NameOwner = { accountId: string; characterId: string; name: string; deleted: boolean }

/** Whose name looks like this one, and how it is spelled. */
export async function readOwner(
  store: Store,
  realmId: string,
  name: string,
): Promise<NameOwner | undefined> {
  for (const form of new Set([looksOf(name), lettersOf(name)])) {
    const key = nameKey(realmId, form)
    const row = await store.get({ table: 'core', key, consistent: true })
    if (row === undefined) continue
    const { accountId, characterId } = readRow(ownerRow, row)
    const entry = await readCharacter(store, { realmId, accountId }, characterId)
    // The entry is written with the name and never deleted.
    const { name: spelled, deletedAt } = entry!
    return { accountId, characterId, name: spelled, deleted: deletedAt !== undefined }
  }
  return undefined
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
