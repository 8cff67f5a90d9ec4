// The rows of the login queue of a realm, all in `volatile`.
//   R#<realm>#LOGIN-QUEUE      QUEUE            how far numbers are given and called: one small row for everybody
//   R#<realm>#LOGIN#<account>  LOGIN            the number of an account that waits
//   R#<realm>#LOGIN-GONE       <group>#<number> a number that nobody has any more, and that was not called yet
//
// Who waits has a number of his group. A number is called when its turn comes: all up to `called` were. So nothing is
// written or read for those who wait, however many they are. The row is written by
// - one process each two seconds, which looks how many players are in the realm (look.ts). It writes what it has
//   changed as a difference, for others count meanwhile;
// - who takes a number, comes in, or gives up: each adds to a count.
import * as z from 'zod'
import { loginGoneMax, loginWaitKeptMs } from '#shared/limits.ts'
import { asRead, readRow } from '#shared/store/row.ts'
import { expiresAt, StoreError } from '#shared/store/store.ts'
import type { Item, Key, Store, Update } from '#shared/store/store.ts'

/** Accounts with priority have numbers of their own. */
export const groups = ['priority', 'others'] as const
export type Group = (typeof groups)[number]
type OfGroups = Record<Group, number>

const ofGroups = z.object({ priority: z.int(), others: z.int() })

/**
 * Turns that were given at about the same time end together. `called`: up to which numbers. `turns`: of those that
 * waited. How many are still to come stands in the row under `open<slot>`.
 */
const batch = z.object({ serial: z.int(), at: z.int(), called: ofGroups, turns: z.int() })
export type Batch = z.infer<typeof batch>

/** Batches that the row has room for: twice as many as live at once. A look begins one at most. */
const batchSlots = 32
/** The slot of a batch that lived at a look has it for so many looks more, so that none is counted in another. */
const slotLooks = 8

const queueRow = z.object({
  /** Tickets of another one are void: this queue began without them. */
  queueId: z.string(),
  /** How often it was looked, and when at last, Unix ms by the clock of the process that did. */
  look: z.int(),
  lookedAt: z.int(),
  /** Time that passed, ms, as far as it was looked at. Turns begin and end by it, and by no clock. */
  time: z.int(),
  /** The last number that was given, was called, and whose turn is over. */
  given: ofGroups,
  called: ofGroups,
  over: ofGroups,
  /** Numbers beyond `called` that nobody has any more. */
  gone: ofGroups,
  /** Who comes now may come in at once, so many. */
  spare: z.int(),
  batches: z.array(batch).min(1),
  /** By slot: turns of that batch that were given and not taken. */
  open: z.record(z.string(), z.int()),
  /** How many came in by a turn. */
  entered: z.int(),
  /** Rises by the share of priority with each turn for which both wait; priority has it at 100. */
  credit: z.int(),
  /** The count of players of the last looks, the newest last; what `entered` was then. */
  players: z.array(z.int()),
  enteredThen: z.int(),
  /** Of players who were lost together: so many places are counted as taken until then (`time`). */
  kept: z.object({ players: z.int(), until: z.int() }),
  /** Room that was left at the last look, beside the spare ones. */
  room: z.int(),
  /**
   * What was seen of how long players stay: departures, in thousandths, and for how long how many were there, ms; and of
   * turns that are over, in thousandths: those not taken.
   */
  seen: z.object({
    departures: z.int(),
    playerMs: z.int(),
    turns: z.int(),
    missed: z.int(),
  }),
  /** When somebody whose turn it is found no host with room, by `time`. */
  blockedAt: z.int().optional(),
})

export type Queue = z.infer<typeof queueRow>

export const slotOf = (serial: number) => `s${serial % batchSlots}`
export const newestOf = ({ batches }: Queue) => batches.at(-1)!

export function waitingIn({ given, called, gone }: Queue, group: Group): number {
  return Math.max(0, given[group] - called[group] - gone[group])
}

function queueKey(realmId: string): Key {
  return { pk: `R#${realmId}#LOGIN-QUEUE`, sk: 'QUEUE' }
}

/** One trip, half a unit. Undefined before anybody has entered. */
export async function readQueue(store: Store, realmId: string): Promise<Queue | undefined> {
  return readRow(queueRow, await store.get({ table: 'volatile', key: queueKey(realmId) }))
}

/** The row of a realm that has none. It never expires: numbers are given once. */
export async function beginQueue(store: Store, realmId: string, queueId: string): Promise<Queue> {
  const none: OfGroups = { priority: 0, others: 0 }
  const queue: Queue = {
    queueId,
    look: 0,
    lookedAt: 0,
    time: 0,
    given: none,
    called: none,
    over: none,
    gone: none,
    spare: 0,
    batches: [{ serial: 1, at: 0, called: none, turns: 0 }],
    open: Object.fromEntries(Array.from({ length: batchSlots }, (_, i) => [slotOf(i), 0])),
    entered: 0,
    credit: 99,
    players: [],
    enteredThen: 0,
    kept: { players: 0, until: 0 },
    room: 0,
    seen: { departures: 0, playerMs: 0, turns: 0, missed: 0 },
  }
  const item: Item = { ...queueKey(realmId), v: 1, ...queue }
  try {
    await store.put({ table: 'volatile', item, condition: 'attribute_not_exists(pk)' })
    return queue
  } catch (error) {
    if (!isRefused(error)) throw error
    const found = await store.get({ table: 'volatile', key: queueKey(realmId), consistent: true })
    return readRow(queueRow, found!)
  }
}

type Change = Pick<Update, 'update' | 'condition' | 'names' | 'values'>

/** Undefined: the condition does not hold. */
async function change(store: Store, realmId: string, by: Change): Promise<Queue | undefined> {
  const { condition = 'attribute_exists(pk)', ...more } = by
  try {
    const key = queueKey(realmId)
    return readRow(queueRow, await store.update({ table: 'volatile', key, condition, ...more }))
  } catch (error) {
    if (isRefused(error)) return undefined
    throw error
  }
}

/** This process looks now, unless another one has begun since. The row as it is now. */
export async function claimLook(store: Store, realmId: string, { look }: Queue, now: number) {
  return await change(store, realmId, {
    update: 'SET #look = :next, lookedAt = :now',
    condition: '#look = :read',
    names: { '#look': 'look' },
    values: { ':next': look + 1, ':read': look, ':now': now },
  })
}

/** What a look found: fields that it alone writes, and differences to counts that others change too. */
export type Found = {
  fields: Omit<
    Queue,
    'queueId' | 'look' | 'lookedAt' | 'given' | 'gone' | 'spare' | 'open' | 'entered' | 'blockedAt'
  >
  spare: number
  passed: OfGroups
  /** Turns that were given to the newest batch; `begun`: it is new, and its slot is emptied. */
  turns: number
  begun: boolean
}

/** Refused when another process has looked since: undefined. */
export async function writeLook(store: Store, realmId: string, look: number, found: Found) {
  const { fields, spare, passed, turns, begun } = found
  const slot = slotOf(fields.batches.at(-1)!.serial)
  const names: Record<string, string> = {
    '#look': 'look',
    '#open': 'open',
    '#slot': slot,
    '#spare': 'spare',
    '#gone': 'gone',
    '#priority': 'priority',
    '#others': 'others',
  }
  const values: NonNullable<Update['values']> = {
    ':look': look,
    ':spare': spare,
    ':turns': turns,
    ':priority': passed.priority,
    ':others': passed.others,
  }
  const sets = [
    '#spare = #spare + :spare',
    '#gone.#priority = #gone.#priority - :priority',
    '#gone.#others = #gone.#others - :others',
    begun ? '#open.#slot = :turns' : '#open.#slot = #open.#slot + :turns',
  ]
  for (const [name, value] of Object.entries(fields)) {
    names[`#f${name}`] = name
    values[`:f${name}`] = value as never
    sets.push(`#f${name} = :f${name}`)
  }
  const update = `SET ${sets.join(', ')}`
  return await change(store, realmId, { update, condition: '#look = :look', names, values })
}

/** Takes one of those who may come in at once. Undefined: there is none. */
export async function takeSpare(store: Store, realmId: string, queue: Queue) {
  const { serial } = newestOf(queue)
  return await change(store, realmId, {
    update: 'SET #spare = #spare - :one, #open.#slot = #open.#slot + :one',
    condition: '#spare >= :one AND #look <= :late',
    names: { '#spare': 'spare', '#open': 'open', '#slot': slotOf(serial), '#look': 'look' },
    values: { ':one': 1, ':late': queue.look + slotLooks },
  })
}

/** The next number of a group. An answer that was lost leaves a number that nobody has: its turn passes. */
export async function takeNumber(store: Store, realmId: string, group: Group) {
  const queue = await change(store, realmId, {
    update: 'SET #given.#group = #given.#group + :one',
    names: { '#given': 'given', '#group': group },
    values: { ':one': 1 },
  })
  if (queue === undefined) throw new Error(`the login queue of ${realmId} is gone`)
  return queue
}

/** A turn of that batch is taken, or left for others: then it was `missed`. Too late it changes nothing. */
export async function closeTurn(
  store: Store,
  realmId: string,
  { look, serial }: { look: number; serial: number },
  entered: 0 | 1,
) {
  return await change(store, realmId, {
    update: 'SET #open.#slot = #open.#slot - :one, #entered = #entered + :entered',
    condition: '#look <= :late AND #open.#slot >= :one',
    names: { '#open': 'open', '#slot': slotOf(serial), '#look': 'look', '#entered': 'entered' },
    values: { ':one': 1, ':entered': entered, ':late': look + slotLooks },
  })
}

/** Nobody whose turn it is finds a host: turns are given and end later. */
export async function markBlocked(store: Store, realmId: string, time: number) {
  const values = { ':time': time }
  return await change(store, realmId, { update: 'SET blockedAt = :time', values })
}

const waitRow = z.object({
  queueId: z.string(),
  group: z.enum(groups),
  number: z.int(),
})

/** The number of an account. */
export type Wait = z.infer<typeof waitRow>

function waitKey(realmId: string, accountId: string): Key {
  return { pk: `R#${realmId}#LOGIN#${accountId}`, sk: 'LOGIN' }
}

/** Strong. One trip. */
export async function readWait(
  store: Store,
  realmId: string,
  accountId: string,
): Promise<Wait | undefined> {
  const key = waitKey(realmId, accountId)
  return readRow(waitRow, await store.get({ table: 'volatile', key, consistent: true }))
}

/** False: another request of the account was faster. */
export async function writeWait(
  store: Store,
  realmId: string,
  accountId: string,
  read: Wait | undefined,
  next: Wait,
  now: number,
): Promise<boolean> {
  const expires = expiresAt(now + loginWaitKeptMs)
  const item = { ...waitKey(realmId, accountId), v: 1, ...next, expires }
  return await happens(store.put({ table: 'volatile', item, ...asRead(read) }))
}

/** Whether this request took it away. */
export async function deleteWait(
  store: Store,
  realmId: string,
  accountId: string,
  read: Wait,
): Promise<boolean> {
  const key = waitKey(realmId, accountId)
  return await happens(store.delete({ table: 'volatile', key, ...asRead(read) }))
}

const digits = 12
const goneSk = (group: Group, number: number) => `${group}#${String(number).padStart(digits, '0')}`

/** Nobody has the number any more, so that it is passed over. Two writes. */
export async function giveUpNumber(
  store: Store,
  realmId: string,
  { group, number }: Wait,
  now: number,
): Promise<void> {
  const item = {
    pk: `R#${realmId}#LOGIN-GONE`,
    sk: goneSk(group, number),
    v: 1,
    expires: expiresAt(now + loginWaitKeptMs),
  }
  const isNew = store.put({ table: 'volatile', item, condition: 'attribute_not_exists(pk)' })
  if (!(await happens(isNew))) return
  await change(store, realmId, {
    update: 'SET #gone.#group = #gone.#group + :one',
    // A number that is called meanwhile is a turn that nobody takes.
    condition: '#called.#group < :number',
    names: { '#gone': 'gone', '#called': 'called', '#group': group },
    values: { ':one': 1, ':number': number },
  })
}

/** The first numbers beyond those that were called, that nobody has. One trip. */
export async function readGone(
  store: Store,
  realmId: string,
  group: Group,
  called: number,
): Promise<Set<number>> {
  const page = await store.query({
    table: 'volatile',
    keyCondition: 'pk = :pk AND sk BETWEEN :from AND :to',
    values: {
      ':pk': `R#${realmId}#LOGIN-GONE`,
      ':from': goneSk(group, called + 1),
      ':to': goneSk(group, 10 ** digits - 1),
    },
    limit: loginGoneMax,
    consistent: true,
  })
  return new Set(page.items.map(({ sk }) => Number(sk.slice(-digits))))
}

async function happens(write: Promise<void>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'condition'
}
