// What the abilities do that players used or finished to cast in this step, after all have moved.
import { unitsPerMetre } from '#shared/rules/units.ts'
import { fail, refusePromise } from '../faults.ts'
import { handleOf, radiansOf } from '../handle.ts'
import { entityOf } from '../slots.ts'
import type { Aim } from '#shared/rules/own-state.ts'
import type { Cast, World } from '../world.ts'

export function castAbilities(world: World): void {
  const { casts, abilities } = world
  if (casts.length === 0) return
  for (const cast of casts) {
    // A fault in what one player does must not cost the others their step.
    try {
      run(world, cast)
    } catch (error) {
      fail(world, `ability ${abilities[cast.use.ability]!.name}`, error, cast.player)
    }
  }
  casts.length = 0
}

/** What came before in this step may have removed the player, or what he aimed at. */
function run(world: World, { player, use: { ability, at } }: Cast): void {
  const aim = aimed(world, at)
  if (aim === undefined || entityOf(world, player.id) !== player) return
  refusePromise(world.abilities[ability]!.cast(world.zone, handleOf(world, player), aim))
}

/** As a game is given it; undefined when it is gone. */
function aimed(world: World, at: Aim): object | undefined {
  switch (at.aim) {
    case 'none':
      return {}
    case 'heading':
      return { heading: radiansOf(at.heading) }
    case 'place':
      return { x: at.x / unitsPerMetre, y: at.y / unitsPerMetre }
    case 'entity': {
      const target = entityOf(world, at.id)
      return target && { target: handleOf(world, target) }
    }
  }
}
