import { world } from '#shared/api/world.ts'
import { readBulletin } from '#shared/live/bulletin.ts'
import { bulletinFreshMs } from '#shared/limits.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { speaks } from '#shared/protocol/version.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { isSynthetic, requireSession } from '../auth/auth.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { hostClocks } from './host-clocks.ts'
import { remember } from '../http/remember.ts'
import { createLoginQueue } from './login-queue/login-queue.ts'
import { worldRoutes } from './routes.ts'
import { createWarmer } from './warm.ts'

/** Clocks drift slowly, and a check reads all cards. */
const clocksRememberedMs = 60_000

/** Why rows are not touched in a realm without a limit. */
const withLimit = 'Of a realm with a limit of players; test/functions/login-queue.test.ts does it.'

export const domain = defineDomain({
  name: 'world',
  module: import.meta.filename,
  group: 'play',
  needs: ['signing', 'content', 'fleet'],
  declaration: world,
  handlers: ({ store, runtime, cache, realms, signing, content, fleet, push, log }) => {
    const bulletin = remember(runtime.now, bulletinFreshMs, (realmId) =>
      readBulletin(store, realmId, runtime.now()),
    )
    const isLive = createLiveness()
    const keys = { signingKey: signing.signing, verifyKeys: signing.find }
    const syntheticIs = (accountId: string) => isSynthetic(signing, accountId)
    const loginQueue = createLoginQueue({
      store,
      runtime,
      realms,
      content: content.content,
      isLive,
      ...keys,
      isSynthetic: syntheticIs,
    })
    return worldRoutes({
      store,
      runtime,
      realms,
      content: content.content,
      fleet,
      push,
      isLive,
      loginQueue,
      warmer: createWarmer({ store, runtime, content: content.content, fleet, isLive, log }),
      ...keys,
      hint: createHint(cache),
      requireSession: (player) => requireSession({ store, runtime }, player),
      speaks,
      isSynthetic: syntheticIs,
      bulletin,
      maintenance: async (realmId) => (await bulletin(realmId)).maintenance,
    })
  },
  timer: {
    everyMinutes: 1,
    run: async ({ content, realms, ...parts }) => {
      const deps = { ...parts, content: content.content, isLive: createLiveness() }
      await createWarmer(deps).lookAtAll(realms.here)
    },
  },
  checks: ({ store, runtime, realms, content, fleet }) => {
    const zones = [...content.content.zones.keys()]
    const deps = { store, runtime, fleet }
    const clocks = remember(runtime.now, clocksRememberedMs, (id) => hostClocks(deps, id, zones))
    return async () => {
      const found = await Promise.all([...realms.here].map(clocks))
      return Object.fromEntries(found.flatMap((one) => Object.entries(one)))
    }
  },
  personal: {
    none: 'Places and seats name characters by their ids, and go with the stay; a place in the login queue goes in a day.',
  },
  rows: [
    operationRows,
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['Query', 'UpdateItem'] },
    { table: 'core', partition: 'R#{realm}#BULLETIN', actions: ['Query'] },
    { table: 'core', partition: 'HOST#*', actions: ['GetItem'] },
    // Where the others of its party are, and the friend to whom it wishes.
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#PARTY#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#PARTY-OF#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['GetItem', 'Query', 'UpdateItem'] },
    { table: 'volatile', partition: 'R#{realm}#I#*', actions: ['PutItem', 'UpdateItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#I#*',
      actions: ['DeleteItem'],
      unused: 'A place that no reservation followed; test/ownership/ownership.test.ts does it.',
    },
    {
      table: 'volatile',
      partition: 'HOST#*',
      actions: ['GetItem', 'PutItem', 'ConditionCheckItem'],
    },
    { table: 'volatile', partition: 'R#{realm}#PRIVATE#*', actions: ['GetItem', 'PutItem'] },
    { table: 'volatile', partition: 'R#{realm}#PRIVATE-OF#*', actions: ['GetItem', 'PutItem'] },
    // The login queue, of a realm with a limit.
    { table: 'volatile', partition: 'R#{realm}#LOGIN#*', actions: ['GetItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#LOGIN#*',
      actions: ['PutItem', 'DeleteItem'],
      unused: withLimit,
    },
    {
      table: 'volatile',
      partition: 'R#{realm}#LOGIN-QUEUE',
      actions: ['GetItem', 'PutItem', 'UpdateItem'],
      unused: withLimit,
    },
    {
      table: 'volatile',
      partition: 'R#{realm}#LOGIN-GONE',
      actions: ['Query', 'PutItem'],
      unused: withLimit,
    },
    {
      table: 'core',
      partition: 'R#{realm}#GAME#PRIORITY#*',
      actions: ['GetItem'],
      unused: withLimit,
    },
    // The others of a party are told.
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
    // Where a cluster is named: which host was allocated for a need (shared/fleet/agones.ts).
    {
      table: 'volatile',
      partition: 'ALLOCATION#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
  ],
})
