// What the sample game's clients and servers say to one another. No I/O: it runs in a browser too.
import {
  component,
  contentId,
  domain,
  endpoint,
  flag,
  leaderboard,
  message,
  oneOf,
  realmId,
  tally,
  u16,
  u8,
} from 'waystone/api'
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

/** For whom a player fights; `none` outside the arena. */
export const Side = component(
  'side',
  { side: oneOf('none', 'red', 'blue') },
  { audience: 'near', life: 'entity', first: { side: 'none' } },
)

/**
 * How the fight stands, for each who is in it. `red` and `blue`: percent of the time that they have to hold the ring.
 * `seconds`: until it begins, ends, or closes.
 */
export const Fight = component(
  'fight',
  { state: oneOf('waits', 'fights', 'over'), red: u8, blue: u8, seconds: u16 },
  { audience: 'owner', life: 'entity', first: { state: 'waits', red: 0, blue: 0, seconds: 0 } },
)

/** The ring in the middle, as everybody sees it. */
export const Held = component(
  'held',
  { by: oneOf('none', 'red', 'blue', 'both') },
  { audience: 'near', life: 'entity', first: { by: 'none' } },
)

/** Metres. */
export const ringRadius = 4

export const Opened = component(
  'opened',
  { opened: flag },
  { audience: 'near', life: 'entity', first: { opened: false } },
)

/** Dungeons that a character has come to the end of. */
export const Delved = tally('delved', { per: 'character', ranked: true })
