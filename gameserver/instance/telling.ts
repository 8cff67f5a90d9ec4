// Tells players what is not of the world. A player whose socket is slow is told later: the latest of what may be lost
// is kept for him, and what a client can read by cursor is not, and he is told of both.
import { socketBacklogBytes, toldWaitingMax } from '#shared/limits.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import type { Told } from '../persistence/persistence.ts'
import type { Character, Waiting } from './character.ts'
import { controlFrame } from './frames.ts'
import type { Instance } from './instance.ts'

/** Who has no socket now looks again after he is back. */
export function tell(instance: Instance, all: readonly Told[]): void {
  const byAccount = Map.groupBy(instance.roster.all(), ({ claimed }) => claimed.accountId)
  for (const { event, accounts, zone, instance: only, except } of all) {
    if (zone !== undefined && zone !== instance.zone.id) continue
    if (only !== undefined && only !== instance.id) continue
    const frame = controlFrame(event)
    const not = new Set(except)
    for (const accountId of accounts ?? byAccount.keys()) {
      if (not.has(accountId)) continue
      for (const character of byAccount.get(accountId) ?? []) tellOne(character, event, frame)
    }
  }
}

/** Once a tick: sends what has waited to those who read again. */
export function tellWaiting({ roster }: Instance): void {
  for (const character of roster.all()) {
    const { viewer, waiting } = character
    if (waiting === undefined) continue
    // After a resume the client looks again at all.
    if (viewer === undefined) character.waiting = undefined
    else if (viewer.connection.backlogBytes < socketBacklogBytes) {
      character.waiting = undefined
      for (const frame of framesOf(waiting)) viewer.connection.send(frame)
    }
  }
}

function tellOne(character: Character, event: SocialEvent, frame: Uint8Array): void {
  const { viewer } = character
  if (viewer === undefined) return
  const { connection } = viewer
  if (character.waiting === undefined && connection.backlogBytes < socketBacklogBytes) {
    connection.send(frame)
    return
  }
  character.waiting ??= { lines: [], lost: new Map(), others: new Map() }
  keep(character.waiting, event, frame)
}

function keep({ lines, lost, others }: Waiting, event: SocialEvent, frame: Uint8Array): void {
  switch (event.kind) {
    case 'said':
      if (!mayBeLost(event.channel)) {
        lost.set(event.channel, undefined)
        return
      }
      lines.push({ channel: event.channel, frame })
      if (lines.length > toldWaitingMax) countLost(lost, lines.shift()!.channel, 1)
      return
    case 'lost':
      countLost(lost, event.channel ?? '', event.count)
      return
    case 'notified':
      others.set(`${event.kind} ${event.of}`, event)
      return
    case 'announce':
    case 'maintenance':
      // The latest one says how it is.
      others.set(event.kind, event)
  }
}

/** Lines for everybody. Those of a guild, a party or a whisper are read by cursor instead. */
function mayBeLost(channel: string): boolean {
  return channel === 'global' || channel.startsWith('zone:')
}

function countLost(lost: Waiting['lost'], channel: string, count: number | undefined): void {
  const before = lost.has(channel) ? lost.get(channel) : 0
  const sum = before === undefined || count === undefined ? undefined : before + count
  lost.set(channel, sum)
}

/** Losses come first: they are of lines before those that were kept. */
function framesOf({ lines, lost, others }: Waiting): Uint8Array[] {
  const losses = [...lost].map(([channel, count]): SocialEvent => ({
    kind: 'lost',
    ...(channel === '' ? {} : { channel }),
    ...(count === undefined ? {} : { count }),
  }))
  return [
    ...[...others.values(), ...losses].map((event) => controlFrame(event)),
    ...lines.map(({ frame }) => frame),
  ]
}
