// Calls the handlers of archetypes, each guarded on its own.
import type { Archetype, Handlers } from './zone.ts'
import { fail, refusePromise } from './faults.ts'
import { handleOf } from './handle.ts'
import type { EntityHandle } from './zone.ts'
import type { Entity, World } from './world.ts'

type Hook = keyof Handlers

function handlersOf(world: World, archetype: Archetype): Handlers {
  return world.rules!.handlers.get(archetype) ?? archetype.handlers
}

/** Calls one handler of an entity, if its archetype has it. */
export function call(world: World, entity: Entity, hook: Hook, other?: EntityHandle): void {
  const handlers = handlersOf(world, entity.archetype)
  const handler = handlers[hook] as ((...args: unknown[]) => unknown) | undefined
  if (handler === undefined) return
  try {
    refusePromise(handler.call(handlers, world.zone, handleOf(world, entity), other))
  } catch (error) {
    fail(world, `archetype ${entity.archetype.name}, ${hook}`, error, entity)
  }
}

/** The entity is in the world still. */
export function lives(world: World, entity: Entity): boolean {
  return world.slots[entity.id & 0xffff] === entity
}

/** Calls `run` for each entity of a list as it is now, unless it has gone meanwhile. */
export function forEach(
  world: World,
  entities: readonly Entity[],
  run: (entity: Entity) => void,
): void {
  for (const entity of entities.slice()) if (lives(world, entity)) run(entity)
}
