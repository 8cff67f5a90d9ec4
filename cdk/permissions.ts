// What functions and zone hosts may do with the rows of the store: which action, on which table, in which
// partitions. Nothing else is allowed, so a hole in one domain does not reach what another keeps. A test
// runs every route and holds what it does against this, both ways (test/conformance/permissions.ts).
import { domains } from '#functions/domains.ts'
import { keptBy } from '#functions/http/personal.ts'
import { declarationsOf, needsOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import { operationRows } from '#functions/http/rows.ts'
import type { RowPermission } from '#functions/http/rows.ts'
import type { Endpoint } from '#shared/api/endpoint.ts'

/** Each function verifies tokens. */
const common: readonly RowPermission[] = [{ table: 'core', partition: 'KEYS', actions: ['Query'] }]

/** Counts rates when there is no Redis. */
const rates: readonly RowPermission[] = [
  { table: 'volatile', partition: 'RATE#*', actions: ['GetItem', 'UpdateItem'] },
]

const isLimited = (records: readonly DomainRecord[]): boolean =>
  declarationsOf(records).some(({ endpoints }) =>
    Object.values<Endpoint>(endpoints).some(({ limits }) => limits.length > 0),
  )

/** Makes the ring of keys and turns it. */
const signing: readonly RowPermission[] = [
  { table: 'core', partition: 'KEYS', actions: ['GetItem', 'PutItem'] },
  {
    table: 'core',
    partition: 'KEYS',
    actions: ['UpdateItem', 'DeleteItem'],
    unused: 'A key is rotated after weeks; test/functions/keys.test.ts does it in memory.',
  },
]

/** Exports and erases what any domain keeps of a player. */
const kept: readonly RowPermission[] = [...keptBy(domains).values()].flatMap(({ rows }) => rows)

/** Of a function that serves these domains. */
export function rowsOf(records: readonly DomainRecord[]): RowPermission[] {
  return [
    ...common,
    ...(isLimited(records) ? rates : []),
    ...(needsOf(records).has('signing') ? signing : []),
    ...(needsOf(records).has('kept') ? kept : []),
    ...records.flatMap(({ rows }) => rows),
  ]
}

/** Zone hosts: their own rows, characters in play, and the public keys. */
export const ZONE_PERMISSIONS: readonly RowPermission[] = [
  { table: 'core', partition: 'KEYS', actions: ['Query'] },
  {
    table: 'core',
    partition: 'R#{realm}#C#*',
    actions: ['GetItem', 'Query', 'UpdateItem', 'ConditionCheckItem'],
  },
  // Effects of the game.
  operationRows,
  {
    table: 'core',
    partition: 'R#{realm}#GAME#*',
    actions: ['GetItem', 'PutItem', 'DeleteItem'],
  },
  {
    table: 'core',
    partition: 'R#{realm}#GAME#*',
    actions: ['UpdateItem', 'ConditionCheckItem'],
    unused: 'Tallies do not; another effect may, among its own rows.',
  },
  // Results of matches, and the ratings that they change.
  { table: 'core', partition: 'R#{realm}#RESULT#*', actions: ['GetItem', 'PutItem'] },
  { table: 'core', partition: 'R#{realm}#RATINGS-OF#*', actions: ['GetItem', 'PutItem'] },
  // Results for leaderboards, and their copies in Redis.
  {
    table: 'core',
    partition: 'R#{realm}#BOARD#*',
    actions: ['GetItem', 'PutItem', 'DeleteItem', 'ConditionCheckItem'],
  },
  {
    table: 'core',
    partition: 'R#{realm}#BOARD#*',
    actions: ['Query'],
    unused: 'Who hands in a result goes on with an unfinished copy; it is begun by a reader.',
  },
  { table: 'core', partition: 'R#{realm}#BOARDS-OF#*', actions: ['GetItem', 'PutItem'] },
  {
    table: 'core',
    partition: 'R#{realm}#GUILD#*',
    actions: ['GetItem', 'ConditionCheckItem'],
  },
  { table: 'core', partition: 'R#{realm}#GUILDS#*', actions: ['GetItem', 'ConditionCheckItem'] },
  { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
  // Who is told when a player comes or goes, how he wants to be seen, and whom he has blocked.
  { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['Query'] },
  { table: 'core', partition: 'R#{realm}#BULLETIN', actions: ['Query'] },
  { table: 'core', partition: 'HOST#*', actions: ['PutItem'] },
  { table: 'core', partition: 'R#{realm}#CHECKPOINTS', actions: ['PutItem'] },
  {
    table: 'core',
    partition: 'R#{realm}#CHECKPOINTS',
    actions: ['Query', 'DeleteItem'],
    unused:
      'Checkpoints are swept a day after a death; test/ownership/checkpoint-sweep.test.ts does it.',
  },
  {
    table: 'core',
    partition: 'HOST#*',
    actions: ['Query', 'DeleteItem'],
    unused: 'The same sweep.',
  },
  {
    table: 'volatile',
    partition: 'HOST#*',
    actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
  },
  {
    table: 'volatile',
    partition: 'R#{realm}#Z#*',
    actions: ['Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
  },
  { table: 'volatile', partition: 'R#{realm}#I#*', actions: ['Query', 'DeleteItem'] },
  {
    table: 'volatile',
    partition: 'R#{realm}#I#*',
    actions: ['PutItem'],
    unused:
      'A player who has lost his place gets one again; test/ownership/places.test.ts does it.',
  },
  {
    table: 'volatile',
    partition: 'R#{realm}#PRIVATE#*',
    actions: ['UpdateItem'],
    unused: 'A private instance that ends; test/ownership/private.test.ts does it.',
  },
  { table: 'volatile', partition: 'R#{realm}#HOSTS', actions: ['Query', 'PutItem', 'DeleteItem'] },
]
