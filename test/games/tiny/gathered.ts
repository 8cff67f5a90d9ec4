// An effect on a row of the game's own: the sheep that came to a player's first whistle are added to the flock,
// once. A route reads the row (flock.ts).
import { effect } from 'waystone/game'
import * as z from 'waystone/zod'
import { flockUpdate } from './flock.ts'

export const gathered = effect({
  kind: 'game.gathered',
  body: z.strictObject({ came: z.int().min(0).max(1000) }),
  steps: ({ realmId, body }) => [{ write: { update: flockUpdate(realmId, body.came) } }],
})
