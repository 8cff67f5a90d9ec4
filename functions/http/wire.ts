// The real parts of a Lambda, from its environment: the stores, the keys, the limits. A Lambda entry
// adds its domain to them (functions/auth/lambda.ts).
//
// The master key is read from WAYSTONE_KEY_FILE. On AWS it belongs under KMS: a data key that KMS
// decrypts at the start takes the place of the file, and nothing else here changes.
import { join } from 'node:path'
import { getConnInfo, handle } from 'hono/aws-lambda'
import type { Cache } from '#shared/cache/cache.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { ConfigError, readConfig } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { loadMasterKey } from '#shared/keys/master.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { createServiceKeys } from '#shared/keys/service.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { storeOptions } from '#shared/store/options.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createApp } from '../app.ts'
import type { Realms } from './realms.ts'
import type { Mounted } from './serve.ts'

/** What domains are given. */
export type Wired = {
  config: Config
  store: Store
  cache: Cache
  runtime: Runtime
  keys: KeyRing
  limiter: RateLimiter
  realms: Realms
  log: Log
  /** The game's content, which is packed beside the code. Read when it is first asked for. */
  content: () => Promise<LoadedContent>
}

/** A Redis that answers no faster than the store is no help. */
const cacheTimeoutMs = 500
/** How often the key ring is read again. */
const keysFreshMs = 60_000

type LambdaHandler = (
  ...call: Parameters<ReturnType<typeof handle>>
) => ReturnType<ReturnType<typeof handle>>

/** The entry of a Lambda that serves some domains. */
export function lambda(domainsOf: (wired: Wired) => Promise<Mounted[]>): LambdaHandler {
  let started: Promise<{ wired: Wired; serve: ReturnType<typeof handle> }> | undefined
  let keysReadAt = 0
  return async (...call) => {
    // A start that failed is tried again by the next request; two at once share one.
    started ??= start(domainsOf).catch((error: unknown) => {
      started = undefined
      throw error
    })
    const { wired, serve } = await started
    // Nothing runs between requests here, so the ring is read by the first one that finds it old.
    const now = wired.runtime.now()
    if (now - keysReadAt >= keysFreshMs) {
      keysReadAt = now
      await wired.keys.refresh().catch((cause: unknown) => {
        wired.log.error('the key ring could not be read', { cause })
      })
    }
    return await serve(...call)
  }
}

async function start(domainsOf: (wired: Wired) => Promise<Mounted[]>) {
  const wired = await wire(process.env, systemRuntime)
  const app = createApp({
    domains: await domainsOf(wired),
    runtime: wired.runtime,
    verifyKeys: wired.keys.verify,
    serviceKeys: createServiceKeys(wired),
    limiter: wired.limiter,
    profile: wired.config.WAYSTONE_LIMITS,
    realms: wired.realms,
    addressOf: (c) => getConnInfo(c).remote.address,
    log: wired.log,
    corsOrigins: wired.config.WAYSTONE_CORS,
  })
  return { wired, serve: handle(app) }
}

/** Throws ConfigError, KeyFileError, KeyRingError or StoreError. */
async function wire(env: Record<string, string | undefined>, runtime: Runtime): Promise<Wired> {
  const config = readConfig(env)
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config
  const keyFile = config.WAYSTONE_KEY_FILE
  const publicUrl = config.WAYSTONE_PUBLIC_URL
  const problems = [
    ...(url && token ? [] : ['UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN must be set.']),
    ...(keyFile ? [] : ['WAYSTONE_KEY_FILE must be set.']),
    ...(publicUrl ? [] : ['WAYSTONE_PUBLIC_URL must be set.']),
  ]
  if (!url || !token || !keyFile || !publicUrl) throw new ConfigError(problems)

  const log = createLog({
    level: config.WAYSTONE_LOG,
    write: (line) => process.stdout.write(`${line}\n`),
    now: runtime.now,
  })
  const store = createDynamoStore(storeOptions(config, env))
  const cache = createCache({ url, token, timeoutMs: cacheTimeoutMs })
  const limiter = createRateLimiter({ cache, store, runtime, profile: config.WAYSTONE_LIMITS })
  const keys = createKeyRing({ store, runtime, masterKey: await loadMasterKey(keyFile, runtime) })
  await keys.start()
  let content: Promise<LoadedContent> | undefined
  return {
    config,
    store,
    cache,
    runtime,
    keys,
    limiter,
    realms: {
      list: [
        {
          realmId: config.WAYSTONE_REALM,
          name: config.WAYSTONE_REALM_NAME,
          address: publicUrl,
          state: 'open',
        },
      ],
      here: new Set([config.WAYSTONE_REALM]),
    },
    log,
    content: () => (content ??= loadContent(join(env['LAMBDA_TASK_ROOT'] ?? '.', 'content'))),
  }
}
