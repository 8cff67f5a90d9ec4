// The rows of tallies and the effects that change them. A total changes in one transaction with its place in
// the ranked list, so the list has each subject exactly once and in order. In `core`:
//   R#<realm>#GAME#TALLY#OF#<subject>                 <tally>   the total of a character or an account
//   R#<realm>#GAME#TALLY#RANK#<tally>.<version>#<shard>  <place>   an entry of the ranked list
//
// A place is  <2^53 - 1 - total, 17 digits>#<Unix ms of the change, 15 digits>#<16 characters of the subject's hash>
// so the order of the keys is that of the list: the highest total first, and of equal ones who had it first.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { talliesMax, tallyShards } from '../limits.ts'
import { tallyAdd } from '../rules/tally.ts'
import type { Tally, TallyTotal } from '../rules/tally.ts'
import type { Step } from '../store/commit.ts'
import { readRow } from '../store/row.ts'
import { StoreError } from '../store/store.ts'
import type { Item, Key, Store, Write } from '../store/store.ts'
import { effect } from './effect.ts'
import type { EffectKind, EffectRequest } from './effect.ts'
import { gameKey } from './game.ts'
import type { Game } from './game.ts'

const totalRow = z.object({
  sk: z.string(),
  /** Of the tally. */
  version: z.int(),
  total: z.int(),
  /** Rises with each change, for good. */
  changes: z.int(),
  /** Unix ms of the last change. */
  at: z.int(),
  /** An entry of the list is there. */
  ranked: z.boolean(),
})
type TotalRow = z.infer<typeof totalRow>

/** An entry of a ranked list. `name`: as it was when the total changed last. */
export const rankRow = z.object({
  sk: z.string(),
  total: z.int(),
  characterId: z.string(),
  name: z.string(),
})

/** A character's id or an account's. */
const totalsPartition = (realmId: string, subject: string) =>
  gameKey(realmId, `TALLY#OF#${subject}`)

export function rankPartition(
  realmId: string,
  tally: Pick<Tally, 'name' | 'version'>,
  shard: number,
): string {
  return gameKey(realmId, `TALLY#RANK#${tally.name}.${tally.version}#${shard}`)
}

/** The key of the entry that a row of `subject` has in its list. */
function rankKey(realmId: string, subject: string, row: Omit<TotalRow, 'changes' | 'ranked'>): Key {
  const hash = createHash('sha256').update(subject).digest()
  const below = BigInt(Number.MAX_SAFE_INTEGER) - BigInt(row.total)
  return {
    pk: rankPartition(realmId, { ...row, name: row.sk }, hash[0]! % tallyShards),
    sk: [
      String(below).padStart(17, '0'),
      String(row.at).padStart(15, '0'),
      hash.toString('base64url').slice(0, 16),
    ].join('#'),
  }
}

type Request = EffectRequest<z.infer<typeof tallyAdd>>

/** The effect that adds to a tally. Refused: `tally.full`, `tally.over` (a higher version has begun). */
export function tallyEffect(tally: Tally): EffectKind {
  const subjectOf = (of: Request) => (tally.per === 'account' ? of.accountId : of.characterId)

  /** The row before; and after, if it holds the total. */
  function change({ body, now }: Request, item: Item | undefined) {
    const before = readRow(totalRow, item)
    const going = before?.version === tally.version ? before.total : 0
    const after: TotalRow = {
      sk: tally.name,
      version: tally.version,
      // Both are safe, so a sum that is not exact is not safe either.
      total: going + body.add,
      changes: (before?.changes ?? 0) + 1,
      at: Math.floor(now),
      ranked: tally.ranked,
    }
    return { before, after }
  }

  return effect<z.infer<typeof tallyAdd>>({
    kind: tally.kind,
    body: tallyAdd,
    reads: (request) => [
      { pk: totalsPartition(request.realmId, subjectOf(request)), sk: tally.name },
    ],
    steps(request, [item]) {
      const { realmId, characterId, name } = request
      const subject = subjectOf(request)
      const { before, after } = change(request, item)
      if (before !== undefined && before.version > tally.version) return { refused: 'tally.over' }
      if (!Number.isSafeInteger(after.total)) return { refused: 'tally.full' }
      const entry = {
        ...rankKey(realmId, subject, after),
        v: 1,
        total: after.total,
        characterId,
        name,
      }
      const writes: Write[] = [
        {
          put: {
            table: 'core',
            item: { pk: totalsPartition(realmId, subject), v: 1, ...after },
            ...asRead(before),
          },
        },
        ...(before?.ranked ? [rankDelete(realmId, subject, before)] : []),
        ...(after.ranked ? [{ put: { table: 'core' as const, item: entry } }] : []),
      ]
      return writes.map((write) => ({ write }))
    },
    answer(request, [item]) {
      const { total, changes } = change(request, item).after
      return { total, changes }
    },
  })
}

function asRead(row: TotalRow | undefined) {
  return row === undefined
    ? { condition: 'attribute_not_exists(pk)' }
    : { condition: 'changes = :read', values: { ':read': row.changes } }
}

function rankDelete(realmId: string, subject: string, row: TotalRow): Write {
  return { delete: { table: 'core', key: rankKey(realmId, subject, row) } }
}

/** All totals of a subject. One trip. */
async function readRows(store: Store, realmId: string, subject: string): Promise<TotalRow[]> {
  const { items } = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': totalsPartition(realmId, subject) },
    consistent: true,
  })
  return items.map((item) => readRow(totalRow, item))
}

/** The totals of a character or an account, of those tallies. One trip. */
export async function readTotals(
  store: Store,
  realmId: string,
  subject: string,
  tallies: readonly Tally[],
): Promise<(TallyTotal & { tally: string })[]> {
  const rows = await readRows(store, realmId, subject)
  return tallies.map(({ name, version }) => {
    const row = rows.find(({ sk }) => sk === name)
    const total = row?.version === version ? row.total : 0
    return { tally: name, total, changes: row?.changes ?? 0 }
  })
}

/**
 * Takes a character that is deleted out of all ranked lists; its totals stay. The steps go into the transaction
 * that deletes it, after which nobody adds to them. A step is `busy` if a host has just done so. One trip.
 */
export async function unrankSteps(
  store: Store,
  realmId: string,
  characterId: string,
): Promise<Step<never>[]> {
  const rows = await readRows(store, realmId, characterId)
  return (
    rows
      .filter(({ ranked }) => ranked)
      // A transaction has room for so many. Only a game that has given up tallies has more.
      .sort((a, b) => b.at - a.at)
      .slice(0, talliesMax)
      .flatMap((row) => [
        {
          write: {
            update: {
              table: 'core' as const,
              key: { pk: totalsPartition(realmId, characterId), sk: row.sk },
              update: 'SET ranked = :no',
              condition: 'changes = :read',
              values: { ':no': false, ':read': row.changes },
            },
          },
        },
        { write: rankDelete(realmId, characterId, row) },
      ])
  )
}

/** All totals of a character or an account, also of tallies that a game has given up. One trip. */
export async function totalsOf(
  store: Store,
  realmId: string,
  subject: string,
): Promise<(TallyTotal & { tally: string })[]> {
  const rows = await readRows(store, realmId, subject)
  return rows.map(({ sk, total, changes }) => ({ tally: sk, total, changes }))
}

/** Deletes them, and their places in ranked lists. Throws StoreError; safe to repeat. */
export async function eraseTotals(store: Store, realmId: string, subject: string): Promise<void> {
  for (const row of await readRows(store, realmId, subject)) {
    const key = { pk: totalsPartition(realmId, subject), sk: row.sk }
    const same = { condition: 'changes = :read', values: { ':read': row.changes } }
    await store.transact([
      { delete: { table: 'core', key, ...same } },
      ...(row.ranked ? [rankDelete(realmId, subject, row)] : []),
    ])
  }
}

/** A character has another name: its places in ranked lists show it. Throws StoreError; safe to repeat. */
export async function followName(
  store: Store,
  { realmId, characterId, to }: { realmId: string; characterId: string; to: string },
): Promise<void> {
  for (const row of await readRows(store, realmId, characterId)) {
    if (!row.ranked) continue
    try {
      await store.update({
        table: 'core',
        key: rankKey(realmId, characterId, row),
        update: 'SET #name = :to',
        condition: 'attribute_exists(pk)',
        names: { '#name': 'name' },
        values: { ':to': to },
      })
    } catch (error) {
      // A host has added to the tally, with the name of now.
      if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    }
  }
}

/** The effects that a game has registered, those of its tallies among them, by kind. */
export function effectKindsOf(game: Pick<Game, 'effects' | 'tallies'>): Map<string, EffectKind> {
  const kinds = [...(game.effects ?? []), ...(game.tallies ?? []).map(tallyEffect)]
  return new Map(kinds.map((one) => [one.kind, one]))
}
