// What each domain may do with the rows of the store: which action, on which table, in which partitions.
// Nothing else is allowed, so a hole in one domain does not reach what another keeps. A test runs every
// route and holds what it does against this table, both ways (test/cdk/permissions.test.ts).
import type { TableName } from '#shared/store/store.ts'
import type { DomainName } from './bundles.ts'

export type RowAction =
  | 'GetItem'
  | 'Query'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem'

export type RowPermission = {
  table: TableName
  /** Partition keys, `*` for any rest. `{realm}` is the realm's id. */
  partition: string
  actions: readonly RowAction[]
  /** Why it is here although no test uses it. */
  unused?: string
}

/** Each function verifies tokens, and counts rates when there is no Redis. */
const common: readonly RowPermission[] = [
  { table: 'core', partition: 'KEYS', actions: ['Query'] },
  { table: 'volatile', partition: 'RATE#*', actions: ['GetItem', 'UpdateItem'] },
]

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

/** Remembers what was done, so that a repeat gets the same answer. */
const operations: readonly RowPermission[] = [
  { table: 'core', partition: 'OP#*', actions: ['GetItem', 'PutItem'] },
]

export const PERMISSIONS: Record<DomainName, readonly RowPermission[]> = {
  auth: [
    ...common,
    ...signing,
    { table: 'core', partition: 'OP#*', actions: ['PutItem'] },
    {
      table: 'core',
      partition: 'OP#*',
      actions: ['GetItem'],
      unused:
        'Read after a lost answer (shared/store/commit.ts), which is injected in memory alone.',
    },
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
    },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['DeleteItem'],
      unused:
        'The 21st session of an account ends the oldest; test/functions/auth.test.ts does it.',
    },
  ],
  characters: [
    ...common,
    ...operations,
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['Query', 'PutItem', 'UpdateItem'] },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['PutItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['PutItem', 'UpdateItem'] },
  ],
  world: [
    ...common,
    ...signing,
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['Query', 'UpdateItem'] },
    { table: 'core', partition: 'HOST#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['Query', 'UpdateItem'] },
    {
      table: 'volatile',
      partition: 'HOST#*',
      actions: ['GetItem', 'PutItem', 'ConditionCheckItem'],
    },
  ],
  content: [...common],
  admin: [
    ...common,
    ...operations,
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'UpdateItem'] },
    { table: 'core', partition: 'AUDIT', actions: ['Query', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['Query', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem', 'Query', 'UpdateItem'] },
    { table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['Query'] },
    { table: 'volatile', partition: 'HOST#*', actions: ['GetItem', 'PutItem'] },
  ],
  internal: [...common, { table: 'volatile', partition: 'HOST#*', actions: ['GetItem'] }],
  // Whatever a game keeps lies under keys of its own (shared/game/game.ts, gameKey).
  game: [
    ...common,
    ...operations,
    { table: 'core', partition: 'R#{realm}#GAME#*', actions: ['Query', 'PutItem', 'UpdateItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#GAME#*',
      actions: ['GetItem', 'DeleteItem', 'ConditionCheckItem'],
      unused: 'The sample game does not; another may, among its own rows.',
    },
  ],
}

/** Zone hosts: their own rows, characters in play, and the public keys. */
export const ZONE_PERMISSIONS: readonly RowPermission[] = [
  { table: 'core', partition: 'KEYS', actions: ['Query'] },
  { table: 'core', partition: 'R#{realm}#C#*', actions: ['Query', 'UpdateItem'] },
  { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
  { table: 'core', partition: 'HOST#*', actions: ['PutItem'] },
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
]
