// The options, state and events of a zone client. Its parts share them: the loop of attempts (attempts.ts),
// the handling of arrivals (arrivals.ts) and the public interface (zone-client.ts).
import type { Admission } from '#shared/api/world.ts'
import type { Zone } from '#shared/content/content.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import type { NotifiedOf, SocialEvent } from '#shared/protocol/social-event.ts'
import type { ResultAnswer } from '#shared/rules/played-match.ts'
import type { TallyTotal } from '#shared/rules/tally.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Connection, ConnectionEnd } from './connection.ts'
import { createEmitter } from './events.ts'
import type { Emitter } from './events.ts'
import type { Waiting } from './login-queue.ts'
import { createMetrics } from './metrics.ts'
import type { Metrics } from './metrics.ts'
import { createRequests } from './requests.ts'
import type { Requests } from './requests.ts'
import { createSchemas } from './schemas.ts'
import type { Schemas } from './schemas.ts'
import type { UseRefusal } from './own-abilities.ts'
import type { OpenSocket } from './socket.ts'
import type { Acknowledged, JoinedZone } from './zone.ts'

/** Why a zone client has ended: a close reason, a problem code of `enter`, or `unreachable`. */
export type ZoneClientEnd = ConnectionEnd | 'unreachable' | (string & {})

export type ZoneClientState =
  | { phase: 'entering' }
  /** In the login queue of a full realm. */
  | ({ phase: 'waiting' } & Waiting)
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
  /** The server refused a control message of ours. */
  refused: { of: string; code: 'rate' | 'invalid' | 'paused' | 'muted' | 'failed' }
  /** How the use of an ability ended: `command` is what `use` answered; `refused`: why it was not used. */
  used: { ability: string; command: number; refused: UseRefusal | undefined }
  /** An operator's line for everybody. */
  announce: { text: string }
  /** A line in a channel of chat. */
  said: Extract<SocialEvent, { kind: 'said' }>
  /** Lines of a channel did not come, or may not have: read it from where you were. */
  lost: Extract<SocialEvent, { kind: 'lost' }>
  /** The realm closes. */
  maintenance: Extract<SocialEvent, { kind: 'maintenance' }>
  /** The server cannot save for now. Play goes on. */
  saving: { paused: boolean }
  /**
   * Something is new: read the mailbox from where you were, or the list of friends. Read both at first and after a
   * resume as well, for this may be lost. Many may come at once: read once a second at most.
   */
  notified: { of: NotifiedOf }
  /**
   * The total of one's own tally has changed. `api.tallies` reads it at first and after a resume: of two
   * totals, the one with more changes is newer.
   */
  tally: TallyTotal & { tally: string }
  /** A match has ended and counted: one's place, and points before and after where it is rated. It may come again. */
  result: ResultAnswer & { match: string }
  /** Oneself stands in a gate to a private zone: followGates (gates.ts) goes there. */
  gate: { zone: string; difficulty?: string | undefined }
  acknowledged: Acknowledged
}

/** All that a client needs to resume its stay after the loss of the socket, or of the page. */
export type ResumeTicket = {
  address: string
  zone: string
  stay: number
  secret: Uint8Array
}

export type ZoneClientOptions = {
  /**
   * Asks for a place; fails with an error that has a `code`, and `retryAfterS` where it applies. `to`: what `goTo` was
   * asked for. `waiting`: where the player stands in the login queue of a full realm; undefined when he comes in.
   */
  enter: (
    signal: AbortSignal,
    to?: string,
    waiting?: (place: Waiting | undefined) => void,
  ) => Promise<Admission>
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
  /** Called with each new resume ticket, and with undefined when it is void. */
  keepResume?: (ticket: ResumeTicket | undefined) => void
  /** Adds to these metrics, for a player with several clients after each other. */
  metrics?: Metrics
  /** Not joined for so long, the client stops as `unreachable`. */
  reconnectForMs?: number
  /** Called with the faults of listeners. */
  failed?: (error: unknown) => void
}

/** The state that the parts of a zone client share. */
export type ZoneClientCore = {
  readonly options: ZoneClientOptions
  readonly metrics: Metrics
  readonly emitter: Emitter<ZoneClientEvents>
  /** Aborted when the player leaves. */
  readonly stopping: AbortController
  state: ZoneClientState
  connection: Connection | undefined
  /** The zone while joined. */
  zone: JoinedZone | undefined
  content: Zone | undefined
  resume: ResumeTicket | undefined
  readonly schemas: Schemas
  readonly requests: Requests
  savingPaused: boolean
  /** Where the next `enter` is to lead to (ZoneClient.goTo). */
  to: string | undefined
  /** The server was asked to let the character leave for there. */
  going: boolean
  /** Of the newest total of each tally. */
  readonly tallyChanges: Map<string, number>
  become(next: ZoneClientState): void
  keepResume(ticket: ResumeTicket | undefined): void
}

export function createCore(options: ZoneClientOptions): ZoneClientCore {
  const emitter = createEmitter<ZoneClientEvents>(options.failed ?? console.error)
  const core: ZoneClientCore = {
    options,
    metrics: options.metrics ?? createMetrics(),
    emitter,
    stopping: new AbortController(),
    state: { phase: 'entering' },
    connection: undefined,
    zone: undefined,
    content: undefined,
    resume: options.resume,
    schemas: createSchemas(),
    requests: createRequests(),
    savingPaused: false,
    to: undefined,
    going: false,
    tallyChanges: new Map(),
    become(next) {
      core.state = next
      emitter.emit('state', next)
    },
    keepResume(ticket) {
      core.resume = ticket
      options.keepResume?.(ticket)
    },
  }
  return core
}
