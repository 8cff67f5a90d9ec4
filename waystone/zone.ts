// `waystone/zone`: what runs in a zone. Declarations and the zone; no I/O.
export { ability } from '#gameserver/sim/ability.ts'
export type { Ability, AbilityOptions, AimOf } from '#gameserver/sim/ability.ts'
export { archetype, Creatures, Players, Walls } from '#gameserver/sim/archetype.ts'
export type { ArchetypeOptions } from '#gameserver/sim/archetype.ts'
export { Refusal } from '#gameserver/sim/handle.ts'
export type { RefusalCode } from '#gameserver/sim/handle.ts'
export { onMessage } from '#gameserver/sim/message.ts'
export type { HandledMessage } from '#gameserver/sim/message.ts'
export { zoneGame } from '#gameserver/sim/rules.ts'
export type {
  CoreSystem,
  GameEvent,
  GameSystem,
  ZoneGame,
  ZoneRules,
} from '#gameserver/sim/rules.ts'
export { onEvent } from '#gameserver/sim/world-events.ts'
export { timer } from '#gameserver/sim/timers.ts'
export type {
  Archetype,
  At,
  EntityHandle as Entity,
  EventOccurrence,
  Flight,
  HandledEvent,
  Handlers,
  PlayerHandle as Player,
  Timer,
  Zone,
} from '#gameserver/sim/zone.ts'
