// What clients and servers of this game say to one another. It runs in a browser too.
import { message } from 'waystone/api'
import * as z from 'waystone/zod'

export const hail = message('game.hail', {
  toServer: z.strictObject({}),
  /** `from` is an entity id; `moths`: how many turned their heads. */
  toClient: z.object({ from: z.int(), moths: z.int() }),
  rate: { burst: 2, perSecond: 1 },
})
