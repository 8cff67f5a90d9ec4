// One viewer's frames: at most one a tick, and only when there is news.
//
// Each frame brings the viewer up to date with all subscribed cells, as of its tick. So a whole frame may be
// put off, but never a part of it. A frame is sent
// - when the server repeated or dropped a command, or the player's own state changed, which the client could
//   not foresee;
// - when `frameEveryMs` have passed;
// - when a subscribed cell changed, or cells joined or left the area of interest, or a component changed that
//   the player alone is told of. Near changes and his own go out as soon as the level of detail allows, far
//   ones later (detail.ts).
//
// A viewer that does not read is skipped. Cells remember changes for a few ticks alone, so its next frame
// is a keyframe.
import {
  frameEveryMs,
  socketBacklogBytes,
  socketBacklogMaxBytes,
  socketStalledMs,
} from '#shared/limits.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import { writeSelf } from '#shared/protocol/own-section.ts'
import {
  beginOwn,
  beginParty,
  beginSelf,
  writeDrop,
  writeSnapshotHead,
} from '#shared/protocol/snapshot.ts'
import { rebased } from '#shared/rules/own-state.ts'
import { partsOf } from '../sim/components.ts'
import { isTold } from '../sim/own.ts'
import type { Entity, World } from '../sim/world.ts'
import type { CellRecords, Changes } from './cell-records.ts'
import { hasCell } from './cell-set.ts'
import { windowTicks } from './changed-cells.ts'
import { createInterest } from './interest.ts'
import type { Interest } from './interest.ts'
import type { Detail } from './detail.ts'
import { writeAllParts, writePartsSince } from './parts.ts'
import type { Connection } from './transport.ts'

export type Viewer = {
  readonly connection: Connection
  readonly entity: Entity
  interest: Interest
  /** The next frame must be complete in itself. */
  keyframe: boolean
  /** The next frame must not be put off: something that is to come after it waits. */
  prompt: boolean
  /** The tick of which it knows everything subscribed. */
  upTo: number
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
  return {
    connection,
    entity,
    interest,
    keyframe: true,
    prompt: false,
    upTo: world.tick,
    sentAt: -Infinity,
    stalledAt: -1,
  }
}

/** Whether lines of chat and the like may be sent: not while the viewer does not read. */
export function listens(viewer: Viewer): boolean {
  return viewer.stalledAt < 0
}

/** It sees as far from its next frame on, which is complete in itself. */
export function setViewRadius(viewer: Viewer, world: World, radiusUnits: number): void {
  viewer.interest = createInterest(world.grid.columns, world.grid.rows, radiusUnits)
  viewer.keyframe = true
}

const frame = new Writer(64 * 1024)
/** Runs of subscribed cells. An array that grows anew for each frame would be garbage. */
const runs = new Uint16Array(65_536)

/**
 * Sends this viewer the news of the latest ticks. `stalled`: the client has not read for too long, or too
 * many bytes wait for it; the caller must close it. `later`: the frame is put off.
 */
export function sendFrame(
  viewer: Viewer,
  world: World,
  records: CellRecords,
  detail: Detail,
  now: number,
): 'sent' | 'nothing' | 'later' | 'skipped' | 'stalled' {
  const { entity, interest } = viewer
  const { tick } = world
  if (tick - viewer.upTo > windowTicks) viewer.keyframe = true
  // Before the backlog: asking each socket in each tick takes as long as some frames do.
  if (viewer.stalledAt < 0 && isPutOff(viewer, world, records, detail, now)) return 'later'
  const backlog = viewer.connection.backlogBytes
  // Once skipped it must drain to an eighth before it gets frames again, or it would flutter.
  if (backlog > (viewer.stalledAt < 0 ? socketBacklogBytes : socketBacklogBytes / 8)) {
    viewer.keyframe = true
    if (viewer.stalledAt < 0) viewer.stalledAt = now
    const late = now - viewer.stalledAt > socketStalledMs
    return late || backlog > socketBacklogMaxBytes ? 'stalled' : 'skipped'
  }
  viewer.stalledAt = -1
  viewer.prompt = false
  interest.moveTo(entity.x, entity.y)
  const { added, dropped } = interest
  const since = viewer.upTo
  viewer.upTo = tick
  frame.reset()
  const commands = entity.commands!
  writeSnapshotHead(frame, {
    tick,
    keyframe: viewer.keyframe,
    timeScale: realTime,
    waiting: commands.waiting,
    ack: commands.expected - 1,
    own: entity,
  })
  const headBytes = frame.at
  writeState(viewer, world, since)
  writeOwn(viewer, world, since)
  writeParty(viewer, world, since)
  if (viewer.keyframe) {
    writeAll(interest, records)
  } else {
    if (dropped.length > 0) writeDrop(frame, dropped)
    for (const cell of added) writeBlock(cell, records)
    writeChanges(interest, records.changes(since))
  }
  if (frame.at === headBytes && !isDue(viewer, world, now)) return 'nothing'
  viewer.keyframe = false
  viewer.sentAt = now
  viewer.connection.send(frame.view())
  return 'sent'
}

/** Whether the news of the latest ticks can wait. */
function isPutOff(
  viewer: Viewer,
  world: World,
  records: CellRecords,
  { nearTicks, farTicks }: Detail,
  now: number,
): boolean {
  if (hasTurn(viewer, world.tick, farTicks) || viewer.prompt) return false
  if (isDue(viewer, world, now)) return false
  if (!hasTurn(viewer, world.tick, nearTicks)) return true
  const near = records.changedSince(viewer.upTo)
  return !hasCell(near, viewer.entity.cell) && !ownChanged(viewer, world)
}

/**
 * Whether the viewer's turn has come since the tick of which it knows everything. Neighbours take turns, so
 * that ticks are alike; also after steps without frames, in which the turns of many have come.
 */
function hasTurn({ entity, upTo }: Viewer, tick: number, everyTicks: number): boolean {
  const slot = entity.id & 0xffff
  return Math.floor((tick + slot) / everyTicks) > Math.floor((upTo + slot) / everyTicks)
}

/** Whether a frame must be sent even when no cell has anything to say. */
function isDue(viewer: Viewer, world: World, now: number): boolean {
  // In the last tick that is not too late: the next one would be. Half a tick is for timers, which fire a
  // little early or late.
  const dueMs = frameEveryMs - 1500 / world.tickHz
  return (
    viewer.keyframe || viewer.entity.unsure || stateChanged(viewer) || now - viewer.sentAt >= dueMs
  )
}

/** Whether something changed that those near are not told of: the player's own, or in his party. */
function ownChanged({ entity, upTo }: Viewer, { components }: World): boolean {
  const { owner, party } = components.latest
  if (owner[entity.id & 0xffff]! > upTo) return true
  if (partsOf(components, entity.archetype).party.length === 0) return false
  if (partyBecame(entity, upTo)) return true
  for (const { id } of membersOf(entity)) if (party[id & 0xffff]! > upTo) return true
  return false
}

const alone: Entity[] = []

/** Who is in a player's party, he himself included. Valid until the next call. */
function membersOf(entity: Entity): readonly Entity[] {
  if (entity.party !== undefined) return entity.party.members
  alone[0] = entity
  return alone
}

/** Whether a player's party became another one after a tick. */
function partyBecame({ party, partyAt }: Entity, since: number): boolean {
  return partyAt > since || (party !== undefined && party.changedAt > since)
}

/** What the player's party alone is told of. */
function writeParty({ entity, keyframe }: Viewer, { components }: World, since: number): void {
  const { party: tables } = partsOf(components, entity.archetype)
  if (tables.length === 0) return
  const members = membersOf(entity)
  const latest = components.latest.party
  const complete = keyframe || partyBecame(entity, since)
  let count = 0
  for (const { id } of members) if (complete || latest[id & 0xffff]! > since) count++
  if (count === 0) return
  beginParty(frame, complete, count)
  for (const { id } of members) {
    const slot = id & 0xffff
    if (!complete && latest[slot]! <= since) continue
    frame.u24(id)
    if (complete) writeAllParts(frame, tables, slot)
    else writePartsSince(frame, tables, slot, since)
  }
}

function stateChanged({ entity, upTo }: Viewer): boolean {
  return entity.own!.changedAt > upTo
}

/** What moves the player, when the client cannot know it. */
function writeState({ entity, keyframe }: Viewer, { tick }: World, since: number): void {
  const own = entity.own!
  if (keyframe ? !isTold(own, tick + 1) : own.changedAt <= since) return
  beginSelf(frame)
  writeSelf(frame, rebased(own.state, tick + 1, 0), own.announced)
}

/** What the player alone is told of. */
function writeOwn({ entity, keyframe }: Viewer, { components }: World, since: number): void {
  const slot = entity.id & 0xffff
  const { owner } = partsOf(components, entity.archetype)
  if (owner.length === 0 || (!keyframe && components.latest.owner[slot]! <= since)) return
  beginOwn(frame)
  if (keyframe) writeAllParts(frame, owner, slot)
  else writePartsSince(frame, owner, slot, since)
}

function writeBlock(cell: number, records: CellRecords): void {
  const block = records.block(cell)
  if (block !== undefined) frame.append(block)
}

function writeAll(interest: Interest, records: CellRecords): void {
  const count = interest.runs('all', runs)
  for (let i = 0; i < count; i += 2) {
    for (let cell = runs[i]!; cell <= runs[i + 1]!; cell++) writeBlock(cell, records)
  }
}

function writeChanges(interest: Interest, changes: Changes): void {
  const { sections, sectionsFrom, arrivals, arrivalsFrom, wholes, wholeFrom } = changes
  // A cell that has just been subscribed to came as a block, which holds these already.
  const count = interest.runs('kept', runs)
  for (let i = 0; i < count; i += 2) {
    const first = runs[i]!
    const behind = runs[i + 1]! + 1
    const begin = sectionsFrom[first]!
    const end = sectionsFrom[behind]!
    if (begin === end) continue
    frame.append(sections, begin, end)
    for (let n = arrivalsFrom[first]!; n < arrivalsFrom[behind]!; n++) {
      if (interest.had(arrivals[n]!)) continue
      frame.append(wholes, wholeFrom[n], wholeFrom[n + 1])
    }
  }
}
