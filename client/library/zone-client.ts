// A character in the world, whatever happens to its connections: enter, join, play, be handed from zone
// to zone, lose the socket and come back, leave.
//
//   entering -> connecting -> joined -> travelling (redirect) -> connecting ...
//                                    -> reconnecting (resume while the place is held, then enter) ...
//                                    -> closed
//
// One loop owns the order of things; a socket's end is a promise in it. `update` is driven from outside.
import type { Admission } from '#shared/api/world.ts'
import type { Zone } from '#shared/content/content.ts'
import { chatMaxLength } from '#shared/limits.ts'
import type { ClientFrame } from '#shared/protocol/client-frames.ts'
import { asControl, packControl, serverControl, unpackControl } from '#shared/protocol/control.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import type { ServerFrame, Welcome } from '#shared/protocol/server-frames.ts'
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import type { Walls } from '#shared/rules/walls.ts'
import type { Runtime } from '#shared/runtime.ts'
import { openConnection } from './connection.ts'
import type { Connection, ConnectionEnd } from './connection.ts'
import { createEmitter } from './events.ts'
import type { Listen } from './events.ts'
import { countError, createMetrics } from './metrics.ts'
import type { Metrics } from './metrics.ts'
import { createReconnect } from './reconnect.ts'
import type { Attempt, Way } from './reconnect.ts'
import type { OpenSocket } from './socket.ts'
import type { Drawn, Seen } from './view.ts'
import { joinZone } from './zone.ts'
import type { Acknowledged, JoinedZone, Self } from './zone.ts'

/** Why a zone client has ended: a close reason, a problem code of `enter`, or `unreachable`. */
export type ZoneClientEnd = ConnectionEnd | 'unreachable' | (string & {})

export type ZoneClientState =
  | { phase: 'entering' }
  | { phase: 'connecting'; zone: string }
  | { phase: 'joined'; zone: string; instance: string }
  | { phase: 'travelling'; zone: string }
  /** `why`: the code of the last failure. */
  | { phase: 'reconnecting'; attempt: number; why: string }
  | { phase: 'closed'; reason: ZoneClientEnd }

export type ZoneClientEvents = {
  state: ZoneClientState
  /** Arrived: after each join, also of the same zone. */
  zone: { content: Zone; instance: string; resumed: boolean }
  chat: { from: number; name: string; text: string }
  /** A message of a kind that the game has added; its own schema says whether it is sound. */
  message: ControlMessage
  /** A control message of ours was not carried out. */
  refused: { of: string; code: 'rate' | 'invalid' | 'paused' }
  /** An operator's line for everybody. */
  announce: { text: string }
  /** The server cannot save for now; play goes on. */
  saving: { paused: boolean }
  acknowledged: Acknowledged
}

/** What is needed to go on in the same place after the socket, or the page, is gone. */
export type ResumeTicket = {
  address: string
  zone: string
  session: number
  secret: Uint8Array
}

export type ZoneClientOptions = {
  /** Asks for a place; fails with an error that has a `code`, and `retryAfterS` where it applies. */
  enter: (signal: AbortSignal) => Promise<Admission>
  /** The zone's content; `fresh` when the host has another version than was given before. */
  loadZone: (zone: string, fresh: boolean) => Promise<Zone>
  /** The version of the content that `loadZone` gives; unknown before the first load. */
  contentVersion?: () => string | undefined
  socket: OpenSocket
  runtime: Runtime
  /** Milliseconds that never go back. */
  monotonic: () => number
  /** A resume ticket kept from before (a reloaded page). */
  resume?: ResumeTicket
  /** Told each new resume ticket, and undefined when it is void. */
  keepResume?: (ticket: ResumeTicket | undefined) => void
  /** Counts on in these metrics, where a player has several connections after each other. */
  metrics?: Metrics
  /** Not joined for so long, it gives up as `unreachable`. */
  giveUpMs?: number
  /** Told faults of listeners. */
  failed?: (error: unknown) => void
}

export type ZoneClient = {
  readonly state: ZoneClientState
  readonly metrics: Metrics
  on: Listen<ZoneClientEvents>
  /** Walks towards a heading from the next command on. */
  walk(heading: number): void
  /** Stands, facing where it faced. */
  stand(): void
  /** Says a line to those nearby; false when it is empty, too long or nobody is there to hear. */
  say(text: string): boolean
  /** Sends a message of a kind that the game has added; false when nobody is there to hear. */
  send(message: ControlMessage): boolean
  /** Drives everything that depends on time; call each drawn frame, or 20 to 60 times a second. */
  update(): void
  /** Oneself, or undefined while not in the world. */
  self(): Self | undefined
  /** All others as to be drawn now; call once a drawn frame. */
  draw(): Drawn[]
  /** All others exactly as of the newest snapshot. */
  seen(): Seen[]
  /** What the server last confirmed of oneself; undefined while not in the world. */
  readonly acknowledged: Acknowledged | undefined
  readonly content: Zone | undefined
  /** The server cannot save for now. It says so at each join, so a lost socket ends it. */
  readonly savingPaused: boolean
  readonly rttMs: number | undefined
  /** Leaves for good; resolves when the server has let go, at most 2 s later. */
  leave(): Promise<ZoneClientEnd>
  /** Loses the socket as a network does: the place is held and resumed. */
  drop(): void
  /** Resolves when it is over. */
  readonly ended: Promise<ZoneClientEnd>
}

const leaveMs = 2000

/** Looks for the content that the host has, with waits that grow: about 1.5 s in all. */
const reloadTriesMax = 4
const reloadWaitMs = 250

/** Brings a character into the world and keeps it there. Starts at once. */
export function createZoneClient(options: ZoneClientOptions): ZoneClient {
  const { runtime, monotonic } = options
  const metrics = options.metrics ?? createMetrics()
  const emitter = createEmitter<ZoneClientEvents>(
    options.failed ?? ((error) => console.error(error)),
  )
  const reconnect = createReconnect(runtime, monotonic(), options.giveUpMs)
  const stopping = new AbortController()

  let state: ZoneClientState = { phase: 'entering' }
  let connection: Connection | undefined
  let zone: JoinedZone | undefined
  let content: Zone | undefined
  let resume = options.resume
  let savingPaused = false

  const become = (next: ZoneClientState) => {
    state = next
    emitter.emit('state', next)
  }
  const keepResume = (ticket: ResumeTicket | undefined) => {
    resume = ticket
    options.keepResume?.(ticket)
  }

  async function run(): Promise<ZoneClientEnd> {
    let way: Way = resume ? 'resume' : 'enter'
    for (;;) {
      const attempt = await tryOnce(way)
      if (stopping.signal.aborted) return 'left'
      const { why } = attempt
      if (why !== 'redirected') countError(metrics, why)
      const next = reconnect.after(attempt, monotonic(), resume !== undefined)
      if ('over' in next) return next.over
      if (resume !== undefined && !next.mayResume) keepResume(undefined)
      way = next.way
      if (why === 'redirected') continue
      if (attempt.joined) metrics.reconnects++
      become({ phase: 'reconnecting', attempt: next.failures, why })
      if (next.waitMs !== undefined) {
        await runtime.sleep(next.waitMs, stopping.signal).catch(() => undefined)
        if (stopping.signal.aborted) return 'left'
      }
    }
  }

  async function tryOnce(way: Way): Promise<Attempt> {
    const startedAt = monotonic()
    try {
      if (way === 'resume' && resume) {
        const { address, zone: name, session, secret } = resume
        return await play(way, address, name, { kind: 'resume', session, secret }, startedAt)
      }
      if (state.phase !== 'reconnecting' && state.phase !== 'travelling') {
        become({ phase: 'entering' })
      }
      const admission = await options.enter(stopping.signal)
      const { address, ticket } = admission
      return await play('enter', address, admission.zone, { kind: 'join', ticket }, startedAt)
    } catch (error) {
      const { code, retryAfterS } = error as { code?: unknown; retryAfterS?: number }
      // An error without a code is a defect here: it is told, and ends in a typed state all the same.
      if (typeof code !== 'string') (options.failed ?? console.error)(error)
      const why = typeof code === 'string' ? code : 'client.defect'
      return { way, why, joined: false, retryAfterS }
    }
  }

  /** One socket from opening to its end. */
  async function play(
    way: Way,
    address: string,
    name: string,
    first: ClientFrame,
    startedAt: number,
  ): Promise<Attempt> {
    content = await options.loadZone(name, false)
    if (stopping.signal.aborted) return { way, why: 'left', joined: false }
    const walls = buildWalls(content)
    if (state.phase !== 'reconnecting') become({ phase: 'connecting', zone: name })

    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>()
    let redirected = false
    let joined = false
    let welcome: Welcome | undefined
    savingPaused = false
    connection = openConnection(options.socket, address, first, monotonic, metrics, {
      frame(frame) {
        if (frame.kind === 'welcome') {
          welcome = frame
          keepResume({ address, zone: frame.zone, session: frame.session, secret: frame.secret })
        } else if (frame.kind === 'snapshot' && welcome && !joined) {
          joined = true
          arrive(welcome, frame, walls, startedAt, way === 'resume')
        } else if (frame.kind === 'redirect' && frame.mode === 'go') {
          redirected = true
          metrics.redirects++
          become({ phase: 'travelling', zone: frame.zone })
          connection?.close('redirected')
        } else {
          receive(frame)
        }
      },
      pong: (sentAt, tick) => zone?.pong(sentAt, monotonic(), tick),
      ended: resolve,
    })
    const why = await promise
    connection = undefined
    zone = undefined
    return { way, why: redirected ? 'redirected' : why, joined }
  }

  function arrive(
    welcome: Welcome,
    first: Extract<ServerFrame, { kind: 'snapshot' }>,
    walls: Walls,
    startedAt: number,
    resumed: boolean,
  ) {
    const now = monotonic()
    reconnect.joined(now)
    metrics.joinMs.add(now - startedAt)
    zone = joinZone(welcome, first, walls, now, metrics)
    become({ phase: 'joined', zone: welcome.zone, instance: welcome.instance })
    emitter.emit('zone', { content: content!, instance: welcome.instance, resumed })
    emitter.emit('acknowledged', zone.acknowledged)
    const known = options.contentVersion?.()
    if (known !== undefined && known !== welcome.contentVersion)
      void reload(welcome.contentVersion, zone)
  }

  /** The host has other content: it is loaded once more, and walking goes on with its walls. */
  async function reload(version: string, inZone: JoinedZone) {
    const { welcome } = inZone
    try {
      let fresh = await options.loadZone(welcome.zone, true)
      // Whoever serves the files may learn of a change a moment after the host.
      for (let tries = 1; tries < reloadTriesMax; tries++) {
        if (zone !== inZone || (options.contentVersion?.() ?? version) === version) break
        await runtime.sleep(reloadWaitMs * tries, stopping.signal)
        fresh = await options.loadZone(welcome.zone, true)
      }
      if (zone !== inZone) return
      content = fresh
      inZone.setWalls(buildWalls(fresh))
      emitter.emit('zone', { content: fresh, instance: welcome.instance, resumed: true })
    } catch {
      // Play goes on with the content at hand: the server decides, corrections show the difference.
      countError(metrics, 'content.stale')
    }
  }

  function receive(frame: ServerFrame) {
    if (frame.kind === 'snapshot') {
      if (zone !== undefined) emitter.emit('acknowledged', zone.receive(frame, monotonic()))
    } else if (frame.kind === 'control') {
      const value = asControl(unpackControl(frame.body))
      if (value?.kind.startsWith('game.')) emitter.emit('message', value)
      const message = serverControl.safeParse(value)
      // Kinds of later versions are none of ours.
      if (!message.success) return
      const { data } = message
      switch (data.kind) {
        case 'chat.nearby':
          emitter.emit('chat', data)
          break
        case 'refused':
          emitter.emit('refused', data)
          break
        case 'announce':
          emitter.emit('announce', data)
          break
        case 'saving':
          savingPaused = data.paused
          emitter.emit('saving', data)
          break
        case 'content':
          if (zone !== undefined) void reload(data.version, zone)
          break
      }
    }
  }

  const ended = run().then((reason) => {
    // What ended by somebody's will is not resumed; what could not be reached may be, by the next try.
    if (reason !== 'unreachable') keepResume(undefined)
    become({ phase: 'closed', reason })
    return reason
  })

  return {
    get state() {
      return state
    },
    metrics,
    on: emitter.on,
    walk: (heading) => zone?.intend({ heading: heading & 0xffff, buttons: BUTTON_WALK }),
    stand: () => zone?.stand(),
    say(text) {
      const line = text.trim()
      if (line === '' || line.length > chatMaxLength || !zone || !connection) return false
      connection.send({ kind: 'control', body: packControl({ kind: 'chat.nearby', text: line }) })
      return true
    },
    send(message) {
      if (!zone || !connection) return false
      connection.send({ kind: 'control', body: packControl(message) })
      return true
    },
    update() {
      const now = monotonic()
      if (zone && connection) for (const frame of zone.update(now)) connection.send(frame)
      connection?.update(now)
    },
    self: () => zone?.self(monotonic()),
    draw: () => zone?.draw(monotonic()) ?? [],
    seen: () => zone?.seen() ?? [],
    get acknowledged() {
      return zone?.acknowledged
    },
    get content() {
      return content
    },
    get savingPaused() {
      return savingPaused
    },
    get rttMs() {
      return zone?.rttMs
    },
    async leave() {
      if (stopping.signal.aborted) return await ended
      stopping.abort(new Error('the player leaves'))
      const leaving = connection
      if (leaving) {
        leaving.send({ kind: 'leave' })
        await Promise.race([ended, runtime.sleep(leaveMs)])
        leaving.close('left')
      }
      return await ended
    },
    drop: () => connection?.close('socket'),
    ended,
  }
}
