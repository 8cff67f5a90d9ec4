// The cache of a Lambda: where its Redis is, from a secret or the environment.
import * as z from 'zod'
import type { AwsCall } from '#shared/aws/call.ts'
import { CacheError } from '#shared/cache/cache.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import type { UnderWay } from './under-way.ts'

/** A Redis that answers no faster than the store is no help. */
const cacheTimeoutMs = 500

/** As an operator puts it into the secret; `{}` as long as there is no Redis. */
const redisSecret = z.union([
  z.object({ url: z.url({ protocol: /^https?$/ }), token: z.string().min(1) }),
  z.strictObject({}),
])

/** Throws ConfigError or AwsError. */
export async function openCache(config: Config, aws: AwsCall, { watch }: UnderWay): Promise<Cache> {
  const secret = config.WAYSTONE_REDIS_SECRET
  const { url, token } = secret ? await readSecret(secret, aws) : fromEnvironment(config)
  if (url === undefined || token === undefined) {
    return absentCache
  }
  const cache = createCache({ url, token, timeoutMs: cacheTimeoutMs })
  return { ...cache, pipeline: (commands) => watch(cache.pipeline(commands)) }
}

type Redis = { url?: string; token?: string }

function fromEnvironment(config: Config): Redis {
  return { url: config.UPSTASH_REDIS_REST_URL, token: config.UPSTASH_REDIS_REST_TOKEN }
}

/** Going without a Redis has to be said. */
export function namesRedis(config: Config): boolean {
  const { url, token } = fromEnvironment(config)
  return config.WAYSTONE_REDIS_SECRET !== undefined || (url !== undefined && token !== undefined)
}

export const redisMissing =
  'WAYSTONE_REDIS_SECRET, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, must be set.'

async function readSecret(secretId: string, aws: AwsCall): Promise<Redis> {
  const answer = await aws('secretsmanager', 'secretsmanager.GetSecretValue', {
    SecretId: secretId,
  })
  try {
    return redisSecret.parse(JSON.parse(String(answer['SecretString'])))
  } catch {
    // Neither JSON.parse nor zod may quote the secret in a log.
    throw new ConfigError([
      `The secret ${secretId} must be {} or {"url": "https://…", "token": "…"}.`,
    ])
  }
}

/** No Redis: rates count in the store, and hints are not sent. */
const absentCache: Cache = {
  pipeline: () => Promise.reject(new CacheError('there is no cache')),
  subscribe: () => {},
}
