// A character that this host owns. Objects are compared, never ids: the same character may be leaving
// one instance of a host and be claimed for another (OWNERSHIP, "Hand-off").
import type { WaitingEffect } from '#shared/rules/effects.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Saved } from '#shared/ownership/saved.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import type { ClientConnection } from '../net/client-connection.ts'
import type { Viewer } from '../net/viewer.ts'
import type { ClaimedCharacter } from '../persistence/persistence.ts'
import type { Allowance } from './allowances.ts'
import { withCooldowns } from '../sim/cooldowns.ts'
import { savedParts } from '../sim/saved-parts.ts'
import type { Entity, GateArea, World } from '../sim/world.ts'

export type Character = {
  readonly claimed: ClaimedCharacter
  /** Names it inside the host: sent in WELCOME, asked for by RESUME. */
  readonly stay: number
  /** Rotated at each resume. */
  secret: Uint8Array
  /** The one before, good until the client has spoken on the socket that got the new one. */
  oldSecret: Uint8Array | undefined
  /** The last save number used. */
  saveNumber: number
  /** In the world from the step after its claim on. */
  entity: Entity | undefined
  /** What its player will be told once his socket takes it. */
  waiting: Waiting | undefined
  /** Undefined while it has no socket. */
  socket: ClientConnection | undefined
  /** Undefined until WELCOME was sent, and while it has no socket. */
  viewer: Viewer | undefined
  /** When its socket went, monotonic ms; -1 while there is one. */
  lostAt: number
  /** A gate it stands in and may not pass yet, because nothing can be saved. */
  gate: GateArea | undefined
  /** The allowance of its account for each kind of control message. */
  readonly allowance: Allowance
  /** Effects whose outcome its world does not know yet, by kind and id. */
  readonly effects: Map<string, WaitingEffect>
}

/** What waits for a player whose socket is slow (telling.ts). */
export type Waiting = {
  /** Lines of channels for everybody. */
  lines: { channel: string; frame: Uint8Array }[]
  /** How many lines were dropped; undefined: the client is to read the channel. By channel; '' for all channels. */
  lost: Map<string, number | undefined>
  /** All else: each is the same whenever it comes. */
  others: Map<string, SocialEvent>
}

export function createCharacter(
  claimed: ClaimedCharacter,
  stay: number,
  secret: Uint8Array,
  socket: ClientConnection | undefined,
  allowance: Allowance,
): Character {
  return {
    claimed,
    stay,
    secret,
    oldSecret: undefined,
    saveNumber: claimed.saveNumber,
    entity: undefined,
    waiting: undefined,
    socket,
    viewer: undefined,
    lostAt: -1,
    gate: undefined,
    allowance,
    effects: new Map((claimed.saved.effects ?? []).map((one) => [`${one.kind} ${one.id}`, one])),
  }
}

/** Where it is and what it has; as it was claimed when it is not in the world yet. */
export function savedOf(character: Character, world: World, zone: string): Saved {
  const { entity, claimed } = character
  if (entity === undefined) return claimed.saved
  const { x, y, heading } = entity
  const { parts: before, ...others } = claimed.saved
  const parts = withCooldowns(world, entity, savedParts(world, entity, before))
  // The spread keeps the fields that this version does not know.
  return { ...others, zone, x, y, heading, ...(parts === undefined ? {} : { parts }) }
}

/** An entry for the store, under the next save number. */
export function nextSave(character: Character, saved: Saved): CheckpointEntry {
  character.saveNumber++
  const { claimed, saveNumber } = character
  const { effects: _before, ...others } = saved
  const effects = [...character.effects.values()]
  return {
    characterId: claimed.characterId,
    epoch: claimed.epoch,
    saveNumber,
    saved: effects.length > 0 ? { ...others, effects } : others,
  }
}
