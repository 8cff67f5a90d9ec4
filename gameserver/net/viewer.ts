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
import { writeDrop, writeSection, writeSnapshotHead } from '#shared/protocol/snapshot.ts'
import type { Entity, World } from '../sim/world.ts'
import type { CellRecords, Records } from './cell-records.ts'
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
  if (!hasNews(viewer, records, now)) return 'nothing'

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
  if (viewer.keyframe) {
    for (const cell of interest.cells) writeBlock(cell, records)
  } else {
    if (interest.dropped.length > 0) writeDrop(frame, interest.dropped)
    for (const cell of interest.added) writeBlock(cell, records)
    for (const cell of interest.cells) writeChanges(cell, interest, records)
  }
  viewer.keyframe = false
  viewer.sentAt = now
  viewer.connection.send(Buffer.from(frame.view()))
  return 'sent'
}

function hasNews(viewer: Viewer, records: CellRecords, now: number): boolean {
  const { interest } = viewer
  if (viewer.keyframe || viewer.entity.unsure || now - viewer.sentAt >= frameEveryMs) return true
  if (interest.added.length > 0 || interest.dropped.length > 0) return true
  const { cells } = interest
  for (let i = 0; i < cells.length; i++) if (records.changes(cells[i]!) !== undefined) return true
  return false
}

function writeBlock(cell: number, records: CellRecords): void {
  const block = records.block(cell)
  if (block !== undefined) writePieces('block', cell, block)
}

function writeChanges(cell: number, interest: Interest, records: CellRecords): void {
  const changes = records.changes(cell)
  // A cell that has just been subscribed to came as a block, which holds these already.
  if (changes === undefined || !interest.had(cell)) return
  writePieces('cell', cell, changes)
  for (const arrival of records.arrivals(cell)) {
    if (!interest.had(arrival.from)) writePieces('cell', cell, arrival.records)
  }
}

/** What does not fit one section goes on in others for the same cell. */
function writePieces(section: 'block' | 'cell', cell: number, records: Records): void {
  const bytes = records.writer.view()
  let begin = 0
  for (const end of records.ends) {
    writeSection(frame, section, cell, bytes.subarray(begin, end))
    begin = end
  }
  if (begin < bytes.length) writeSection(frame, section, cell, bytes.subarray(begin))
}
