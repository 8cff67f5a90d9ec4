// A character in the world, whatever happens to its connections: enter, join, play, be handed from zone
// to zone, lose the socket and come back, leave.
//
//   entering -> connecting -> joined -> travelling (redirect) -> connecting ...
//                                    -> reconnecting (resume while the place is held, then enter) ...
//                                    -> closed
//
// The client drives it by `update`. The loop of attempts is attempts.ts.
import type { Zone } from '#shared/content/content.ts'
import { chatMaxLength } from '#shared/limits.ts'
import { charactersOf, packControl } from '#shared/protocol/control.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import { runAttempts } from './attempts.ts'
import type { Listen } from './events.ts'
import type { Metrics } from './metrics.ts'
import type { Drawn, Seen } from './view.ts'
import { createCore } from './zone-client-state.ts'
import type {
  ZoneClientCore,
  ZoneClientEnd,
  ZoneClientEvents,
  ZoneClientOptions,
  ZoneClientState,
} from './zone-client-state.ts'
import type { Acknowledged, Self } from './zone.ts'

export type ZoneClient = {
  readonly state: ZoneClientState
  readonly metrics: Metrics
  on: Listen<ZoneClientEvents>
  /** Walks towards a heading from the next command on. */
  walk(heading: number): void
  /** Stands, facing where it faced. */
  stand(): void
  /** Says a line to players nearby; false when it is empty or too long, or the client is not joined. */
  say(text: string): boolean
  /** Sends a message of a kind that the game has added; false when the client is not joined. */
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

/** How long the server may take to let the character leave, ms. */
const leaveMs = 2000

/** Brings a character into the world and keeps it there. Starts at once. */
export function createZoneClient(options: ZoneClientOptions): ZoneClient {
  const core = createCore(options)
  const { monotonic } = options
  const ended = runAttempts(core).then((reason) => {
    // A stay that ended by a decision is not resumed; one that could not be reached may be, by the next try.
    if (reason !== 'unreachable') core.keepResume(undefined)
    core.become({ phase: 'closed', reason })
    return reason
  })
  return {
    get state() {
      return core.state
    },
    metrics: core.metrics,
    on: core.emitter.on,
    walk: (heading) => core.zone?.intend({ heading: heading & 0xffff, buttons: BUTTON_WALK }),
    stand: () => core.zone?.stand(),
    say(text) {
      const line = text.trim()
      if (line === '' || charactersOf(line) > chatMaxLength) return false
      return send(core, { kind: 'chat.nearby', text: line })
    },
    send: (message) => send(core, message),
    update: () => update(core),
    self: () => core.zone?.self(monotonic()),
    draw: () => core.zone?.draw(monotonic()) ?? [],
    seen: () => core.zone?.seen() ?? [],
    get acknowledged() {
      return core.zone?.acknowledged
    },
    get content() {
      return core.content
    },
    get savingPaused() {
      return core.savingPaused
    },
    get rttMs() {
      return core.zone?.rttMs
    },
    leave: async () => await leave(core, ended),
    drop: () => core.connection?.close('socket'),
    ended,
  }
}

/** False when the client is not joined. */
function send({ zone, connection }: ZoneClientCore, message: ControlMessage): boolean {
  if (!zone || !connection) return false
  connection.send({ kind: 'control', body: packControl(message) })
  return true
}

function update({ zone, connection, options }: ZoneClientCore): void {
  const now = options.monotonic()
  if (zone && connection) for (const frame of zone.update(now)) connection.send(frame)
  connection?.update(now)
}

async function leave(
  { stopping, connection, options }: ZoneClientCore,
  ended: Promise<ZoneClientEnd>,
): Promise<ZoneClientEnd> {
  if (stopping.signal.aborted) return await ended
  stopping.abort(new Error('the player leaves'))
  if (connection) {
    connection.send({ kind: 'leave' })
    await Promise.race([ended, options.runtime.sleep(leaveMs)])
    connection.close('left')
  }
  return await ended
}
