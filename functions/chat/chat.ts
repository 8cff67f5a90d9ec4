// Lines of chat: said, whispered, read. A line is a row of its channel, written once for all who read it; those who are
// there now hear it by an event, which may be lost.
import type { ChannelLine } from '#shared/api/chat-line.ts'
import type { OpenWhisper } from '#shared/api/chat.ts'
import type { OperationId } from '#shared/api/endpoint.ts'
import type { PageQuery } from '#shared/api/page.ts'
import { chatKeptMs, whispersLookedAt } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import { isChatText } from '#shared/protocol/chat-text.ts'
import { birthOfId, newId } from '#shared/runtime.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Write } from '#shared/store/store.ts'
import { characterOf, ownerOfName } from '../characters/characters.ts'
import { blockedBy, hasBlocked, notBlocked } from '../friends/friends.ts'
import { once } from '../http/once.ts'
import { readCursor, writeCursor } from '../http/page.ts'
import { checkText } from '../moderation/moderation.ts'
import { findRead, findSpoken } from './channels.ts'
import type { ChannelDeps, Owned } from './channels.ts'
import { takeTurn } from './slow.ts'
import type { ChannelKind, Speaker } from './slow.ts'
import {
  putLine,
  putSpeaker,
  readLines as readRows,
  readSpeaker,
  roomOf,
  whispersOf,
} from './store.ts'
import type { LineRow, Position } from './store.ts'

export type ChatDeps = OperationDeps & ChannelDeps

/**
 * Says a line in a channel. Up to three trips in a row, and one or two after the line is said, to know who hears it.
 * Throws character.not_found, chat.*, world.busy, operation.mismatch.
 */
export async function say(
  deps: ChatDeps,
  from: Owned,
  channel: string,
  wanted: string,
  op: OperationId,
): Promise<ChannelLine> {
  return await saidOnce(deps, wanted, op, async (text) => {
    const [me, spoken] = await Promise.all([
      readTurn(deps, from, text),
      findSpoken(deps, from, channel),
    ])
    if (typeof spoken === 'string') throw new Problem(spoken)
    return {
      ...me,
      kind: spoken.kind,
      line: { channel: spoken.channel },
      writes: (line) => [putLine(spoken.room, line, spoken.keptMs), ...spoken.checks],
      tell: async (line) => await spoken.tell({ kind: 'said', channel: line.channel, line }),
    }
  })
}

/**
 * Says a line to one player. Up to three trips to find who it is, two at once to look, and the commit. Throws
 * character.not_found, chat.*, world.busy, operation.mismatch.
 */
export async function whisper(
  deps: ChatDeps,
  from: Owned,
  toName: string,
  wanted: string,
  op: OperationId,
): Promise<ChannelLine> {
  const { store, push } = deps
  const { realmId, accountId } = from
  return await saidOnce(deps, wanted, op, async (text) => {
    const [me, owner] = await Promise.all([
      readTurn(deps, from, text),
      ownerOfName(store, realmId, toName),
    ])
    if (owner === undefined || owner.deleted) throw new Problem('chat.unknown')
    const playerId = owner.accountId
    if (playerId === accountId) throw new Problem('chat.self')
    const them = { realmId, accountId: playerId }
    const [unwanted, blocked] = await Promise.all([
      hasBlocked(store, from, playerId),
      hasBlocked(store, them, accountId),
    ])
    if (unwanted) throw new Problem('chat.blocked')
    return {
      ...me,
      kind: 'whisper',
      line: { channel: `whisper:${playerId}`, to: { playerId, name: owner.name } },
      // Who is blocked finds his line in his own list, as any other. It is nowhere else.
      writes: (line) => [
        putLine(whispersOf(from), line, chatKeptMs),
        ...(blocked
          ? []
          : [notBlocked(them, accountId), putLine(whispersOf(them), line, chatKeptMs)]),
      ],
      async tell(line) {
        push.send(realmId, [accountId], { kind: 'said', channel: line.channel, line })
        if (blocked) return
        const heard = { ...line, channel: `whisper:${accountId}` }
        push.send(realmId, [playerId], { kind: 'said', channel: heard.channel, line: heard })
      },
    }
  })
}

/** A line as it is found to be said: by whom, in what, and what becomes of it. */
type Saying = Turn & {
  kind: ChannelKind
  line: Pick<ChannelLine, 'channel' | 'to'>
  writes: (line: ChannelLine) => Write[]
  /** Tells those who hear it now. */
  tell: (line: ChannelLine) => Promise<void>
}

/** Who speaks, when he spoke last, and the text as others may read it. */
type Turn = { from: Owned & { name: string }; speaker: Speaker | undefined; text: string }

/** Three trips at once. Throws character.not_found, chat.muted. */
async function readTurn(deps: ChatDeps, from: Owned, wanted: string): Promise<Turn> {
  const [{ name }, speaker, text] = await Promise.all([
    characterOf(deps.store, from, from.characterId),
    readSpeaker(deps.store, from),
    checkText(deps, from, wanted, 'line'),
  ])
  return { from: { ...from, name }, speaker, text }
}

/** A line as it is remembered under the id of its request: the text goes with its row. */
type Untold = Omit<ChannelLine, 'text'>

/** Says a line once, in the order of its speaker and within slow mode. Throws chat.text, chat.slow, and as `look`. */
async function saidOnce(
  deps: ChatDeps,
  wanted: string,
  op: OperationId,
  look: (text: string) => Promise<Saying>,
): Promise<ChannelLine> {
  const { runtime } = deps
  const text = wanted.trim()
  let saying: Saying | undefined
  const said = await once<Untold>(deps, op, async () => {
    saying = undefined
    if (!isChatText(text)) {
      throw new Problem('chat.text', { fields: [{ path: 'body.text', reason: 'is not allowed' }] })
    }
    const found = await look(text)
    const turn = takeTurn(found.speaker, found.kind, runtime.now())
    if ('waitMs' in turn) throw new Problem('chat.slow', { retryAfterS: turn.waitMs / 1000 })
    const { at } = turn
    const { accountId: playerId, characterId, name } = found.from
    const untold: Untold = {
      lineId: newId({ ...runtime, now: () => at }),
      at,
      ...found.line,
      from: { characterId, name, playerId },
    }
    saying = found
    const writes = found.writes({ ...untold, text: found.text })
    const steps = [putSpeaker(found.from, found.speaker, turn), ...writes]
    return { steps: steps.map((write): Step<never> => ({ write })), answer: untold }
  })
  const line = { ...said, text: saying?.text ?? text }
  await told(saying, line)
  return line
}

/** The line is said, whether those who are there hear it now or find it later. */
async function told(saying: Saying | undefined, line: ChannelLine): Promise<void> {
  try {
    await saying?.tell(line)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}

type LinesQuery = PageQuery & { before?: string | undefined }

type Lines = {
  channel: string
  entries: ChannelLine[]
  next?: string
  before?: string
  since?: string
}

/**
 * Lines of a channel, oldest first. Two trips in a row, three for a guild and a party. Throws character.not_found,
 * chat.not_found, request.cursor.
 */
export async function readLines(
  { store, runtime, content }: Omit<ChatDeps, 'push' | 'rosters'>,
  of: Owned,
  name: string,
  { limit, after, before }: LinesQuery,
): Promise<Lines> {
  const [, found, blocked] = await Promise.all([
    characterOf(store, of, of.characterId),
    findRead({ store, content }, of, name),
    blockedBy(store, of),
  ])
  if (found === undefined) throw new Problem('chat.not_found')
  const { channel, room, fresh } = found
  const list = `chat.${channel}`
  const from = positionIn(list, after, before)
  const now = runtime.now()
  const descending = after === undefined
  const page = await readRows(store, room, now, { limit, after: from, descending, fresh })
  if (!(await found.mayRead())) throw new Problem('chat.not_found')
  const entries = (descending ? page.lines.toReversed() : page.lines)
    .filter((line) => !blocked.has(line.from.playerId))
    .map((line) => lineOf(line, channel, of))
  const cursor = page.next && writeCursor(list, page.next)
  if (before !== undefined || (cursor !== undefined && !descending)) {
    return { channel, entries, ...(cursor && { [descending ? 'before' : 'next']: cursor }) }
  }
  // What is younger may come to lie behind what was read (shared/notifications/mailbox.ts).
  const since = { at: now - found.settlesMs, id: '0' }
  return {
    channel,
    entries,
    ...(cursor && { before: cursor }),
    since: writeCursor(list, since),
  }
}

/** Throws request.cursor. */
function positionIn(list: string, after?: string, before?: string): Position | undefined {
  if (after !== undefined && before !== undefined) throw new Problem('request.cursor')
  const cursor = after ?? before
  return cursor === undefined ? undefined : readCursor(list, cursor)
}

/** A line as a player reads it. The channel of a whisper is the other one. */
function lineOf(row: LineRow, channel: string, reader: Player): ChannelLine {
  return { ...row, channel: row.to === undefined ? channel : `whisper:${otherIn(row, reader)}` }
}

function otherIn({ from, to }: LineRow, { accountId }: Player): string {
  return from.playerId === accountId ? to!.playerId : from.playerId
}

/** With whom a player whispers, the latest first. Two trips at once. */
export async function openWhispers(
  { store, runtime }: OperationDeps,
  of: Player,
): Promise<OpenWhisper[]> {
  const latest = { limit: whispersLookedAt, descending: true, fresh: true }
  const [{ lines }, blocked] = await Promise.all([
    readRows(store, whispersOf(of), runtime.now(), latest),
    blockedBy(store, of),
  ])
  const open = new Map<string, OpenWhisper>()
  for (const line of lines) {
    const playerId = otherIn(line, of)
    if (open.has(playerId) || blocked.has(playerId)) continue
    const { name } = line.from.playerId === playerId ? line.from : line.to!
    open.set(playerId, { playerId, name, at: line.at })
  }
  return [...open.values()]
}

/** For reports: whether a character may read a channel, as its lines say it. Two trips at most. */
export async function mayReadChannel(
  deps: Pick<ChatDeps, 'store' | 'content'>,
  of: Owned,
  channel: string,
): Promise<boolean> {
  const kind = channel.split(':', 1)[0]!
  // Of a private zone with its instance.
  const name = kind === 'zone' ? channel.split(':', 2).join(':') : kind
  const found = await findRead(deps, of, name)
  if (found === undefined) return false
  return (kind === 'whisper' || found.channel === channel) && (await found.mayRead())
}

/** Lines before and after one that is reported. */
const around = 10

/**
 * For reports: a line as a player knows it by its channel and id, with those around it, oldest first; undefined when
 * there is none (any more). Two trips at once.
 */
export async function linesAround(
  { store, runtime }: Pick<ChatDeps, 'store' | 'runtime'>,
  reader: Player,
  channel: string,
  lineId: string,
): Promise<{ line: ChannelLine; lines: ChannelLine[] } | undefined> {
  const at = birthOfId(lineId)
  if (at === undefined) return undefined
  const whispered = channel.startsWith('whisper:')
  const room = whispered ? whispersOf(reader) : roomOf(reader.realmId, channel)
  const read = { limit: around, fresh: true }
  const [before, from] = await Promise.all([
    readRows(store, room, runtime.now(), { ...read, after: { at, id: lineId }, descending: true }),
    // The beginning of an id is just before it.
    readRows(store, room, runtime.now(), {
      ...read,
      after: { at, id: lineId.slice(0, -1) },
      descending: false,
    }),
  ])
  const lines = [...before.lines.toReversed(), ...from.lines]
    .map((one) => lineOf(one, channel, reader))
    // A player's whispers lie together; a report is about one of them.
    .filter((one) => one.channel === channel)
  const line = lines.find((one) => one.lineId === lineId)
  return line && { line, lines }
}
