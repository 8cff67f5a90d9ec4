// The real parts of a Lambda, from its environment: the stores, the keys, the limits. A Lambda entry
// adds its domain to them (functions/auth/lambda.ts).
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getConnInfo, handle } from 'hono/aws-lambda'
import type { APIGatewayProxyResult, LambdaContext, LambdaEvent } from 'hono/aws-lambda'
import { AwsError, createAwsCall, lambdaAwsOptions } from '#shared/aws/call.ts'
import type { AwsCall, AwsOptions } from '#shared/aws/call.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import { ConfigError, readConfig } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { Part } from '#shared/api/health.ts'
import { createVerifier } from '#shared/keys/ring.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { createHostKeys } from '#shared/keys/host.ts'
import { readHostKey } from '#shared/ownership/lease.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { storeOptions } from '#shared/store/options.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import type { Log, LogLevel } from '#shared/telemetry/log.ts'
import { createApp } from '../app.ts'
import { problemOf, problemResponse } from '../http/failure.ts'
import { createKeysHealth } from '../http/health.ts'
import { namesRedis, openCache, redisMissing } from './lambda-cache.ts'
import type { Realms } from '../http/realms.ts'
import type { Reference } from '../http/reference.ts'
import type { Mounted } from '../http/serve.ts'

/** What is there before the keys are. */
export type Parts = {
  config: Config
  store: Store
  cache: Cache
  aws: AwsCall
  /** What it signs with. */
  awsOptions: AwsOptions
  runtime: Runtime
  limiter: RateLimiter
  realms: Realms
  log: Log
  /** The game's content, which is packed beside the code. Read when it is first asked for. */
  content: () => Promise<LoadedContent>
}

/** What domains are given. */
export type Wired<Keys> = Parts & { keys: Keys }

export type DomainsOf<Keys> = (wired: Wired<Keys>) => Promise<Mounted[]>

/** Opens the keys of a function: public ones here, private ones in signing.ts for whom they concern. */
export type OpenKeys<Keys> = (parts: Parts) => Promise<Keys>

/** For functions that sign nothing: they have no permission to open a private key. */
export const verifying: OpenKeys<Verifier> = async ({ store, runtime }) => {
  const verifier = createVerifier({ store, runtime })
  await verifier.refresh()
  return verifier
}

/** How often the keys are read again. */
const keysFreshMs = 60_000
/** Before there is a first key, the first log-in may make it at any moment. */
const keysAbsentMs = 1000

type LambdaHandler = (event: LambdaEvent, context?: LambdaContext) => Promise<APIGatewayProxyResult>

/** The entry of a Lambda that serves some domains, the parts of the API. */
export function lambda<Keys extends Verifier>(
  parts: readonly Part[],
  openKeys: OpenKeys<Keys>,
  domainsOf: DomainsOf<Keys>,
): LambdaHandler {
  let started: ReturnType<typeof start<Keys>> | undefined
  let keysReadAt = 0
  return async (event, context) => {
    // A start that failed is tried again by the next request; two at once share one.
    started ??= start(parts, openKeys, domainsOf)
    let running: Awaited<typeof started>
    try {
      running = await started
    } catch (error) {
      started = undefined
      // A wrong configuration is an error of the function; an outage is the answer that it always is.
      if (isOutage(error)) return await unavailable(error)
      throw error
    }
    const { wired, serve, settled } = running
    // Nothing runs between requests here, so the keys are read by the first one that finds them old.
    const now = wired.runtime.now()
    if (now - keysReadAt >= (wired.keys.empty() ? keysAbsentMs : keysFreshMs)) {
      keysReadAt = now
      await wired.keys.refresh().catch((cause: unknown) => {
        wired.log.error('the keys could not be read', { cause })
      })
    }
    const answer = await serve(withEncodedPath(event), context)
    // Once the answer is out this process stands still: what was not waited for is sent before.
    await settled()
    return answer
  }
}

function isOutage(error: unknown): boolean {
  if (error instanceof AwsError) return error.outage
  if (error instanceof StoreError) return error.kind !== 'invalid'
  return error instanceof Error && isOutage(error.cause)
}

async function unavailable(cause: unknown): Promise<APIGatewayProxyResult> {
  const log = lambdaLog('error', systemRuntime)
  const problem = problemOf(log, new Problem('store.unavailable', { retryAfterS: 2, cause }), {
    at: 'the start',
  })
  const answer = problemResponse(problem, {})
  return {
    statusCode: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
    isBase64Encoded: false,
  }
}

function lambdaLog(level: LogLevel, { now }: Pick<Runtime, 'now'>): Log {
  return createLog({ level, write: (line) => process.stdout.write(line), now })
}

/**
 * HTTP APIs hand over the path decoded, and it becomes part of a URL again: what was an encoded `#`,
 * `?` or `%` must not turn into syntax.
 */
function withEncodedPath(event: LambdaEvent): LambdaEvent {
  if (!('rawPath' in event)) return event
  const rawPath = event.rawPath.toWellFormed().split('/').map(encodeURIComponent).join('/')
  return { ...event, rawPath }
}

async function start<Keys extends Verifier>(
  served: readonly Part[],
  openKeys: OpenKeys<Keys>,
  domainsOf: DomainsOf<Keys>,
) {
  const { parts, settled, packed } = await wire(process.env, systemRuntime)
  const wired = { ...parts, keys: await openKeys(parts) }
  const reference = await readReference(packed)
  const app = createApp({
    domains: await domainsOf(wired),
    runtime: wired.runtime,
    verifyKeys: wired.keys.verify,
    hostKeys: createHostKeys({
      runtime: wired.runtime,
      publicKeyOf: (bootId) => readHostKey(wired.store, bootId),
    }),
    limiter: wired.limiter,
    profile: wired.config.WAYSTONE_LIMITS,
    realms: wired.realms,
    addressOf: (c) => getConnInfo(c).remote.address,
    log: wired.log,
    corsOrigins: wired.config.WAYSTONE_CORS,
    health: createKeysHealth(wired),
    parts: served,
    ...(reference === undefined ? {} : { reference }),
  })
  return { wired, serve: handle(app), settled }
}

/** What a process that serves functions has before its keys. Throws ConfigError or AwsError. */
export async function wire(env: Record<string, string | undefined>, runtime: Runtime) {
  const config = readConfig(env)
  const publicUrl = config.WAYSTONE_PUBLIC_URL
  const problems = [
    ...(publicUrl === undefined ? ['WAYSTONE_PUBLIC_URL must be set.'] : []),
    ...(namesRedis(config) ? [] : [redisMissing]),
  ]
  if (publicUrl === undefined || problems.length > 0) throw new ConfigError(problems)
  const log = lambdaLog(config.WAYSTONE_LOG, runtime)
  const awsOptions = lambdaAwsOptions(env, runtime)
  const aws = createAwsCall(awsOptions)
  const store = createDynamoStore(storeOptions(config, env))
  const { cache, settled } = await openCache(config, aws)
  const limiter = createRateLimiter({ cache, store, runtime, profile: config.WAYSTONE_LIMITS })
  const packed = env['LAMBDA_TASK_ROOT'] ?? '.'
  let content: Promise<LoadedContent> | undefined
  const parts: Parts = {
    config,
    store,
    cache,
    aws,
    awsOptions,
    runtime,
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
    content: () => (content ??= loadContent(join(packed, 'content'))),
  }
  return { parts, settled, packed }
}

/** The OpenAPI document and its page, packed beside what serves them, and nowhere else. */
export async function readReference(packed: string): Promise<Reference | undefined> {
  const text = await readFile(join(packed, 'reference.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Reference)
}
