// An effect: the sheep that came to a player's first whistle are added to the flock, once.
import { effect } from 'waystone/game'
import * as z from 'waystone/zod'
import { flockUpdate } from './flock.ts'

export const tally = effect({
  kind: 'game.tally',
  body: z.strictObject({ came: z.int().min(0).max(1000) }),
  steps: ({ realmId, body }) => [{ write: { update: flockUpdate(realmId, body.came) } }],
})
