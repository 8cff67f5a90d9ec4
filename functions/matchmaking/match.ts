// A match: who is to play together. Each of them has to accept it, where the queue asks; then its instance is opened.
// Pure; moments are Unix ms.
import type { ProblemCode } from '#shared/problem.ts'

export type MatchMember = {
  accountId: string
  characterId: string
  name: string
  team: string
  accepted: boolean
}

/** `asks`: not all have accepted. `ready`: its instance is to be opened. `failed`: nobody plays it. */
export type Match = {
  matchId: string
  queue: string
  /** Ids, the oldest first. */
  tickets: string[]
  members: MatchMember[]
  state: 'asks' | 'ready' | 'open' | 'failed'
  /** Until when all have to accept. */
  until: number
  number: number
}

export type MatchRefusal = Extract<ProblemCode, `match.${string}`>

/** One has accepted; the last one makes it ready. Twice is once. */
export function accept(match: Match, characterId: string, now: number): Match | MatchRefusal {
  const me = match.members.find((member) => member.characterId === characterId)
  if (me === undefined) return 'match.over'
  if (me.accepted && match.state !== 'failed') return match
  if (match.state !== 'asks' || now > match.until) return 'match.over'
  const members = match.members.map((one) => (one === me ? { ...one, accepted: true } : one))
  const state = members.every(({ accepted }) => accepted) ? 'ready' : 'asks'
  return { ...match, members, state }
}

/** One will not play: it has failed for all. */
export function decline(match: Match, characterId: string): Match | MatchRefusal {
  const isIn = match.members.some((member) => member.characterId === characterId)
  if (!isIn || match.state !== 'asks') return 'match.over'
  return { ...match, state: 'failed' }
}

/**
 * A match that nobody plays in time has failed: not all have accepted, or no host has room for its instance. Undefined:
 * it is not so. `graceMs`: for answers under way, and for a host to be found.
 */
export function expire(
  match: Match,
  now: number,
  graceMs: { asks: number; ready: number },
): Match | undefined {
  const { state, until } = match
  if (state !== 'asks' && state !== 'ready') return undefined
  return now <= until + graceMs[state] ? undefined : { ...match, state: 'failed' }
}
