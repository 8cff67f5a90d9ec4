// Reads channels of chat for one character: lines come by events, which may be lost, and by reading on from a cursor:
// after the join, when lines were lost, and once a minute. Each line comes once, and a channel's lines are kept in their
// order, so those of one speaker stand as he said them, also one that comes late.
import type { Api } from '#shared/api/api.ts'
import type { ChannelLine } from '#shared/api/chat-line.ts'
import { ApiError } from '#shared/api/client.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { jitterMs } from '#shared/backoff.ts'
import { mailboxSettlesMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createEmitter } from './events.ts'
import type { Listen } from './events.ts'

/** As the API names them: global, zone:<zone>, guild, party, whisper. */
export type ChannelName = string

export type ChatEvents = {
  /** A line, once. `late`: it did not come when it was said. `history`: it was there before the reader. */
  line: { channel: ChannelName; line: ChannelLine; how: 'said' | 'late' | 'history' }
  /**
   * So many lines of a zone or of all did not come when they were said. The latest of them have just come as late
   * lines; the rest, `skipped`, is not shown. `more`: there were even more, which nobody has counted.
   */
  missed: { channel: ChannelName; count: number; skipped: number; more: boolean }
  /** The character is in no such channel any more, or in another one. */
  left: { channel: ChannelName }
}

export type Chat = {
  on: Listen<ChatEvents>
  /** The lines of a channel that are kept here, in order. */
  lines(channel: ChannelName): readonly ChannelLine[]
  /** Reads other channels from now on; those that stay keep their place. */
  follow(channels: readonly ChannelName[]): void
  /** Takes an event of the zone or of the social socket. */
  said(line: ChannelLine): void
  /** Lines of this channel may be missing, as an event names it; without one, of any: after a join. Reads on. */
  lost(channel?: string): void
  /** Reads on in all channels; ends when all were read. Fails with ApiError. */
  caughtUp(): Promise<void>
  /** Loads the page of lines before those that are here. False when there is none. Fails with ApiError. */
  older(channel: ChannelName): Promise<boolean>
  /** Says a line. Fails with ApiError. */
  say(channel: ChannelName, text: string): Promise<void>
  /** Says a line to one player, by the name of a character. Fails with ApiError. */
  whisper(to: string, text: string): Promise<void>
  close(): void
}

export type ChatOptions = {
  /** Sends again what was not answered, under one operation id, as that of a session does. */
  api: Pick<ApiClient<Api>, 'chat'>
  realmId: string
  characterId: string
  runtime: Runtime
}

/** Lines of a channel that are kept here. */
const keptMax = 300
const pageSize = 100
/** Pages of a busy channel that are read on; beyond, the reader begins anew with the latest page. */
const openPagesMax = 10
/** Lines of a zone or of all that are shown late; older ones are counted. */
const lateMax = 50
const everyMs = 60_000
/** Between two reads of a channel for events. */
const gapMs = 1000
/** When lines of any channel may be missing, many players are told so at once: their reads spread over this time. */
const spreadMs = 9000
/** A line so young may still be on its way as an event. */
const youngMs = 3000
/** Ids are known for so long after the newest line that was read: a read begins where all is settled. */
const knownMs = 3 * mailboxSettlesMs

type Room = {
  name: ChannelName
  /** Whether its lines may be lost. */
  open: boolean
  /** As its lines say; unknown before the first read. */
  channel: string | undefined
  lines: ChannelLine[]
  known: Map<string, number>
  since: string | undefined
  before: string | undefined
  /** The oldest line of the page that the reader began with. What is older is history, and not missed. */
  begin: ChannelLine | undefined
  reading: Promise<void> | undefined
  /** It is to be read once more when the read under way has ended. */
  again: boolean
}

export function createChat({ api, realmId, characterId, runtime }: ChatOptions): Chat {
  const { on, emit } = createEmitter<ChatEvents>(console.error)
  const rooms = new Map<ChannelName, Room>()
  const stopping = new AbortController()
  const { signal } = stopping

  const ask = async (room: Room, query: { after?: string; before?: string; limit?: number }) =>
    await api.chat.lines({
      params: { realmId, channel: room.name },
      query: { as: characterId, limit: pageSize, ...query },
    })

  /** Takes a line that is new here. */
  function take(room: Room, line: ChannelLine, how: ChatEvents['line']['how']): void {
    if (room.known.has(line.lineId)) return
    room.known.set(line.lineId, line.at)
    insert(room.lines, line)
    if (room.lines.length > keptMax) room.lines.shift()
    emit('line', { channel: room.name, line, how })
  }

  function leave(room: Room): void {
    const was = room.channel
    Object.assign(room, emptyRoom(room.name), { reading: room.reading, again: room.again })
    if (was !== undefined) emit('left', { channel: room.name })
  }

  /** Reads what is new. Fails with ApiError. */
  async function readOn(room: Room): Promise<void> {
    const found: ChannelLine[] = []
    const { begin } = room
    const first = room.since === undefined
    let more = false
    try {
      let page = await ask(room, first ? {} : { after: room.since! })
      room.channel = page.channel
      found.push(...page.entries)
      for (let pages = 1; page.next !== undefined; pages++) {
        more = room.open && pages === openPagesMax
        page = await ask(room, more ? {} : { after: page.next })
        found.push(...page.entries)
      }
      room.since = page.since
      if (first) room.before = page.before
      if (first || more) room.begin = page.entries[0]
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code === 'request.cursor' && !first) {
        leave(room)
        return await readOn(room)
      }
      if (error.code !== 'chat.not_found') throw error
      return leave(room)
    }
    const wanted = found.filter((line) => begin === undefined || !isBefore(line, begin))
    takeRead(room, wanted, { first, more })
  }

  function takeRead(room: Room, found: ChannelLine[], read: { first: boolean; more: boolean }) {
    const fresh = found.filter(({ lineId }) => !room.known.has(lineId))
    const newest = found.reduce((most, { at }) => Math.max(most, at), 0)
    const isLate = ({ at }: ChannelLine) => !read.first && at < newest - youngMs
    const late = fresh.filter(isLate)
    const skipped = room.open ? late.slice(0, Math.max(0, late.length - lateMax)) : []
    for (const { lineId, at } of skipped) room.known.set(lineId, at)
    const how = (line: ChannelLine) => (read.first ? 'history' : isLate(line) ? 'late' : 'said')
    for (const line of fresh) take(room, line, how(line))
    const more = read.more && fresh.length > 0
    if (room.open && (more || late.length > 0)) {
      const channel = room.name
      emit('missed', { channel, count: late.length, skipped: skipped.length, more })
    }
    for (const [lineId, at] of room.known) if (at < newest - knownMs) room.known.delete(lineId)
  }

  /** Reads once, and once more for each call meanwhile. */
  async function read(room: Room): Promise<void> {
    if (room.reading !== undefined) {
      room.again = true
      return await room.reading
    }
    const run = async () => {
      do {
        room.again = false
        await readOn(room)
      } while (room.again)
    }
    room.reading = run().finally(() => (room.reading = undefined))
    await room.reading
  }

  /** As `read`, a little later, so that many events read once. What fails is read within the minute. */
  const waits = new Set<Room>()
  function readSoon(room: Room, moreMs = 0): void {
    if (waits.has(room)) return
    waits.add(room)
    const soon = async () => {
      await runtime.sleep(gapMs + moreMs, signal)
      waits.delete(room)
      await read(room)
    }
    soon().catch(() => waits.delete(room))
  }

  function said(line: ChannelLine): void {
    const room = roomOf(line.channel)
    if (room === undefined) return
    // Of another character's guild, or of one that he has just joined.
    const own = room.name === 'whisper' || room.channel === line.channel
    if (own) take(room, line, 'said')
    else readSoon(room)
  }

  const roomOf = (channel: string) => rooms.get(nameOf(channel))

  async function everyMinute(): Promise<void> {
    while (!signal.aborted) {
      await runtime.sleep(everyMs, signal)
      for (const room of rooms.values()) await read(room).catch(() => undefined)
    }
  }
  everyMinute().catch(() => undefined)

  return {
    on,
    lines: (channel) => rooms.get(channel)?.lines ?? [],
    follow(channels) {
      for (const name of rooms.keys()) if (!channels.includes(name)) rooms.delete(name)
      for (const name of channels) {
        if (rooms.has(name)) continue
        const room = emptyRoom(name)
        rooms.set(name, room)
        read(room).catch(() => readSoon(room))
      }
    },
    said,
    lost(channel) {
      if (channel !== undefined) {
        const room = roomOf(channel)
        if (room !== undefined) readSoon(room)
        return
      }
      const moreMs = jitterMs(runtime, spreadMs)
      for (const room of rooms.values()) readSoon(room, moreMs)
    },
    async caughtUp() {
      await Promise.all([...rooms.values()].map(read))
    },
    async older(channel) {
      const room = rooms.get(channel)
      if (room?.before === undefined) return false
      const page = await ask(room, { before: room.before })
      room.before = page.before
      for (const line of page.entries) {
        if (room.known.has(line.lineId)) continue
        room.known.set(line.lineId, line.at)
        insert(room.lines, line)
      }
      return true
    },
    async say(channel, text) {
      const body = { as: characterId, text }
      said(await api.chat.say({ params: { realmId, channel }, body }))
    },
    async whisper(to, text) {
      const body = { as: characterId, to, text }
      said(await api.chat.whisper({ params: { realmId }, body }))
    },
    close: () => stopping.abort(new Error('closed')),
  }
}

function emptyRoom(name: ChannelName): Room {
  return {
    name,
    open: name === 'global' || name.startsWith('zone:'),
    channel: undefined,
    lines: [],
    known: new Map(),
    since: undefined,
    before: undefined,
    begin: undefined,
    reading: undefined,
    again: false,
  }
}

/** The name under which a character reads the channel of a line. */
function nameOf(channel: string): ChannelName {
  if (/^(?:guild|party|whisper):/.test(channel)) return channel.slice(0, channel.indexOf(':'))
  // Of a private zone: with its instance.
  return /^zone:[^:]+/.exec(channel)?.[0] ?? channel
}

/** Puts a line where it belongs: by moment, then by id. Most belong at the end. */
function insert(lines: ChannelLine[], line: ChannelLine): void {
  let at = lines.length
  while (at > 0 && isBefore(line, lines[at - 1]!)) at--
  lines.splice(at, 0, line)
}

function isBefore(a: ChannelLine, b: ChannelLine): boolean {
  return a.at < b.at || (a.at === b.at && a.lineId < b.lineId)
}
