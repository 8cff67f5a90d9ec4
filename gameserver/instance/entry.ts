// How a character comes into an instance: claimed, put into the world by the next tick, then welcomed; and
// how a client comes back to its stay.
import { resumeSecretBytes } from '#shared/protocol/client-frames.ts'
import { metresToUnits, playerRadius } from '#shared/rules/units.ts'
import type { ClientConnection } from '../net/client-connection.ts'
import { createViewer } from '../net/viewer.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import type { ClaimedCharacter } from '../persistence/persistence.ts'
import type { Entity } from '../sim/world.ts'
import { createCharacter } from './character.ts'
import type { Character } from './character.ts'
import { resendEffects } from './effects.ts'
import { controlFrame, maintenanceOf, schemaFrame, welcomeFrame } from './frames.ts'
import type { Instance } from './instance.ts'
import { fence, startLeave } from './leaving.ts'
import { createPlayer, loseSocket } from './player.ts'

/**
 * A saved state as its character arrives, and where it stands; undefined: at the spawn. Into a private instance it
 * takes along where it was outside, and out of one it comes back there.
 */
function arrive(saved: Saved, { zone, id }: Instance): { saved: Saved; at: Point | undefined } {
  const { outside, sentTo: _arrived, ...others } = saved
  if (zone.private === undefined) {
    const at = [saved, outside].find((place) => place?.zone === zone.id)
    return { saved: others, at }
  }
  if (saved.zone === zone.id && outside?.instance === id)
    return { saved: { ...others, outside }, at: saved }
  const { zone: from, x, y } = outside ?? saved
  return { saved: { ...others, outside: { instance: id, zone: from, x, y } }, at: undefined }
}

type Point = { x: number; y: number }

/** A claimed character comes in; WELCOME follows the next tick. */
export function admit(instance: Instance, taken: ClaimedCharacter, socket: ClientConnection): void {
  const { saved, at } = arrive(taken.saved, instance)
  const claimed = { ...taken, saved }
  const { roster, runtime, log, inputs, allowances, voices } = instance
  const before = roster.find(claimed.characterId)
  // The newer epoch owns the character: the older stay has nothing left to save.
  if (before !== undefined) fence(instance, before, 'replaced')
  const secret = runtime.randomBytes(resumeSecretBytes)
  const character = createCharacter(
    claimed,
    instance.nextStay(),
    secret,
    socket,
    allowances.of(claimed, instance.monotonic()),
  )
  roster.add(character)
  if (claimed.mute !== undefined) voices.take(claimed.accountId, claimed.mute)
  log.info('character in', { characterId: claimed.characterId, epoch: claimed.epoch })
  inputs.push({
    input: 'enter',
    ref: character.stay,
    appearance: `${claimed.race}/${claimed.job}`,
    name: claimed.name,
    // NaN makes the world take its spawn.
    x: at?.x ?? Number.NaN,
    y: at?.y ?? Number.NaN,
    heading: saved.heading,
    radius: playerRadius,
    who: { characterId: claimed.characterId, accountId: claimed.accountId },
    ...(claimed.synthetic === true ? { unseen: true } : {}),
    ...(saved.parts === undefined ? {} : { parts: saved.parts }),
  })
}

/**
 * A socket that has proven itself by `secret` takes over the stay; the one before it is closed. WELCOME
 * follows the next tick.
 */
export function resume(
  instance: Instance,
  character: Character,
  socket: ClientConnection,
  secret: Uint8Array,
): void {
  character.socket?.end('replaced')
  character.socket = socket
  character.viewer = undefined
  character.lostAt = -1
  // This WELCOME may be lost on its way, as others may have been. The client then still knows only the
  // secret that it came with.
  character.oldSecret = secret
  character.secret = instance.runtime.randomBytes(resumeSecretBytes)
  if (character.entity === undefined) return
  instance.inputs.push({ input: 'halt', id: character.entity.id })
  instance.returning.add(character)
}

/** The entity of a character is in the world. */
export function entered(instance: Instance, stay: number, entity: Entity): void {
  const character = instance.roster.findStay(stay)
  if (character === undefined) {
    // It left before its first tick.
    instance.inputs.push({ input: 'leave', id: entity.id })
    return
  }
  instance.roster.place(character, entity)
  resendEffects(instance, character)
  // A client whose socket went before WELCOME has no secret to come back with.
  if (character.socket?.state === 'joining') welcome(instance, character)
  else startLeave(instance, character, 'left')
}

/** The world could not take it in: it is saved as it came, and may try elsewhere. */
export function notEntered(instance: Instance, stay: number): void {
  const character = instance.roster.findStay(stay)
  if (character !== undefined) startLeave(instance, character, 'internal')
}

/** Sends WELCOME; snapshots follow from then on. */
export function welcome(instance: Instance, character: Character): void {
  const { entity, socket, secret, stay } = character
  if (entity === undefined || socket === undefined) return
  if (socket.state === 'ended') {
    loseSocket(instance, character, socket)
    return
  }
  const { world, zone } = instance
  const place = { zone: zone.id, instance: instance.id, contentVersion: instance.content.version }
  const { schema } = instance
  if (socket.schema !== schema.name) socket.connection.send(schemaFrame(schema))
  socket.connection.send(welcomeFrame(world, entity, { stay, secret }, place))
  if (instance.savingPaused) socket.connection.send(controlFrame({ kind: 'saving', paused: true }))
  if (instance.maintenance) socket.connection.send(controlFrame(maintenanceOf(instance)))
  const radius = metresToUnits(zone.viewRadius)
  character.viewer = createViewer(socket.connection, entity, world, radius)
  socket.joined(createPlayer(instance, character, socket))
}
