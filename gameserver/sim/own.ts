// What the world holds of a player besides his body and his commands: the state that his client predicts with
// (shared/rules/own-state.ts), counted in ticks, and when it must be told.
//
// The client steps with the same state by the same rules, so most of what changes is not sent. Sent is what it
// cannot know: a change that a system imposes, a refusal, and all that is in force when ticks and numbers of
// commands have moved against each other.
//
// An imposed change is announced: it takes effect at a command that the client has not made yet, so that the
// client predicts it right. How far it is ahead follows from its frames: the number of its newest command
// against the number that was expected as of the newest snapshot that it had then. A client can only claim to
// be farther ahead than it is, and `imposedAheadMaxMs` bounds that.
import { imposedAheadMaxMs } from '#shared/limits.ts'
import { activeUntil, isMounted, plainState } from '#shared/rules/own-state.ts'
import type { Announced, OwnState, Use } from '#shared/rules/own-state.ts'

type Clock = { readonly tick: number; readonly tickHz: number }

/** Ticks back of which it is known what was expected then. */
const rememberedTicks = 64

export type Own = {
  /** In ticks. Set it by `setState` (own-changes.ts) alone. */
  state: OwnState
  /** By rising numbers of commands. */
  announced: Announced[]
  /** The ability that is being cast. */
  casting: Use | undefined
  /** The tick of the latest change that the client cannot know. */
  changedAt: number
  /** Nothing is in force from this tick on. */
  activeUntil: number
  /** The tick of the latest movement, and of the latest that took a number. */
  movedAt: number
  takenAt: number
  /** Tick less number, at the latest number that was taken. */
  offset: number
  /** The newest snapshot that the client has said it has. */
  known: number
  /** How far the client's newest command was ahead of what was expected then; 0: not known, so all it may be. */
  ahead: number
  /** By tick: the number that was expected after it; 0 when the player stood. */
  readonly expectedAfter: Float64Array
}

export function createOwn(radius: number): Own {
  return {
    state: { ...plainState, radius },
    announced: [],
    casting: undefined,
    changedAt: 0,
    activeUntil: 0,
    movedAt: 0,
    takenAt: 0,
    offset: 0,
    known: 0,
    ahead: 0,
    expectedAfter: new Float64Array(rememberedTicks),
  }
}

/** A client has sent its command `newest` when it had the snapshot of the tick `known`. */
export function noteKnown(own: Own, { tick, tickHz }: Clock, known: number, newest: number): void {
  // A later frame with the same snapshot would count commands that were made since.
  if (known <= own.known || known >= tick || known <= tick - rememberedTicks) return
  own.known = known
  const expected = own.expectedAfter[known % rememberedTicks]!
  // What was expected of a player who stood says nothing of his delay.
  if (expected === 0) return
  const ahead = newest + 1 - expected
  // Frames hold one or more commands, so the number rises and falls; the larger counts.
  own.ahead = Math.max(1, Math.min(aheadMax(tickHz), Math.max(ahead, own.ahead - 1)))
}

/** Ticks. */
export function aheadMax(tickHz: number): number {
  return Math.floor((imposedAheadMaxMs * tickHz) / 1000)
}

/** For a client that came back: it knows nothing, and has made no command. */
export function forgetClient(own: Own): void {
  own.known = 0
  own.ahead = 0
}

/**
 * A number was taken in this tick, or none. Whatever is in force is told anew when the client, which counts
 * numbers, would find another end for it.
 */
export function noteTaken(own: Own, tick: number, expected: number, taken: boolean): void {
  own.expectedAfter[tick % rememberedTicks] = taken ? expected : 0
  own.movedAt = tick
  if (!taken) {
    own.ahead = 0
    return
  }
  const offset = tick - expected
  if (offset !== own.offset && own.activeUntil > own.takenAt) own.changedAt = tick
  own.offset = offset
  own.takenAt = tick
}

/** Whether the client must be told of the state in a keyframe: it begins with that of a plain walker. */
export function isTold({ state, announced }: Own, tick: number): boolean {
  return announced.length > 0 || isMounted(state) || activeUntil(state) > tick
}
