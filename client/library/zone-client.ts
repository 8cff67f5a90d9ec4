// Keeps a character in the world over all its connections: it enters, joins, plays, goes from zone to zone,
// resumes after a lost socket, and leaves.
//
//   entering -> (waiting ->) connecting -> joined -> travelling (redirect) -> connecting ...
//                                    -> reconnecting (resume while the place is held, then enter) ...
//                                    -> closed
//
// The program calls `update` often. The loop of attempts is attempts.ts.
import type { SchemaAbility } from '#shared/components/schema.ts'
import type { Zone } from '#shared/content/content.ts'
import { chatMaxLength } from '#shared/limits.ts'
import { charactersOf } from '#shared/protocol/chat-text.ts'
import { packControl } from '#shared/protocol/control.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import type { Message } from '#shared/protocol/message.ts'
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import type { Aim } from '#shared/rules/own-state.ts'
import { runAttempts } from './attempts.ts'
import type { Listen } from './events.ts'
import type { Metrics } from './metrics.ts'
import type { Casting, UseAnswer } from './own-abilities.ts'
import type { Drawn, Known, Seen, SeenParts } from './view.ts'
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
  /**
   * Uses an ability of the zone with the next command. It is shown at once; the event `used` with the same
   * number says how it ended. Refused at once is what the server would refuse.
   */
  use(ability: string, aim: Aim): UseAnswer
  /** Seconds until it may be used again, 0 when it may; undefined while there is no such ability. */
  readyIn(ability: string): number | undefined
  /** What oneself casts, and in how many seconds it is done; undefined while one casts nothing. */
  casting(): Casting | undefined
  /** What the zone says of an ability: what it aims at, how long it waits; undefined while there is none. */
  ability(name: string): SchemaAbility | undefined
  /** Says a line to players nearby; false when it is empty or too long, or the client is not joined. */
  say(text: string): boolean
  /** Sends a message of a kind that the game has added; false when the client is not joined. */
  send(message: ControlMessage): boolean
  /**
   * Asks the zone, and resolves with its answer. Rejects with RequestRefused; the code `lost` says that the
   * outcome is not known.
   */
  request<In extends object, Answer>(
    message: Message<In, unknown, Answer>,
    body: In,
  ): Promise<Answer>
  /** Does all that depends on time. Call it at each drawn frame, or 20 to 60 times a second. */
  update(): void
  /** Oneself, or undefined while not in the world. */
  self(): Self | undefined
  /** All others as they are drawn now. Call it once a drawn frame. */
  draw(): Drawn[]
  /** All others exactly as of the newest snapshot. */
  seen(): Seen[]
  /** What is known of an entity in view; of oneself with what nobody else is told. */
  entity(id: number): Known | undefined
  /** Of one's party, oneself included, wherever in the zone they are: what only they are told. */
  party(): { id: number; parts: SeenParts }[]
  /** The own body that the server last acknowledged; undefined while not in the world. */
  readonly acknowledged: Acknowledged | undefined
  readonly content: Zone | undefined
  /** The server cannot save for now. The server says it at each join, so it ends with the socket. */
  readonly savingPaused: boolean
  readonly rttMs: number | undefined
  /**
   * Goes to a private instance by its id, or `outside` of the one that it is in. False when the client is not joined.
   * When that instance is over it comes back to where it was.
   */
  goTo(instance: string): boolean
  /** Leaves for good; resolves when the server has let go, at most 2 s later. */
  leave(): Promise<ZoneClientEnd>
  /** Loses the socket as a network does. The stay goes on and is resumed. */
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
    // A stay that a person has ended is not resumed. One that was not reached may be, by the next try.
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
    use: (ability, aim) => core.zone?.use(ability, aim) ?? { refused: 'lost' },
    readyIn: (ability) => core.zone?.readyIn(ability),
    casting: () => core.zone?.casting(),
    ability: (name) => core.zone?.ability(name),
    say(text) {
      const line = text.trim()
      if (line === '' || charactersOf(line) > chatMaxLength) return false
      return send(core, { kind: 'chat.nearby', text: line })
    },
    send: (message) => send(core, message),
    request: (message, body) => core.requests.ask(message, body, (sent) => send(core, sent)),
    update: () => update(core),
    self: () => core.zone?.self(monotonic()),
    draw: () => core.zone?.draw(monotonic()) ?? [],
    seen: () => core.zone?.seen() ?? [],
    entity: (id) => core.zone?.entity(id),
    party: () => core.zone?.party() ?? [],
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
    goTo: (instance) => goTo(core, instance),
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

function goTo(core: ZoneClientCore, instance: string): boolean {
  const { zone, connection, options } = core
  if (!zone || !connection) return false
  core.to = instance
  core.going = true
  core.become({ phase: 'travelling', zone: zone.welcome.zone })
  connection.send({ kind: 'leave' })
  // A server that does not let go in time is asked by the next `enter`.
  void options.runtime.sleep(leaveMs).then(() => connection.close('left'))
  return true
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
