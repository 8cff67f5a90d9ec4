// How the zone of a game (zone.ts) acts on the world.
import { entriesOf } from '#shared/content/kind.ts'
import { turnsPerEntityMax } from '#shared/limits.ts'
import { headingTo } from '#shared/rules/heading.ts'
import {
  metresToUnits,
  speedMax,
  speedOfMetres,
  speedOfSteps,
  speedStep,
  stepsOf,
  unitsPerMetre,
} from '#shared/rules/units.ts'
import { Walls } from './archetype.ts'
import { getField, getPart, partsOf, setPart } from './components.ts'
import { requestEffect } from './effects.ts'
import * as entities from './entities.ts'
import * as impose from './impose.ts'
import { behind, handleOf, headingOf, Refusal } from './handle.ts'
import { setParty } from './party.ts'
import { between } from './random.ts'
import { sayResult } from './result.ts'
import { entityOf, isPlayer, nameOf } from './slots.ts'
import { setTimer } from './timers.ts'
import type { Entity, World } from './world.ts'
import type { Archetype, At, EntityHandle, Flight, PlayerHandle, Timer, Zone } from './zone.ts'

export function createZone(world: World): Zone {
  return {
    id: world.id,
    instance: world.instance,
    difficulty: world.difficulty,
    seed: world.seed,
    width: world.width / unitsPerMetre,
    height: world.height / unitsPerMetre,
    state: world.state,
    match: world.match,
    get now() {
      return world.tick / world.tickHz
    },
    get spawnPoint() {
      return { x: world.spawnX / unitsPerMetre, y: world.spawnY / unitsPerMetre }
    },
    content: (kind) => entriesOf(open(world), kind),
    random: (low, high) => between(open(world).random, low, high),
    spawn: (what, at, heading) => spawn(world, what, at, heading),
    launch: (what, from, flight) => launch(world, what, from, flight),
    despawn: (entity) => despawn(world, entity),
    place: (entity, at, heading) => place(world, entity, at, heading),
    has: (entity) => alive(world, entity) !== undefined,
    canStand: (what, at) => canStand(world, what, at),
    get: (entity, component) => getPart(world.components, slotOf(world, entity, 'get'), component),
    read: (entity, component, field) =>
      getField(world.components, slotOf(world, entity, 'read'), component, field),
    set: (entity, component, to) =>
      setPart(world.components, slotOf(world, entity, 'set'), component, to, world.tick),
    setParty: (player, number) => joinParty(world, player, number),
    all: <E>(what: Archetype<E>) => {
      partsOf(world.components, what as Archetype)
      return handles<E>(world, world.peers.get(what as Archetype)!)
    },
    near: <E>(of: At, metres: number, what: Archetype<E>) =>
      handles<E>(world, entities.near(...around(world, of, metres, what as Archetype))),
    nearest: <E>(of: At, metres: number, what: Archetype<E>) => {
      const found = entities.nearest(...around(world, of, metres, what as Archetype))
      return found && (handleOf(world, found) as E)
    },
    find: (id) => visible(world, entityOf(world, id)),
    player: (characterId) =>
      visible(
        world,
        world.players.find(({ who }) => who?.characterId === characterId),
      ),
    slow: (player, factor, seconds) =>
      impose.slow(world, playerOf(world, player, 'slow'), factor, seconds),
    root: (player, seconds) => impose.root(world, playerOf(world, player, 'root'), seconds),
    push: (player, radians, speed, seconds) => {
      const heading = headingIn('push', radians)
      impose.push(world, playerOf(world, player, 'push'), heading, speed, seconds)
    },
    mount: (player, gait) => impose.mount(world, playerOf(world, player, 'mount'), gait),
    interrupt: (player) => impose.interruptCast(world, playerOf(world, player, 'interrupt')),
    walkTowards: (entity, to, speed) => walkTowards(world, entity, to, speed),
    stand: (entity, seconds, facing) => stand(world, entity, seconds, facing),
    every: (entity, seconds, turn) => every(world, entity, seconds, turn),
    after: (seconds, timer, ...data) => after(world, seconds, timer, data[0]),
    effect: (player, { kind, body }, once, per) =>
      requestEffect(world, here(world, player, 'effect'), {
        id: once,
        kind,
        body,
        ...(per && { per }),
      }),
    result: (places) => sayResult(open(world), places),
    close(seconds) {
      if (!open(world).isPrivate) throw new RangeError('close: this zone is no private one')
      world.closesAt = world.tick + Math.max(1, ticksIn(world, 'close', seconds))
    },
    send: (player, message, body) => send(world, player, 'self', message, body),
    broadcast: (entity, message, body) => send(world, entity, 'near', message, body),
  }
}

/** The world, in a step. */
function open(world: World): World {
  if (world.rules !== undefined) return world
  throw new Refusal('closed', 'no step is under way: a handler may not await, or be called later')
}

function alive(world: World, handle: EntityHandle): Entity | undefined {
  const entity = behind(open(world), handle)
  return entity !== undefined && world.slots[entity.id & 0xffff] === entity ? entity : undefined
}

function here(world: World, handle: EntityHandle, call: string): Entity {
  const entity = alive(world, handle)
  if (entity !== undefined) return entity
  const { id, is } = (handle as EntityHandle | undefined) ?? {}
  throw new Refusal(
    'gone',
    `${call}: ${is?.name ?? 'what was given'} (entity ${id}) is not in the zone`,
  )
}

function slotOf(world: World, handle: EntityHandle, call: string): number {
  return here(world, handle, call).id & 0xffff
}

function playerOf(world: World, handle: EntityHandle, call: string): Entity {
  const entity = here(world, handle, call)
  if (isPlayer(entity)) return entity
  throw new RangeError(`${call}: ${entity.archetype.name} is no player`)
}

function walkerOf(world: World, handle: EntityHandle, call: string): Entity {
  const entity = here(world, handle, call)
  if (entity.archetype.body === 'walker') return entity
  throw new RangeError(`${call}: ${entity.archetype.name} is no walker`)
}

/** The handle of one that a game may meet. */
function visible(world: World, entity: Entity | undefined): PlayerHandle | undefined {
  return entity === undefined || entity.unseen ? undefined : handleOf(world, entity)
}

function handles<E>(world: World, found: readonly Entity[]): E[] {
  open(world)
  return found.map((entity) => handleOf(world, entity) as E)
}

function finite(call: string, what: string, value: number): number {
  if (Number.isFinite(value)) return value
  throw new RangeError(`${call}: ${what} is ${value}`)
}

function unitsOf(call: string, { x, y }: At): { x: number; y: number } {
  return { x: metresToUnits(finite(call, 'x', x)), y: metresToUnits(finite(call, 'y', y)) }
}

function headingIn(call: string, radians: number): number {
  return headingOf(finite(call, 'heading', radians))
}

function speedIn(call: string, metresPerSecond: number): number {
  const fastest = (stepsOf(speedMax) * speedStep) / unitsPerMetre
  if (metresPerSecond >= 0 && metresPerSecond <= fastest) return speedOfMetres(metresPerSecond)
  throw new RangeError(`${call}: the speed is ${metresPerSecond}, it is 0 to ${fastest} m/s`)
}

function ticksIn({ tickHz }: World, call: string, seconds: number): number {
  return Math.max(0, Math.round(finite(call, 'seconds', seconds) * tickHz))
}

function around(
  world: World,
  of: At,
  metres: number,
  what: Archetype,
): [World, number, number, number, Archetype, Entity | undefined] {
  const { x, y } = unitsOf('near', of)
  // One that is not registered would be found nowhere, without a word.
  partsOf(world.components, what)
  return [
    open(world),
    x,
    y,
    metresToUnits(finite('near', 'metres', metres)),
    what,
    behind(world, of),
  ]
}

function made(
  world: World,
  what: Archetype,
  entity: Entity | entities.PlaceRefusal | 'full',
): Entity {
  if (typeof entity !== 'string') return entity
  throw new Refusal(entity, `${what.name} is not made: ${entity}`)
}

function spawn(world: World, what: Archetype, at: At, radians = 0): EntityHandle {
  const call = `spawn ${what.name}`
  const to = { ...unitsOf(call, at), heading: headingIn(call, radians) }
  if (what.body === 'player' || what === Walls)
    throw new RangeError(`${call}: it is made by no game`)
  if (what.body === 'projectile') throw new RangeError(`${call}: a projectile is launched`)
  return handleOf(world, made(world, what, entities.makeEntity(open(world), what, to)))
}

function launch(world: World, what: Archetype, from: EntityHandle, flight: Flight): EntityHandle {
  const call = `launch ${what.name}`
  const by = here(world, from, call)
  if (what.body !== 'projectile') throw new RangeError(`${call}: it is no projectile`)
  const heading = headingIn(call, flight.heading)
  const speed = speedIn(call, flight.speed)
  const left = metresToUnits(finite(call, 'range', flight.range))
  if (speed === 0 || left <= 0) throw new RangeError(`${call}: it would not fly`)
  const ball = made(world, what, entities.makeEntity(world, what, { x: by.x, y: by.y, heading }))
  ball.speed = speed
  ball.flight = { by: by.id, left }
  return handleOf(world, ball)
}

function despawn(world: World, handle: EntityHandle): boolean {
  const entity = alive(world, handle)
  if (entity === undefined) return false
  entities.despawn(world, entity)
  return true
}

function place(world: World, handle: EntityHandle, at: At, radians?: number): void {
  const entity = here(world, handle, 'place')
  const to = unitsOf('place', at)
  const refused = entities.refusedAt(world, to, standing(entity))
  if (refused !== undefined) {
    throw new Refusal(refused, `place: ${entity.archetype.name} at ${at.x}, ${at.y}: ${refused}`)
  }
  const heading = radians === undefined ? entity.heading : headingIn('place', radians)
  entities.place(world, entity, { ...to, heading })
}

/** The radius for which walls matter. */
function standing({ archetype, radius }: Entity): number {
  return archetype.body === 'walker' || archetype.body === 'player' ? radius : 0
}

function canStand(world: World, what: Archetype | EntityHandle, at: At): boolean {
  const to = unitsOf('canStand', at)
  const entity = behind(open(world), what)
  if (entity !== undefined) return entities.refusedAt(world, to, standing(entity)) === undefined
  const { name, body, radius } = what as Archetype
  const metres = body === 'walker' ? (world.creatureKinds.get(name)?.radius ?? radius) : 0
  return entities.refusedAt(world, to, metresToUnits(metres)) === undefined
}

function joinParty(world: World, player: EntityHandle, number: number): void {
  if (setParty(world, here(world, player, 'setParty'), number) === 'set') return
  throw new Refusal('full', `setParty: the party ${number} is full`)
}

function walkTowards(world: World, handle: EntityHandle, to: At, metresPerSecond: number): void {
  const entity = walkerOf(world, handle, 'walkTowards')
  const { x, y } = unitsOf('walkTowards', to)
  const [dx, dy] = [x - entity.x, y - entity.y]
  // Not beyond it: the last step is as short as what remains.
  const rest = speedOfSteps((Math.sqrt(dx * dx + dy * dy) * world.tickHz) / speedStep)
  const speed = Math.min(speedIn('walkTowards', metresPerSecond), rest)
  const heading = dx === 0 && dy === 0 ? entity.heading : headingTo(dx, dy)
  entities.orderWalk(world, entity, heading, speed)
}

function stand(world: World, handle: EntityHandle, seconds: number, facing: At | undefined): void {
  const entity = walkerOf(world, handle, 'stand')
  const ticks = ticksIn(world, 'stand', seconds)
  let { heading } = entity
  if (facing !== undefined) {
    const { x, y } = unitsOf('stand', facing)
    heading = headingTo(x - entity.x, y - entity.y)
  }
  entities.stand(world, entity, ticks, heading)
}

function every(
  world: World,
  handle: EntityHandle,
  seconds: number,
  turn = `${seconds} s`,
): boolean {
  const entity = here(world, handle, 'every')
  const ticks = ticksIn(world, 'every', seconds)
  const turns = (entity.turns ??= new Map())
  const next = turns.get(turn)
  if (next !== undefined && world.tick < next) return false
  if (next === undefined && turns.size >= turnsPerEntityMax) {
    const name = nameOf(world, entity)
    throw new Refusal(
      'full',
      `every: ${name} (${entity.id}) has ${turnsPerEntityMax} turns already`,
    )
  }
  turns.set(turn, world.tick + Math.max(1, ticks))
  return true
}

function after(world: World, seconds: number, timer: Timer, data: unknown): void {
  const { name } = timer
  if (open(world).rules!.timers.get(name) !== timer) {
    throw new RangeError(`after: the timer ${name} is not registered`)
  }
  setTimer(world, ticksIn(world, `timer ${name}`, seconds), timer, data)
}

function send(
  world: World,
  handle: EntityHandle,
  to: 'self' | 'near',
  { kind }: { readonly kind: string },
  body: unknown,
): void {
  if (!open(world).rules!.messages.has(kind)) {
    throw new RangeError(`the message kind ${kind} is not registered`)
  }
  const from = here(world, handle, `message ${kind}`)
  if (to === 'self' && !isPlayer(from))
    throw new RangeError(`message ${kind}: it is sent to no player`)
  world.events.push({ event: 'message', from, to: from.unseen ? 'self' : to, kind, body })
}
