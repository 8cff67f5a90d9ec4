// The game's own routes and those of its tallies, served like any domain: limits, tokens, schemas, operation
// ids and the reference page come with their declarations.
import { game } from '#game'
import { tallies } from '#shared/api/tallies.ts'
import { zoneSchemas } from '#shared/api/zone-schema.ts'
import { namedSchema } from '#shared/components/schema.ts'
import { withKinds } from '#shared/content-files/load.ts'
import type { Game } from '#shared/game/game.ts'
import type { DomainRecord } from '../http/record.ts'
import { personalOf } from './personal.ts'
import { tallyRoutes } from './tallies.ts'

type Serves = Parameters<DomainRecord['serves'][0]['handlers']>[0]

export const domain = recordOf(game)

/** The record with the routes of this game. */
export function recordOf(
  of: Pick<Game, 'contentKinds' | 'personal' | 'routes' | 'tallies' | 'zone'>,
): DomainRecord {
  return {
    name: 'game',
    module: import.meta.filename,
    group: 'play',
    needs: ['content'],
    serves: [
      ...of.routes.map(({ domain: declaration, handlers }) => ({
        declaration,
        handlers: ({ store, runtime, content }: Serves) =>
          // A bundle reads its content without the game's code; this one has it.
          handlers({ store, runtime, content: withKinds(content, of.contentKinds ?? []) }),
      })),
      { declaration: tallies, handlers: ({ store }) => tallyRoutes(store, of.tallies ?? []) },
      {
        declaration: zoneSchemas,
        handlers: () => ({
          current: async () => {
            const { schema } = of.zone
            return await Promise.resolve({ name: namedSchema(schema).name, schema })
          },
        }),
      },
    ],
    personal: personalOf(of.personal),
    // A game's rows lie under keys of its own (shared/game/game.ts, gameKey).
    rows: [
      { table: 'core', partition: 'OP#*', actions: ['PutItem'] },
      {
        table: 'core',
        partition: 'OP#*',
        actions: ['GetItem'],
        unused:
          'Read after a lost answer (shared/store/commit.ts), which is injected in memory alone.',
      },
      { table: 'core', partition: 'R#{realm}#GAME#*', actions: ['Query', 'PutItem', 'UpdateItem'] },
      {
        table: 'core',
        partition: 'R#{realm}#GAME#*',
        actions: ['GetItem', 'DeleteItem', 'ConditionCheckItem'],
        unused: 'The sample game does not; another may, among its own rows.',
      },
    ],
  }
}
