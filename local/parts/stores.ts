// Where everything is kept: the database, the cache, the keys.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Cache } from '#shared/cache/cache.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { loadMasterKey } from '#shared/keys/master.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { startDatabase } from '../database.ts'
import { createTables } from '../dynamodb.ts'
import { startRedis } from '../redis/server.ts'
import { StartError } from '../start-error.ts'
import type { Ground } from './ground.ts'

export type Stores = {
  /** DynamoDB's endpoint, embedded or not. */
  database: string
  store: Store
  /** Redis over HTTP. */
  redis: { url: string; token: string }
  cache: Cache
  keyFile: string
  keys: KeyRing
}

const cacheTimeoutMs = 1000

export async function openStores(ground: Ground): Promise<Stores> {
  const { config, dataDir, runtime, onStop } = ground
  const database = await openDatabase(ground)
  const store = createDynamoStore(localOptions(database, config.WAYSTONE_TABLES))
  onStop('store', () => store.close())
  const { redis, cache } = await openRedis(ground)
  const keyFile = config.WAYSTONE_KEY_FILE ?? join(dataDir, 'keys', 'master.key')
  const keys = createKeyRing({ store, runtime, masterKey: await loadMasterKey(keyFile, runtime) })
  await keys.start()
  return { database, store, redis, cache, keyFile, keys }
}

async function openDatabase(ground: Ground): Promise<string> {
  const { config, dataDir, guardian, log, onStop } = ground
  const { WAYSTONE_DYNAMODB_URL: named, WAYSTONE_TABLES: tablePrefix } = config
  if (named === undefined) {
    const binary = config.WAYSTONE_DYNOXIDE
    const runtime = systemRuntime
    const embedded = await startDatabase({ dataDir, tablePrefix, binary, guardian, runtime, log })
    onStop('database', () => embedded.stop())
    return embedded.endpoint
  }
  await createTables(named, tablePrefix).catch((error: unknown) => {
    throw new StartError(
      `WAYSTONE_DYNAMODB_URL ${named} does not take tables; check that it is a DynamoDB ` +
        'endpoint and that it runs.',
      error,
    )
  })
  return named
}

/** This process calls the embedded Redis without HTTP. */
async function openRedis({
  config,
  runtime,
  log,
  onStop,
}: Ground): Promise<Pick<Stores, 'redis' | 'cache'>> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: given } = config
  if (url !== undefined && given !== undefined) {
    const redis = { url, token: given }
    return { redis, cache: createCache({ ...redis, timeoutMs: cacheTimeoutMs }) }
  }
  const token = randomBytes(24).toString('base64url')
  const front = await startRedis({
    host: '127.0.0.1',
    port: 0,
    token,
    runtime,
    ...(config.REDIS_URL && { redisUrl: config.REDIS_URL }),
  })
  onStop('redis', () => front.stop())
  // The cache holds nothing that may not be lost. Without it all is slower, and it may come later.
  front.ready.catch((error: unknown) => {
    log.warn('REDIS_URL does not answer; going on without it until it does', { error })
  })
  const redis = { url: front.url, token }
  const cache = front.cache ?? createCache({ ...redis, timeoutMs: cacheTimeoutMs })
  return { redis, cache }
}
