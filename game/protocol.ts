// What the sample game's clients and servers say to one another. No I/O: it runs in a browser too.
import { contentId, domain, endpoint, leaderboard, message, realmId } from 'waystone/api'
import * as z from 'waystone/zod'

/** What a player can show to those around. */
const emotes = ['wave', 'bow', 'dance'] as const

/** `from` is an entity id. */
export const emote = message('game.emote', {
  toServer: z.strictObject({ emote: z.enum(emotes) }),
  toClient: z.object({ from: z.int(), emote: z.enum(emotes) }),
  rate: { burst: 3, perSecond: 0.5 },
})

export const Gathering = leaderboard('gathering')
export const LivelyGuilds = leaderboard('lively_guilds')

const cairn = z
  .object({ zone: contentId, stones: z.int().min(0) })
  .meta({ id: 'Cairn', description: 'A heap of stones in a zone' })

export const cairns = domain({
  name: 'game',
  description: 'The sample game: a cairn in each zone, to which every account adds one stone',
  endpoints: {
    cairns: endpoint({
      method: 'GET',
      path: '/v1/game/realms/{realmId}/cairns',
      summary: 'How high the cairn of each zone is',
      identity: 'anyone',
      params: z.object({ realmId }),
      answer: z.object({ cairns: z.array(cairn) }),
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    lay: endpoint({
      method: 'POST',
      path: '/v1/game/realms/{realmId}/cairns/{zone}/stones',
      summary: 'Lay a stone; once an account and zone',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, zone: contentId }),
      answer: z.object({ laidAt: z.int() }),
      status: 201,
      errors: ['game.not_found', 'game.refused'],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
  },
})
