// What clients and servers of this game say to one another. It runs in a browser too.
import * as z from 'waystone/zod'

export const hailKind = 'game.hail'
export const callOut = z.strictObject({})
/** `from` is an entity id; `moths`: how many turned their heads. */
export const calledOut = z.object({ from: z.int(), moths: z.int() })
