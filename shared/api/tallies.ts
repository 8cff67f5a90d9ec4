// Tallies of the game: ranked lists and totals (shared/rules/tally.ts).
import * as z from 'zod'
import { tallyTotal } from '../rules/tally.ts'
import { domain, endpoint } from './endpoint.ts'
import { contentId, realmId, uuid } from './names.ts'
import { paged } from './page.ts'

const ranked = z
  .object({
    rank: z.int().min(1),
    characterId: uuid,
    name: z.string(),
    total: z.int(),
  })
  .meta({
    id: 'Ranked',
    description:
      'A place in a ranked list. Of equal totals, who had it first is first. `rank` counts on from the page ' +
      'before. In a list of accounts, `characterId` and `name` are of the character that has added last.',
  })

const totals = z.object({
  totals: z.array(
    tallyTotal
      .extend({ tally: contentId })
      .meta({ id: 'Total', description: 'Of two totals, the one with more changes is newer' }),
  ),
})

export const tallies = domain({
  name: 'tallies',
  description: 'Numbers that the game keeps of characters and accounts',
  endpoints: {
    top: endpoint({
      method: 'GET',
      path: '/v1/game/realms/{realmId}/tallies/top/{tally}',
      summary: 'The ranked list of a tally, highest total first',
      description:
        'A page may be a second old. Over all pages, an entry whose total does not change meanwhile comes once.',
      identity: 'anyone',
      params: z.object({ realmId, tally: contentId }),
      ...paged(ranked, { size: 10, max: 50 }),
      errors: ['game.not_found'],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    of: endpoint({
      method: 'GET',
      path: '/v1/game/realms/{realmId}/tallies/of/{characterId}',
      summary: 'The totals of a character',
      description: '0 for whoever has none.',
      identity: 'anyone',
      params: z.object({ realmId, characterId: uuid }),
      answer: totals,
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    mine: endpoint({
      method: 'GET',
      path: '/v1/game/realms/{realmId}/tallies/mine',
      summary: "The totals of the caller's account",
      identity: 'player',
      params: z.object({ realmId }),
      answer: totals,
      errors: [],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
  },
})
