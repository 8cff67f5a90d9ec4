// Rows of moderation, in `core`. Ids are UUIDv7, so the order of keys is the order of time.
//   R#<realm>#REPORTS#open     <report>       a report, whole, with a copy of what was reported
//   R#<realm>#REPORTS#closed   <report>       the same with its decision
//   R#<realm>#APPEALS#open     <sanction>     whose sanction is appealed against
//   R#<realm>#APPEALS#closed   <sanction>
//   R#<realm>#MOD#<account>    S#<sanction>   a sanction of the player
//   R#<realm>#MOD#<account>    R#<report>     that a report is about him
//   R#<realm>#MOD#<account>    M#<hash>       that he has made this report
// A decision takes the row out of `open` in its transaction, so there is one.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { decisionSchema, reportSchema, rule, sanctionSchema } from '#shared/api/moderation.ts'
import type { Report, ReportHistory, ReportedThing, Sanction } from '#shared/api/moderation.ts'
import { historyMax, reportKeptMs } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { rowsIn } from '#shared/store/partition.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt, live } from '#shared/store/store.ts'
import type { Item, Key, Put, Store, Write } from '#shared/store/store.ts'
import type { List, Position } from '../http/page.ts'

export type Queue = 'open' | 'closed'

const aboutRow = z.object({
  reportId: z.string(),
  at: z.int(),
  rule,
  decision: decisionSchema.shape.decision.optional(),
})
const madeRow = z.object({ reportId: z.string(), at: z.int() })
const appealRow = z.object({ sanctionId: z.string(), playerId: z.string(), at: z.int() })

const queueOf = (realmId: string, what: 'REPORTS' | 'APPEALS', queue: Queue) =>
  `R#${realmId}#${what}#${queue}`
const reportKey = (realmId: string, queue: Queue, reportId: string): Key => ({
  pk: queueOf(realmId, 'REPORTS', queue),
  sk: reportId,
})
const appealKey = (realmId: string, queue: Queue, sanctionId: string): Key => ({
  pk: queueOf(realmId, 'APPEALS', queue),
  sk: sanctionId,
})
export const recordOf = ({ realmId, accountId }: Player) => `R#${realmId}#MOD#${accountId}`
const sanctionKey = (of: Player, sanctionId: string): Key => ({
  pk: recordOf(of),
  sk: `S#${sanctionId}`,
})
const aboutKey = (of: Player, reportId: string): Key => ({ pk: recordOf(of), sk: `R#${reportId}` })
function madeKey(by: Player, thing: ReportedThing, text: string): Key {
  const hash = createHash('sha256')
    .update(JSON.stringify([thing, text]))
    .digest('base64url')
  return { pk: recordOf(by), sk: `M#${hash}` }
}

const missing = 'attribute_not_exists(pk)'
const there = 'attribute_exists(pk)'
const put = (
  key: Key,
  row: object,
  expires: number,
  only: Pick<Put, 'condition' | 'names' | 'values'> = {},
): { put: Put } => ({
  put: { table: 'core', item: { ...key, v: 1, ...plain(row), expires }, ...only },
})

/** As the store takes it: without what is undefined. */
function plain(row: object): Omit<Item, 'pk' | 'sk'> {
  return JSON.parse(JSON.stringify(row)) as Omit<Item, 'pk' | 'sk'>
}

const keptFrom = (at: number) => expiresAt(at + reportKeptMs)

async function read<S extends z.ZodType>(store: Store, schema: S, key: Key, now: number) {
  const item = live(await store.get({ table: 'core', key, consistent: true }), now)
  return readRow(schema, item)
}

/** The report that a player has made of the same thing. One trip. */
export async function readMade(
  store: Store,
  by: Player,
  thing: ReportedThing,
  text: string,
  now: number,
) {
  return await read(store, madeRow, madeKey(by, thing, text), now)
}

/** A new report, in the queue, in the record of the reported player, and as made by its reporter. */
export function openReport(realmId: string, report: Report, thing: ReportedThing): Write[] {
  const { reportId, at, reporter, reported } = report
  const by = { realmId, accountId: reporter.playerId }
  const of = { realmId, accountId: reported.playerId }
  const expires = keptFrom(at)
  return [
    put(reportKey(realmId, 'open', reportId), report, expires, { condition: missing }),
    put(aboutKey(of, reportId), { reportId, at, rule: report.rule }, expires),
    // An expired one may still lie there.
    put(madeKey(by, thing, report.evidence.text), { reportId, at }, expires, {
      condition: `${missing} OR #expires <= :now`,
      names: { '#expires': 'expires' },
      values: { ':now': Math.floor(at / 1000) },
    }),
  ]
}

/** An open or a closed report. Two trips at once. */
export async function readReport(
  store: Store,
  realmId: string,
  reportId: string,
  now: number,
): Promise<Report | undefined> {
  const [open, closed] = await Promise.all(
    (['open', 'closed'] as const).map((queue) =>
      read(store, reportSchema, reportKey(realmId, queue, reportId), now),
    ),
  )
  return closed ?? open
}

/** Fails when it was decided meanwhile. */
export function closeReport(realmId: string, report: Report, now: number): Write[] {
  const { reportId, at, reported, decision } = report
  const of = { realmId, accountId: reported.playerId }
  const about = { reportId, at, rule: report.rule, decision: decision!.decision }
  return [
    { delete: { table: 'core', key: reportKey(realmId, 'open', reportId), condition: there } },
    put(reportKey(realmId, 'closed', reportId), report, keptFrom(now)),
    put(aboutKey(of, reportId), about, keptFrom(now)),
  ]
}

function byId<Row extends z.ZodType>(
  name: string,
  pk: string,
  row: Row,
  positionOf: (row: z.output<Row>) => Position,
  { prefix = '', descending }: { prefix?: string; descending: boolean },
): List<Row> {
  return {
    name,
    query: {
      table: 'core',
      keyCondition: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      values: { ':pk': pk, ...(prefix === '' ? {} : { ':prefix': prefix }) },
      consistent: true,
      descending,
    },
    row,
    positionOf,
    keyAt: ({ id }) => ({ pk, sk: `${prefix}${id}` }),
  }
}

/** Open ones: who waits longest comes first. */
export function reportsIn(realmId: string, queue: Queue): List<typeof reportSchema> {
  return byId(
    `moderation.reports.${queue}`,
    queueOf(realmId, 'REPORTS', queue),
    reportSchema,
    ({ at, reportId }) => ({ at, id: reportId }),
    { descending: queue === 'closed' },
  )
}

export function appealsIn(realmId: string, queue: Queue): List<typeof appealRow> {
  return byId(
    `moderation.appeals.${queue}`,
    queueOf(realmId, 'APPEALS', queue),
    appealRow,
    ({ at, sanctionId }) => ({ at, id: sanctionId }),
    { descending: queue === 'closed' },
  )
}

export function sanctionsOf(of: Player): List<typeof sanctionSchema> {
  return byId(
    'moderation.sanctions',
    recordOf(of),
    sanctionSchema,
    ({ at, sanctionId }) => ({ at, id: sanctionId }),
    { prefix: 'S#', descending: true },
  )
}

/** Two trips at once. */
export async function readHistory(store: Store, of: Player, now: number): Promise<ReportHistory> {
  const rows = async <S extends z.ZodType>(schema: S, prefix: string) => {
    const { items } = await store.query({
      table: 'core',
      keyCondition: 'pk = :pk AND begins_with(sk, :prefix)',
      values: { ':pk': recordOf(of), ':prefix': prefix },
      descending: true,
      limit: historyMax,
    })
    return items
      .filter((item) => live(item, now) !== undefined)
      .map((item) => readRow(schema, item))
  }
  const [sanctions, reports] = await Promise.all([rows(sanctionSchema, 'S#'), rows(aboutRow, 'R#')])
  return { sanctions, reports }
}

export async function readSanction(store: Store, of: Player, sanctionId: string, now: number) {
  return await read(store, sanctionSchema, sanctionKey(of, sanctionId), now)
}

/** A sanction that is new, or what becomes of it. It is kept for a time after its end. */
export function putSanction(of: Player, sanction: Sanction, before?: Sanction): Write {
  const { at, until = at, appeal } = sanction
  const expires = keptFrom(Math.max(until, appeal?.decidedAt ?? appeal?.at ?? at))
  const key = sanctionKey(of, sanction.sanctionId)
  if (before === undefined) return put(key, sanction, expires, { condition: missing })
  // It is as it was read: what may change of it is whether it is lifted, and the appeal.
  const condition =
    '#state = :state AND ' +
    (before.appeal ? 'appeal.#state = :appeal' : 'attribute_not_exists(appeal)')
  return put(key, sanction, expires, {
    condition,
    names: { '#state': 'state' },
    values: {
      ':state': before.state,
      ...(before.appeal ? { ':appeal': before.appeal.state } : {}),
    },
  })
}

export function openAppeal(
  realmId: string,
  playerId: string,
  sanctionId: string,
  at: number,
): Write {
  return put(appealKey(realmId, 'open', sanctionId), { sanctionId, playerId, at }, keptFrom(at), {
    condition: missing,
  })
}

/** Whose sanction it is, when there is an appeal of it; `queue`: where it lies. Two trips at once. */
export async function readAppeal(store: Store, realmId: string, sanctionId: string, now: number) {
  const [open, closed] = await Promise.all(
    (['open', 'closed'] as const).map((queue) =>
      read(store, appealRow, appealKey(realmId, queue, sanctionId), now),
    ),
  )
  return closed === undefined ? open && { ...open, queue: 'open' } : { ...closed, queue: 'closed' }
}

/** Fails when it was decided meanwhile. */
export function closeAppeal(
  realmId: string,
  { sanctionId, playerId, at }: z.infer<typeof appealRow>,
  now: number,
): Write[] {
  return [
    { delete: { table: 'core', key: appealKey(realmId, 'open', sanctionId), condition: there } },
    put(appealKey(realmId, 'closed', sanctionId), { sanctionId, playerId, at }, keptFrom(now)),
  ]
}

/** Leaves nothing of a report and an appeal that are about a player. */
export function dropReport(realmId: string, reportId: string): Write[] {
  return (['open', 'closed'] as const).map((queue) => ({
    delete: { table: 'core', key: reportKey(realmId, queue, reportId) },
  }))
}

export function dropAppeal(realmId: string, sanctionId: string): Write[] {
  return (['open', 'closed'] as const).map((queue) => ({
    delete: { table: 'core', key: appealKey(realmId, queue, sanctionId) },
  }))
}

/** A report whose reporter is nobody any more; nothing when the report is gone. */
export async function forgetReporter(
  store: Store,
  realmId: string,
  reportId: string,
  name: string,
): Promise<void> {
  for (const queue of ['open', 'closed'] as const) {
    const key = reportKey(realmId, queue, reportId)
    const item = await store.get({ table: 'core', key, consistent: true })
    if (item === undefined) continue
    await store.update({
      table: 'core',
      key,
      update: 'SET reporter = :nobody',
      condition: there,
      values: { ':nobody': { playerId: '', name } },
    })
  }
}

/** All sanctions of a player, oldest first. */
export async function* sanctionsIn(store: Store, of: Player): AsyncGenerator<Sanction> {
  for await (const item of rowsIn(store, { table: 'core', pk: recordOf(of), begins: 'S#' })) {
    yield readRow(sanctionSchema, item)
  }
}

/** Of a report that a player has made. */
export function reportIdOf(item: Item): string {
  return readRow(madeRow, item).reportId
}
