// One viewer's frames: at most one a tick, and only when there is something to say.
//
// A frame is sent when a subscribed cell changed, cells joined or left the area of interest, the server
// took a command that the client could not foresee (missing or dropped), or `frameEveryMs` have passed.
// A viewer that does not read is skipped; since records of course changes were then lost to it, its next
// frame is a keyframe.
import {
  frameEveryMs,
  socketBacklogBytes,
  socketBacklogMaxBytes,
  socketStalledMs,
} from '#shared/limits.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import { writeDrop, writeSnapshotHead } from '#shared/protocol/snapshot.ts'
import type { Entity, World } from '../sim/world.ts'
import type { CellRecords } from './cell-records.ts'
import { createInterest } from './interest.ts'
import type { Interest } from './interest.ts'
import type { Connection } from './transport.ts'

export type Viewer = {
  readonly connection: Connection
  readonly entity: Entity
  readonly interest: Interest
  /** The next frame must be complete in itself. */
  keyframe: boolean
  /** Monotonic ms. */
  sentAt: number
  /** Since when it has been skipped, monotonic ms; -1 while it reads. */
  stalledAt: number
}

/** Time runs at its own speed; the envelope can say otherwise. */
export const realTime = 256

export function createViewer(
  connection: Connection,
  entity: Entity,
  world: World,
  radiusUnits: number,
): Viewer {
  const interest = createInterest(world.grid.columns, world.grid.rows, radiusUnits)
  return { connection, entity, interest, keyframe: true, sentAt: -Infinity, stalledAt: -1 }
}

/** Whether lines of chat and the like may be sent: not to those who do not read. */
export function listens(viewer: Viewer): boolean {
  return viewer.stalledAt < 0
}

const frame = new Writer(64 * 1024)
/** Subscribed cells that have changed. An array that grows anew for each frame would be garbage. */
const news = new Uint16Array(65_536)

/**
 * Sends what the latest tick has for this viewer. `stalled`: it has not read for too long, or has too
 * much waiting, and must be closed.
 */
export function sendFrame(
  viewer: Viewer,
  world: World,
  records: CellRecords,
  now: number,
): 'sent' | 'nothing' | 'skipped' | 'stalled' {
  const { entity, interest } = viewer
  interest.look(entity.x, entity.y)
  const backlog = viewer.connection.backlogBytes
  // Once skipped it must drain to an eighth before it is served again, or it would flutter.
  if (backlog > (viewer.stalledAt < 0 ? socketBacklogBytes : socketBacklogBytes / 8)) {
    viewer.keyframe = true
    if (viewer.stalledAt < 0) viewer.stalledAt = now
    const late = now - viewer.stalledAt > socketStalledMs
    return late || backlog > socketBacklogMaxBytes ? 'stalled' : 'skipped'
  }
  viewer.stalledAt = -1

  const { added, dropped } = interest
  const changed = interest.among(records.changed, news)
  const silent = changed + added.length + dropped.length === 0
  if (silent && !isDue(viewer, now)) return 'nothing'
  frame.reset()
  const commands = entity.commands!
  writeSnapshotHead(frame, {
    tick: world.tick,
    keyframe: viewer.keyframe,
    timeScale: realTime,
    waiting: commands.waiting,
    ack: commands.expected - 1,
    own: entity,
  })
  const headBytes = frame.at
  if (viewer.keyframe) {
    for (const cell of interest.cells) writeBlock(cell, records)
  } else {
    if (dropped.length > 0) writeDrop(frame, dropped)
    for (const cell of added) writeBlock(cell, records)
    for (let i = 0; i < changed; i++) writeChanges(news[i]!, interest, records)
  }
  if (frame.at === headBytes && !isDue(viewer, now)) return 'nothing'
  viewer.keyframe = false
  viewer.sentAt = now
  viewer.connection.send(frame.view())
  return 'sent'
}

/** Whether a frame must be sent even when no cell has anything to say. */
function isDue(viewer: Viewer, now: number): boolean {
  return viewer.keyframe || viewer.entity.unsure || now - viewer.sentAt >= frameEveryMs
}

function writeBlock(cell: number, records: CellRecords): void {
  const block = records.block(cell)
  if (block !== undefined) frame.append(block)
}

function writeChanges(cell: number, interest: Interest, records: CellRecords): void {
  const changes = records.changes(cell)
  // A cell that has just been subscribed to came as a block, which holds these already.
  if (changes === undefined || !interest.had(cell)) return
  frame.append(changes)
  for (const arrival of records.arrivals(cell)) {
    if (!interest.had(arrival.from)) frame.append(arrival.sections)
  }
}
