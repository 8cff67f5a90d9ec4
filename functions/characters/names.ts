// Names of characters, in `core`. A name that a character had before is held for it until the row expires.
//   R#<realm>#NAME#<looks>  NAME          whose name it is (shared/rules/looks.ts)
import * as z from 'zod'
import { looksOf } from '#shared/rules/looks.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError, expiresAt } from '#shared/store/store.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'
import { readCharacter } from './store.ts'
import type { KeptCharacter, Owner } from './store.ts'

const ownerRow = z.object({ accountId: z.string(), characterId: z.string() })

/** A name is taken under its looks. */
const nameKey = (realmId: string, looks: string): Key => ({
  pk: `R#${realmId}#NAME#${looks}`,
  sk: 'NAME',
})

/** What names were taken under before looks counted: their letters. */
const lettersOf = (name: string) => name.toLowerCase().replace(/[^a-z]/g, '')

/**
 * Fails when the name is taken, as any of these. What is held for a character of the same account may be taken, and
 * what was held until now.
 */
export function takeName(owner: Owner, name: string, characterId: string, now: number): Write[] {
  const [looks, letters] = [looksOf(name), lettersOf(name)]
  const free = {
    condition:
      'attribute_not_exists(pk) OR expires <= :now OR (accountId = :account AND attribute_exists(expires))',
    values: { ':now': Math.floor(now / 1000), ':account': owner.accountId },
  }
  const item = {
    ...nameKey(owner.realmId, looks),
    v: 1,
    characterId,
    accountId: owner.accountId,
  }
  const put: Write = { put: { table: 'core', item, ...free } }
  if (letters === looks) return [put]
  return [put, { check: { table: 'core', key: nameKey(owner.realmId, letters), ...free } }]
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

/** The rows under which a name is taken by a character: one, and one of before looks counted. Two trips at once. */
export async function readNameKeys(
  store: Store,
  { realmId }: Owner,
  name: string,
  characterId: string,
): Promise<Key[]> {
  const keys = [...new Set([looksOf(name), lettersOf(name)])].map((form) => nameKey(realmId, form))
  const rows = await Promise.all(
    keys.map((key) => store.get({ table: 'core', key, consistent: true })),
  )
  return keys.filter((_, i) => rows[i]?.['characterId'] === characterId)
}

/** A name of before is held for its character until then. */
export function holdName(key: Key, characterId: string, until: number): Write {
  return {
    update: {
      table: 'core',
      key,
      update: 'SET expires = :until',
      condition: 'characterId = :id',
      values: { ':until': expiresAt(until), ':id': characterId },
    },
  }
}

/** A name is one's own, or is so again. Fails when it is another one's. */
export function keepName(owner: Owner, name: string, characterId: string, now: number): Write {
  return {
    put: {
      table: 'core',
      item: {
        ...nameKey(owner.realmId, looksOf(name)),
        v: 1,
        characterId,
        accountId: owner.accountId,
      },
      condition: 'attribute_not_exists(pk) OR characterId = :id OR expires <= :now',
      values: { ':id': characterId, ':now': Math.floor(now / 1000) },
    },
  }
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
    // Held for one that is called otherwise by now.
    if (row === undefined || row['expires'] !== undefined) continue
    const { accountId, characterId } = readRow(ownerRow, row)
    const entry = await readCharacter(store, { realmId, accountId }, characterId)
    // It is being erased.
    if (entry === undefined) return undefined
    const { name: spelled, deletedAt } = entry
    return { accountId, characterId, name: spelled, deleted: deletedAt !== undefined }
  }
  return undefined
}
