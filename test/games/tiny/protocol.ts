// The messages between clients and servers of this game, its tally and its routes.
import { domain, endpoint, message, realmId, tally } from 'waystone/api'
import * as z from 'waystone/zod'

export const whistle = message('game.whistle', {
  toServer: z.strictObject({ loud: z.boolean() }),
  toClient: z.object({ from: z.int(), came: z.int() }),
  rate: { burst: 2, perSecond: 0.5 },
})

/** Clients are only sent it: what they send of it is refused. */
export const greeting = message('game.greeting', { toClient: z.object({ text: z.string() }) })

/** How many sheep have come to a character's whistles. */
export const Called = tally('called', { per: 'character', ranked: true })

export const flock = domain({
  name: 'game',
  description: 'The flock',
  endpoints: {
    count: endpoint({
      method: 'GET',
      path: '/v1/game/realms/{realmId}/flock',
      summary: 'How many sheep have been counted',
      identity: 'anyone',
      params: z.object({ realmId }),
      answer: z.object({ sheep: z.int() }),
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    add: endpoint({
      method: 'POST',
      path: '/v1/game/realms/{realmId}/flock',
      summary: 'Count some more',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId }),
      body: z.strictObject({ sheep: z.int().min(1).max(100) }),
      answer: z.object({ counted: z.int() }),
      errors: [],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
  },
})
