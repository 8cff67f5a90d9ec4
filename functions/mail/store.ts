// Rows of mail, in `core`. All of them expire with their letter.
//   R#<realm>#MAIL#<character>  L#<slot>         the head of a letter; of one to all: what he did with it
//   R#<realm>#MAIL#<character>  T#<slot>         the text of a letter
//   R#<realm>#MAIL#<character>  U#<account>#<n>  a place of one player's unread letters, taken by a letter
//   R#<realm>#MAIL#ALL          L#<slot>, T#<slot>   a letter to all of the realm
//
// A slot or a place is taken by a condition on its own row, so bounds hold however many write at once.
//
// Attachments will be places of value that name their letter, and the row of such a letter will have a higher
// version and no `expires`. Until then nothing here has value. Code of this version neither deletes a row of a
// higher one nor takes its slot.
import * as z from 'zod'
import { letterFrom } from '#shared/api/mail.ts'
import type { LetterFrom, LetterHead, WrittenLetter } from '#shared/api/mail.ts'
import { letterKeptDays, lettersUnreadOfOneMax } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt, live } from '#shared/store/store.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import { isToAll, slotOf } from './box.ts'
import type { Handled, RealmHead } from './box.ts'

const version = 1

/** Unix s at which the row goes, where it has value never. */
const expires = z.int().optional()

const letterRow = z.object({
  letterId: z.string(),
  from: letterFrom,
  subject: z.string(),
  at: z.int(),
  read: z.boolean(),
  /** The place of its writer that it takes while it is unread. */
  place: z.int().optional(),
  expires,
})
const realmRow = letterRow.omit({ read: true, place: true })
const textRow = z.object({ letterId: z.string(), text: z.string() })
const handledRow = z.object({ letterId: z.string(), state: z.enum(['read', 'deleted']), expires })
/** `lost`: the letter went nowhere, because its writer was blocked. */
const placeRow = z.object({ n: z.int(), letterId: z.string(), lost: z.boolean() })

export type OwnLetter = LetterHead & { place?: number | undefined }
export type Place = z.infer<typeof placeRow>

/** The partition of a character's inbox, and of the letters to all. */
export type Box = string
export const boxOf = (realmId: string, characterId: string): Box =>
  `R#${realmId}#MAIL#${characterId}`
export const boxOfAll = (realmId: string): Box => `R#${realmId}#MAIL#ALL`

const hex = (slot: number) => slot.toString(16).padStart(2, '0')
const headKey = (pk: Box, letterId: string): Key => ({ pk, sk: `L#${hex(slotOf(letterId))}` })
const textKey = (pk: Box, letterId: string): Key => ({ pk, sk: `T#${hex(slotOf(letterId))}` })
const placesOf = (accountId: string) => `U#${accountId}#`
const placeKey = (pk: Box, accountId: string, n: number): Key => ({
  pk,
  sk: `${placesOf(accountId)}${n}`,
})

const dayMs = 24 * 60 * 60 * 1000
const secondsOf = (ms: number) => Math.floor(ms / 1000)

/** The moment of a letter that comes now, and the `expires` of its rows. */
export function timesOf(now: number, days = letterKeptDays): { at: number; expires: number } {
  return { at: now, expires: expiresAt(now + days * dayMs) }
}

/** The moment at which a letter is gone. One that has no end in this version: never, for now. */
export function untilOf(row: { expires?: number | undefined }): number {
  return row.expires === undefined ? Number.MAX_SAFE_INTEGER : row.expires * 1000
}

function ownHead(item: Item): OwnLetter {
  const { expires: seconds, ...row } = readRow(letterRow, item)
  return { ...row, to: 'you', until: untilOf({ expires: seconds }) }
}

function realmHead(item: Item): RealmHead {
  const { expires: seconds, ...row } = readRow(realmRow, item)
  return { ...row, to: 'all', until: untilOf({ expires: seconds }) }
}

const isHandled = ({ sk }: Item) => Number.parseInt(sk.slice(2), 16) >= 0x80

/** Heads of an inbox, and what its character did with letters to all. One trip. */
export async function readBox(
  store: Store,
  box: Box,
  now: number,
): Promise<{ letters: OwnLetter[]; handled: Handled[]; taken: Set<number> }> {
  const items = await queryRows(store, box, 'L#', now)
  const letters = items.filter((item) => !isHandled(item)).map(ownHead)
  return {
    letters,
    handled: items.filter(isHandled).map((item) => readRow(handledRow, item)),
    taken: new Set(letters.map(({ letterId }) => slotOf(letterId))),
  }
}

/**
 * Heads of the letters to all of a realm; `fresh`: of this moment, else perhaps of a second ago. Every inbox that
 * is looked at reads this one partition, and a read that may be late costs half. One trip.
 */
export async function readToAll(
  store: Store,
  realmId: string,
  now: number,
  { fresh }: { fresh: boolean },
): Promise<RealmHead[]> {
  return (await queryRows(store, boxOfAll(realmId), 'L#', now, fresh)).map(realmHead)
}

/** The places of unread letters that a player has taken in an inbox. One trip. */
export async function readPlaces(
  store: Store,
  box: Box,
  accountId: string,
  now: number,
): Promise<Place[]> {
  const items = await queryRows(store, box, placesOf(accountId), now)
  return items.map((item) => readRow(placeRow, item))
}

async function queryRows(
  store: Store,
  box: Box,
  begin: string,
  now: number,
  consistent = true,
): Promise<Item[]> {
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk AND begins_with(sk, :begin)',
    values: { ':pk': box, ':begin': begin },
    consistent,
  })
  return page.items.filter((item) => live(item, now) !== undefined)
}

async function getRow(store: Store, key: Key, letterId: string, now: number) {
  const item = live(await store.get({ table: 'core', key, consistent: true }), now)
  return item?.['letterId'] === letterId ? item : undefined
}

/** The head of one letter of an inbox; undefined when there is none. One trip. */
export async function readHead(
  store: Store,
  box: Box,
  letterId: string,
  now: number,
): Promise<OwnLetter | undefined> {
  if (isToAll(letterId)) return undefined
  const item = await getRow(store, headKey(box, letterId), letterId, now)
  return item && ownHead(item)
}

/** The head of one letter to all. One trip. */
export async function readRealmHead(
  store: Store,
  realmId: string,
  letterId: string,
  now: number,
): Promise<RealmHead | undefined> {
  if (!isToAll(letterId)) return undefined
  const item = await getRow(store, headKey(boxOfAll(realmId), letterId), letterId, now)
  return item && realmHead(item)
}

/** What a character did with a letter to all. One trip. */
export async function readHandled(
  store: Store,
  box: Box,
  letterId: string,
  now: number,
): Promise<Handled | undefined> {
  return readRow(handledRow, await getRow(store, headKey(box, letterId), letterId, now))
}

/** One trip. */
export async function readText(
  store: Store,
  box: Box,
  letterId: string,
  now: number,
): Promise<string | undefined> {
  return readRow(textRow, await getRow(store, textKey(box, letterId), letterId, now))?.text
}

const unused = 'attribute_not_exists(pk) OR expires <= :now'

/** A letter into its slot. The first write fails when the slot is taken. */
export function putLetter(
  box: Box,
  letter: WrittenLetter & {
    letterId: string
    from: LetterFrom
    at: number
    expires: number
    place?: number
  },
): Write[] {
  const { text, ...head } = letter
  const { letterId, at, expires: ends } = letter
  const row = isToAll(letterId) ? head : { ...head, read: false }
  return [
    {
      put: {
        table: 'core',
        item: { ...headKey(box, letterId), v: version, ...row },
        condition: unused,
        values: { ':now': secondsOf(at) },
      },
    },
    {
      put: {
        table: 'core',
        item: { ...textKey(box, letterId), v: version, letterId, text, expires: ends },
      },
    },
  ]
}

/** The number of a place that is free for one more letter; undefined when all are taken. */
export function freePlace(taken: readonly Place[], blocked: boolean): number | undefined {
  const counts = new Set(taken.filter(({ lost }) => blocked || !lost).map(({ n }) => n))
  for (let n = 0; n < lettersUnreadOfOneMax; n++) if (!counts.has(n)) return n
  return undefined
}

/**
 * Takes a place, if it is free. The places of lost letters are free again for a player who is not blocked any
 * more.
 */
export function takePlace(
  box: Box,
  accountId: string,
  place: Place & { at: number; expires: number },
): Write {
  const { n, letterId, lost, at, expires: ends } = place
  const condition = lost ? unused : `${unused} OR lost = :lost`
  const values = { ':now': secondsOf(at), ...(lost ? {} : { ':lost': true }) }
  const item = { ...placeKey(box, accountId, n), v: version, n, letterId, lost, expires: ends }
  return { put: { table: 'core', item, condition, values } }
}

/**
 * Gives the place of a letter back that was unread. It fails when another request has done so: of two that mark or
 * delete an unread letter at once, one looks anew.
 */
function freeItsPlace(box: Box, { from, place, read, letterId }: OwnLetter): Write[] {
  if (read || place === undefined || from.kind !== 'player') return []
  const key = placeKey(box, from.playerId, place)
  const condition = 'letterId = :id'
  return [{ delete: { table: 'core', key, condition, values: { ':id': letterId } } }]
}

export function markLetter(box: Box, letter: OwnLetter): Write[] {
  const { letterId } = letter
  return [
    {
      update: {
        table: 'core',
        key: headKey(box, letterId),
        update: 'SET #read = :read',
        condition: 'letterId = :id',
        names: { '#read': 'read' },
        values: { ':id': letterId, ':read': true },
      },
    },
    ...freeItsPlace(box, letter),
  ]
}

export function deleteLetter(box: Box, letter: OwnLetter): Write[] {
  return [...deleteRows(box, letter.letterId), ...freeItsPlace(box, letter)]
}

/** Takes a letter to all back. */
export function deleteToAll(realmId: string, letterId: string): Write[] {
  return deleteRows(boxOfAll(realmId), letterId)
}

/** Head and text. It fails when the letter is not there any more, or its row is of a higher version. */
function deleteRows(box: Box, letterId: string): Write[] {
  return [
    {
      delete: {
        table: 'core',
        key: headKey(box, letterId),
        condition: 'letterId = :id AND #v = :v',
        names: { '#v': 'v' },
        values: { ':id': letterId, ':v': version },
      },
    },
    { delete: { table: 'core', key: textKey(box, letterId) } },
  ]
}

/** Notes what a character does with a letter to all. Deleted stays deleted. */
export function handle(box: Box, head: RealmHead, state: Handled['state']): Write {
  const { letterId, until } = head
  return {
    put: {
      table: 'core',
      item: {
        ...headKey(box, letterId),
        v: version,
        letterId,
        state,
        expires: expiresAt(until),
      },
      condition: 'attribute_not_exists(pk) OR letterId <> :id OR #state = :read',
      names: { '#state': 'state' },
      values: { ':id': letterId, ':read': 'read' },
    },
  }
}
