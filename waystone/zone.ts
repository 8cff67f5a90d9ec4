// `waystone/zone`: what runs in a zone. Declarations and the world; no I/O.
export { requestEffect } from '#gameserver/sim/effects.ts'
export {
  broadcast,
  despawn,
  get,
  getField,
  near,
  place,
  sendTo,
  set,
  spawn,
  stand,
} from '#gameserver/sim/entities.ts'
export type { At, PlaceRefusal, SpawnRefusal } from '#gameserver/sim/entities.ts'
export { message } from '#gameserver/sim/message.ts'
export type { Message, MessageOptions, Send } from '#gameserver/sim/message.ts'
export { setParty } from '#gameserver/sim/party.ts'
export { zoneRules } from '#gameserver/sim/rules.ts'
export { nameOf } from '#gameserver/sim/slots.ts'
export type { CoreSystem, GameSystem, GameTick, ZoneRules } from '#gameserver/sim/rules.ts'
export type { GameEntity, GameEvent, GameWorld } from '#gameserver/sim/world.ts'
export { headingTo } from '#shared/rules/heading.ts'
export { metresToUnits, unitsPerMetre } from '#shared/rules/units.ts'
export { component } from '#shared/components/component.ts'
export type { Component, ComponentOptions } from '#shared/components/component.ts'
export { Appearance, Health, Name } from '#shared/components/core.ts'
export {
  entityId,
  flag,
  i16,
  i32,
  int,
  oneOf,
  text,
  u16,
  u32,
  u8,
} from '#shared/components/fields.ts'
