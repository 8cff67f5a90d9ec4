// What a process that serves functions has before its keys, from its environment: stores, limits, log.
import { createAwsCall, createSignedFetch, lambdaAwsOptions } from '#shared/aws/call.ts'
import type { AwsCall, AwsOptions } from '#shared/aws/call.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import { ConfigError, playerLimitsOf, readConfig } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { storeOptions } from '#shared/store/options.ts'
import { createLog } from '#shared/telemetry/log.ts'
import type { Log, LogLevel } from '#shared/telemetry/log.ts'
import type { CommonParts } from '../http/record.ts'
import { socialPath } from '#shared/protocol/social-socket.ts'
import { createSockets, noSockets, socketsAt } from '#shared/push/sockets.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import { namesRedis, openCache, redisMissing } from './lambda-cache.ts'
import { createUnderWay } from './under-way.ts'
import type { UnderWay } from './under-way.ts'

export type Wired = Omit<CommonParts, 'keys' | 'push'> & {
  config: Config
  aws: AwsCall
  /** What it signs with. */
  awsOptions: AwsOptions
  /** Resolves when no request to the cache or to a socket is under way. */
  settled: () => Promise<void>
}

/** Throws ConfigError or AwsError. */
export async function wire(
  env: Record<string, string | undefined>,
  runtime: Runtime,
): Promise<Wired> {
  const config = readConfig(env)
  const publicUrl = config.WAYSTONE_PUBLIC_URL
  const problems = [
    ...(publicUrl === undefined ? ['WAYSTONE_PUBLIC_URL must be set.'] : []),
    ...(namesRedis(config) ? [] : [redisMissing]),
  ]
  if (publicUrl === undefined || problems.length > 0) throw new ConfigError(problems)
  const awsOptions = lambdaAwsOptions(env, runtime)
  const aws = createAwsCall(awsOptions)
  const store = createDynamoStore(storeOptions(config, env))
  const underWay = createUnderWay(runtime)
  const cache = await openCache(config, aws, underWay)
  const realm = {
    realmId: config.WAYSTONE_REALM,
    name: config.WAYSTONE_REALM_NAME,
    address: publicUrl,
    state: 'open' as const,
  }
  return {
    config,
    store,
    cache,
    aws,
    awsOptions,
    runtime,
    limiter: createRateLimiter({ cache, store, runtime, profile: config.WAYSTONE_LIMITS }),
    realms: { list: [realm], here: new Set([realm.realmId]), limits: playerLimitsOf(config) },
    log: processLog(config.WAYSTONE_LOG, runtime),
    sockets: openSockets(config, awsOptions, underWay),
    settled: underWay.settled,
  }
}

function openSockets(config: Config, awsOptions: AwsOptions, { watch }: UnderWay): Sockets {
  const at = socketsAt(config)
  if (at === undefined) return noSockets
  const base = 'url' in at ? at.url : `${config.WAYSTONE_PUBLIC_URL}${socialPath}`
  const address = config.WAYSTONE_SOCKETS_URL ?? base.replace(/^http/, 'ws')
  const sockets = createSockets(
    'secret' in at ? { ...at, address } : { ...at, address, signed: createSignedFetch(awsOptions) },
  )
  return {
    address,
    post: (connectionId, text) => watch(sockets.post(connectionId, text)),
    close: (connectionId) => watch(sockets.close(connectionId)),
  }
}

export function processLog(level: LogLevel, { now }: Pick<Runtime, 'now'>): Log {
  return createLog({ level, write: (line) => process.stdout.write(line), now })
}
