// What players report. What is reported is copied, with its context: lines expire, names change, letters are deleted.
import type { OperationId } from '#shared/api/endpoint.ts'
import type {
  Evidence,
  GuildText,
  Report,
  ReportHistory,
  ReportedThing,
  Rule,
} from '#shared/api/moderation.ts'
import type { PageQuery } from '#shared/api/page.ts'
import type { Content } from '#shared/content/content.ts'
import { readShown } from '#shared/presence/circle.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import { isLinesText } from '#shared/protocol/chat-text.ts'
import { newId } from '#shared/runtime.ts'
import type { OperationDeps } from '#shared/store/commit.ts'
import { characterOf, ownerOfName } from '../characters/characters.ts'
import { linesAround, mayReadChannel } from '../chat/chat.ts'
import { friendOf } from '../friends/friends.ts'
import { guildTextFor } from '../guilds/guilds.ts'
import type { GuildPart } from '../guilds/guilds.ts'
import { once } from '../http/once.ts'
import { readPage } from '../http/page.ts'
import { openLetter } from '../mail/mail.ts'
import { openReport, readHistory, readMade, readReport, reportsIn } from './store.ts'
import type { Queue } from './store.ts'

export type ReportDeps = OperationDeps & { content: Content }

type Owned = Player & { characterId: string }
type Person = { playerId: string; name: string }

export type WantedReport = { what: ReportedThing; rule: Rule; note?: string | undefined }

export const guildParts = {
  guildName: 'name',
  guildMessage: 'message',
  guildRanks: 'ranks',
} as const satisfies Record<GuildText, GuildPart>

/** Lines of a note and of an appeal. */
const linesMax = 20

/** Throws report.text. */
export function plainText(text: string): string {
  const trimmed = text.trim()
  if (!isLinesText(trimmed, linesMax)) throw new Problem('report.text')
  return trimmed
}

/**
 * Six trips in a row at most. Throws character.not_found, report.unknown, report.self, report.text, world.busy,
 * operation.mismatch.
 */
export async function report(
  deps: ReportDeps,
  by: Owned,
  { what, rule, note }: WantedReport,
  op: OperationId,
): Promise<{ reportId: string; at: number }> {
  const said = note === undefined ? {} : { note: plainText(note) }
  return await once(deps, op, async () => {
    const { store, runtime } = deps
    const [{ name }, found] = await Promise.all([
      characterOf(store, by, by.characterId),
      find(deps, by, what),
    ])
    if (found === undefined) throw new Problem('report.unknown')
    const { reported, evidence } = found
    if (reported.playerId === by.accountId) throw new Problem('report.self')
    const now = runtime.now()
    const made = await readMade(store, by, what, evidence.text, now)
    if (made !== undefined) {
      return { steps: [], answer: { reportId: made.reportId, at: made.at } }
    }
    const [reportId, reporter] = [newId(runtime), { playerId: by.accountId, name }]
    const about = { reportId, at: now, what: what.kind, rule, ...said }
    const steps = openReport(by.realmId, { ...about, reporter, reported, evidence }, what)
    return { steps: steps.map((write) => ({ write })), answer: { reportId, at: now } }
  })
}

type Reported = { reported: Person; evidence: Evidence }

/** What the reporter can read now; undefined when he cannot. */
async function find(
  deps: ReportDeps,
  by: Owned,
  what: ReportedThing,
): Promise<Reported | undefined> {
  switch (what.kind) {
    case 'line':
      return await findLine(deps, by, what)
    case 'letter':
      return await findLetter(deps, by, what.letterId)
    case 'name': {
      const owner = await ownerOfName(deps.store, by.realmId, what.name)
      if (owner === undefined) return undefined
      const { accountId, name } = owner
      return { reported: { playerId: accountId, name }, evidence: { text: name, around: [] } }
    }
    case 'status': {
      const { playerId } = what
      const [friend, shown] = await Promise.all([
        friendOf(deps.store, by, playerId),
        readShown(deps.store, { realmId: by.realmId, accountId: playerId }),
      ])
      // Who appears offline shows none.
      const { appear, status } = shown
      if (friend === undefined || status === undefined || appear === 'offline') return undefined
      const { name } = friend
      return { reported: { playerId, name }, evidence: { text: status, around: [] } }
    }
    case 'guildName':
    case 'guildMessage':
    case 'guildRanks':
      return await findGuildText(deps, by, guildParts[what.kind], what.guildId)
  }
}

async function findLine(
  deps: ReportDeps,
  by: Owned,
  { channel, lineId }: { channel: string; lineId: string },
): Promise<Reported | undefined> {
  const [may, found] = await Promise.all([
    mayReadChannel(deps, by, channel),
    linesAround(deps, by, channel, lineId),
  ])
  if (!may || found === undefined) return undefined
  const { line, lines } = found
  const { playerId, name } = line.from
  const around = lines.map(({ from, at, text }) => ({ name: from.name, at, text }))
  return {
    reported: { playerId, name },
    evidence: { text: line.text, at: line.at, channel, around },
  }
}

/**
 * Who wrote it answers for it, else the leader. A name in the log of a guild leads to who had it then, or to nobody: it is
 * held for as long as the entry is kept.
 */
async function findGuildText(
  { store }: ReportDeps,
  { realmId, characterId }: Owned,
  part: GuildPart,
  guildId: string,
): Promise<Reported | undefined> {
  const found = await guildTextFor(store, { realmId, guildId, characterId }, part)
  if (found === undefined) return undefined
  const { text, leader, written } = found
  const writer = written && (await ownerOfName(store, realmId, written.name))
  const known = written !== undefined && writer?.name === written.name
  const { accountId: playerId, name } = known ? writer : leader
  const evidence = { text, guildId, around: [], ...(known && { at: written.at }) }
  return { reported: { playerId, name }, evidence }
}

/** Nothing for a letter that is not there, and for one from the game. */
async function findLetter(
  deps: ReportDeps,
  by: Owned,
  letterId: string,
): Promise<Reported | undefined> {
  try {
    const { from, subject, text, at } = await openLetter(deps, by, letterId)
    if (from.kind !== 'player') return undefined
    const { playerId, name } = from
    const evidence = { text: `${subject}\n\n${text}`, at, around: [] }
    return { reported: { playerId, name }, evidence }
  } catch (error) {
    if (error instanceof Problem && error.code === 'mail.not_found') return undefined
    throw error
  }
}

/** One trip. Throws request.cursor. */
export async function listReports(
  { store }: OperationDeps,
  realmId: string,
  { state, ...page }: PageQuery & { state: Queue },
): Promise<{ entries: Report[]; next?: string }> {
  return await readPage(store, reportsIn(realmId, state), page)
}

/** Two trips in a row. Throws report.not_found. */
export async function showReport(
  { store, runtime }: OperationDeps,
  realmId: string,
  reportId: string,
): Promise<{ report: Report; history: ReportHistory }> {
  const now = runtime.now()
  const found = await readReport(store, realmId, reportId, now)
  if (found === undefined) throw new Problem('report.not_found')
  const of = { realmId, accountId: found.reported.playerId }
  return { report: found, history: await readHistory(store, of, now) }
}
