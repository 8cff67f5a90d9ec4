// Sends players the snapshot of a tick, the messages of entities near them, and messages for all players.
import { resumeMs } from '#shared/limits.ts'
import type { Content } from '#shared/content/content.ts'
import type { ServerControl } from '#shared/protocol/control.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { listens, sendFrame, setViewRadius } from '../net/viewer.ts'
import type { Viewer } from '../net/viewer.ts'
import type { Entity, GateArea } from '../sim/world.ts'
import type { Character } from './character.ts'
import { controlFrame, messageFrame, usedFrame } from './frames.ts'
import type { WorldMessage } from './frames.ts'
import type { Instance } from './instance.ts'
import { outsideOf, startLeave } from './leaving.ts'
import type { Destination } from './leaving.ts'
import { loseSocket } from './player.ts'
import { tellWaiting } from './telling.ts'

/** Sends each player the changes that he does not know yet, as of the latest tick. `now`: monotonic ms. */
export function deliver(instance: Instance, now: number): void {
  const events = instance.undelivered
  instance.undelivered = []
  const messages = events.filter((event) => event.event === 'message')
  // A client must know the entity that speaks before its message comes.
  for (const message of messages)
    for (const viewer of receivers(instance, message)) viewer.prompt = true
  // The outcome of an ability stands behind the snapshot that acknowledges its command.
  for (const event of events) {
    const viewer = event.event === 'used' ? viewerOf(instance, event.entity) : undefined
    if (viewer !== undefined) viewer.prompt = true
  }
  for (const character of instance.roster.all()) sendSnapshot(instance, character, now)
  for (const message of messages) sendMessage(instance, message)
  tellWaiting(instance)
  for (const event of events) {
    if (event.event === 'used') {
      viewerOf(instance, event.entity)?.connection.send(usedFrame(event))
    } else if (event.event === 'refused') {
      const { of, code, re } = event
      const frame = controlFrame({ kind: 'refused', of, code, re })
      viewerOf(instance, event.to)?.connection.send(frame)
    }
  }
}

function viewerOf({ roster }: Instance, { id }: Entity): Viewer | undefined {
  return roster.findEntity(id)?.viewer
}

/** Sends all players of the instance the same control message. */
export function broadcast(instance: Instance, message: ServerControl): void {
  const frame = controlFrame(message)
  for (const { viewer } of instance.roster.all()) viewer?.connection.send(frame)
}

/** Sends players whether their progress is being saved. Call it whenever that may have changed. */
export function setSaving(instance: Instance, held: boolean): void {
  if (instance.savingPaused === !held) return
  instance.savingPaused = !held
  broadcast(instance, { kind: 'saving', paused: !held })
}

/**
 * Takes other content from the next tick on, and sends its version to all players. The caller checks that no
 * fixed field has changed. Throws when the content lacks the zone.
 */
export function takeContent(instance: Instance, content: Content): void {
  const zone = content.zones.get(instance.zone.id)
  if (zone === undefined) throw new Error(`the content has no zone ${instance.zone.id}`)
  if (zone.viewRadius !== instance.zone.viewRadius) {
    for (const { viewer } of instance.roster.all()) {
      if (viewer) setViewRadius(viewer, instance.world, metresToUnits(zone.viewRadius))
    }
  }
  instance.zone = zone
  instance.content = content
  const { creatures, ofGame } = content
  instance.inputs.push({ input: 'content', zone, creatures, ofGame })
  broadcast(instance, { kind: 'content', version: content.version })
}

/** One character's snapshot; or the end of its stay, when a gate or a time-out ends it. */
function sendSnapshot(instance: Instance, character: Character, now: number): void {
  const { entity, viewer, gate } = character
  if (entity === undefined) return
  if (gate !== undefined) {
    if (!inside(gate, entity)) character.gate = undefined
    else if (!instance.savingPaused) {
      const to = passGate(character, gate)
      if (to !== undefined) return startLeave(instance, character, 'redirected', to)
    }
  }
  if (viewer !== undefined) {
    const { world, records, detail } = instance
    if (sendFrame(viewer, world, records, detail, now) !== 'stalled') return
    character.socket?.end('timeout')
    loseSocket(instance, character, character.socket)
    return
  }
  if (character.lostAt >= 0 && now - character.lostAt > resumeMs) {
    startLeave(instance, character, 'left')
  }
}

/**
 * Where a gate leads to now. Undefined for a private zone: which instance is open for the player, the API knows. So his
 * client is told that he stands there, once, and asks.
 */
function passGate(character: Character, gate: GateArea): Destination | undefined {
  const { to: zone, arrive, difficulty } = gate
  if (arrive !== undefined) return { zone, ...arrive }
  if (zone === 'outside') return outsideOf(character)
  character.gate = undefined
  character.viewer?.connection.send(controlFrame({ kind: 'gate', zone, difficulty }))
  return undefined
}

function sendMessage(instance: Instance, event: WorldMessage): void {
  let frame: Uint8Array
  try {
    frame = messageFrame(instance.rules, event)
  } catch (error) {
    // A fault of the game: all other messages are sent.
    instance.faults.report(`message ${event.kind}`, error, instance.monotonic())
    return
  }
  for (const viewer of receivers(instance, event)) viewer.connection.send(frame)
}

/**
 * The player alone, or all viewers that are subscribed to its cell; not those that do not read, nor those who have
 * blocked the player who speaks.
 */
function receivers({ roster, blocks }: Instance, { from, to, kind }: WorldMessage): Viewer[] {
  if (to === 'self') {
    const viewer = roster.findEntity(from.id)?.viewer
    return viewer === undefined ? [] : [viewer]
  }
  const receivers: Viewer[] = []
  const speaker = kind === 'chat.nearby' ? roster.findEntity(from.id)?.claimed.accountId : undefined
  for (const { viewer, claimed } of roster.all()) {
    if (speaker !== undefined && blocks.get(claimed.accountId)?.has(speaker)) continue
    if (viewer?.interest.has(from.cell) && listens(viewer)) receivers.push(viewer)
  }
  return receivers
}

function inside(gate: GateArea, entity: Entity): boolean {
  const { x, y } = entity
  return x >= gate.x0 && x < gate.x1 && y >= gate.y0 && y < gate.y1
}
