// An ability of a game: what its clients know of it, and what it does. Clients predict its cool-down, its cost
// and how it moves who uses it by the first part alone, which the schema of the zone holds.
import { ruleOf } from '#shared/components/abilities.ts'
import type { Component } from '#shared/components/component.ts'
import type { Shape, ValueOf } from '#shared/components/fields.ts'
import type { SchemaAbility } from '#shared/components/schema.ts'
import { scaleOne } from '#shared/rules/own-state.ts'
import type { AimKind } from '#shared/rules/own-state.ts'
import { metresToUnits, speedOfMetres } from '#shared/rules/units.ts'
import { Players } from './archetype.ts'
import { partsOf } from './components.ts'
import type { Components } from './components.ts'
import type { WorldAbility } from './world.ts'
import type { At, EntityHandle, Gait, PlayerHandle, Zone } from './zone.ts'

/** By kind of aim: what `cast` is given. Metres and radians. */
export type AimOf = {
  none: object
  heading: { readonly heading: number }
  place: At
  entity: { readonly target: EntityHandle }
}

type Numeric<S extends Shape> = {
  [F in keyof S]: ValueOf<S>[F] extends number ? F : never
}[keyof S] &
  string

export type AbilityOptions<A extends AimKind, S extends Shape> = {
  aim: A
  /** Metres. Needed where an entity is aimed at: a client is not to reach whom it does not see. */
  range?: number
  cooldownSeconds: number
  /** It does what it does so much later, and nothing else can be used until then. */
  castSeconds?: number
  /** Taken when it is used. A component that the player is told of is predicted. */
  cost?: { from: Component<S>; field: Numeric<S>; amount: number }
  /**
   * How it moves who uses it: a dash along the aim, else where the player looks; a slower or faster walk; a
   * mount, which the next use takes off. Metres, metres a second.
   */
  move?:
    | { dash: { speed: number; seconds: number } }
    | { scale: number; seconds: number }
    | { mount: Gait }
  /** Runs in the step, after all players have moved. No clock, no I/O, nothing awaited. */
  cast?: (zone: Zone, by: PlayerHandle, aim: AimOf[A]) => void
}

export type Ability = {
  readonly name: string
  /** As clients are told. */
  readonly told: SchemaAbility
  readonly cost:
    | { readonly from: Component; readonly field: string; readonly amount: number }
    | undefined
  readonly cast: WorldAbility['cast']
}

/** Commands name an ability by a byte, and 255 stands for none. */
const abilitiesMax = 255

const abilityName = /^[a-z][a-zA-Z0-9]{0,39}$/

/** Throws a RangeError, with the name, for what no ability can be. */
export function ability<A extends AimKind, S extends Shape>(
  name: string,
  options: AbilityOptions<A, S>,
): Ability {
  const { aim, range, cooldownSeconds, castSeconds = 0, cost, cast = () => undefined } = options
  const check = (holds: boolean, why: string) => {
    if (!holds) throw new RangeError(`ability ${name}: ${why}`)
  }
  check(abilityName.test(name), 'this is no name of an ability')
  check(aim !== 'entity' || range !== undefined, 'an aim at an entity needs a range')
  check(range === undefined || (range >= 0 && range <= 3200), 'a range is 0 to 3,200 m')
  check(cooldownSeconds >= 0 && cooldownSeconds <= 86_400, 'a cool-down is 0 to 86,400 s')
  check(castSeconds >= 0 && castSeconds <= 600, 'a cast takes 0 to 600 s')
  check(cost === undefined || (Number.isSafeInteger(cost.amount) && cost.amount >= 0), 'its cost')
  const move = toldMove(options.move)
  check(move?.move !== 'dash' || aim !== 'entity', 'a dash cannot be aimed at an entity')
  const isTold = cost !== undefined && cost.from.audience !== 'server'
  const from = cost?.from as unknown as Component
  return {
    name,
    told: {
      name,
      aim,
      ...(range === undefined ? {} : { range: metresToUnits(range) }),
      cooldownMs: Math.round(cooldownSeconds * 1000),
      castMs: Math.round(castSeconds * 1000),
      ...(isTold ? { cost: { component: from.name, field: cost.field, amount: cost.amount } } : {}),
      ...(move === undefined ? {} : { move }),
    },
    cost: cost && { from, field: cost.field, amount: cost.amount },
    // It is given what its kind of aim is given: `whyNotUse` refuses all others.
    cast: cast as WorldAbility['cast'],
  }
}

function toldMove(move: AbilityOptions<'none', Shape>['move']): SchemaAbility['move'] {
  if (move === undefined) return undefined
  if ('dash' in move) {
    const { speed, seconds } = move.dash
    return { move: 'dash', speed: speedOfMetres(speed), ms: Math.round(seconds * 1000) }
  }
  if ('mount' in move) return { move: 'mount', ...gaitOf(move.mount) }
  return { move: 'scale', scale: scaleOf(move.scale), ms: Math.round(move.seconds * 1000) }
}

/** Speed and radius as both sides step with them. Throws a RangeError for what is not possible. */
export function gaitOf(gait: Gait): Gait {
  const radius = metresToUnits(gait.radius)
  if (!(gait.speed >= 0) || !(radius > 0 && radius <= 0xffff)) {
    throw new RangeError(`a player with ${gait.speed} m/s and a radius of ${gait.radius} m`)
  }
  return { speed: speedOfMetres(gait.speed), radius }
}

/** A factor, of 256. Throws a RangeError unless it is 0 to 255. */
export function scaleOf(factor: number): number {
  if (factor >= 0 && factor < 256) return Math.round(factor * scaleOne)
  throw new RangeError(`a speed cannot be multiplied by ${factor}`)
}

/**
 * The abilities of a zone as its world uses them. Throws when two have the same name, when there are too many,
 * or when one costs what not every player has.
 */
export function worldAbilities(
  abilities: readonly Ability[],
  components: Components,
  tickHz: number,
): readonly WorldAbility[] {
  if (abilities.length > abilitiesMax) throw new RangeError(`more than ${abilitiesMax} abilities`)
  const names = new Set<string>()
  return abilities.map(({ name, told, cost, cast }) => {
    if (names.has(name)) throw new RangeError(`the ability ${name} is registered twice`)
    names.add(name)
    if (cost === undefined) return { ...ruleOf(told, tickHz), cost, cast }
    const { all } = partsOf(components, Players)
    const column = all.find(({ component }) => component === cost.from)?.byName.get(cost.field)
    if (column === undefined) {
      throw new RangeError(`ability ${name}: not every player has ${cost.from.name}.${cost.field}`)
    }
    return { ...ruleOf(told, tickHz), cost: { ...cost, column }, cast }
  })
}
