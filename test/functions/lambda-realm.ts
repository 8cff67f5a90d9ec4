// A realm on Lambdas: the bundles as they are deployed, each in its own environment, on the embedded
// store and Redis. Requests go through events of API Gateway to the function that has their route.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildBundles, functionsOf, pathsOf } from '#cdk/bundles.ts'
import type { Bundling } from '#cdk/bundles.ts'
import { domains } from '#functions/domains.ts'
import { needsOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import type { HostStore } from '#gameserver/persistence/host-store.ts'
import { startDynamo } from '#local/dynamodb.ts'
import type { Leaderboard } from '#shared/content/content.ts'
import { tallyEffect } from '#shared/game/tallying.ts'
import { startRedis } from '#local/redis/server.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { tally } from '#shared/rules/tally.ts'
import { newId } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { scalingHash } from '../calls/scaling.ts'
import { openHost } from '../ownership/open-host.ts'
import { startFakeAws } from './lambda-aws.ts'
import type { FakeAws } from './lambda-aws.ts'
import { httpAnswer, httpEvent } from './lambda-event.ts'
import type { HttpAnswer, HttpRequest } from './lambda-event.ts'
import { startLambda } from './lambda-runtime.ts'
import type { LambdaFunction } from './lambda-runtime.ts'

export const realmId = 'test'
export const redisSecret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:redis'
export const signInSecret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:sign-in'
export const emailFrom = 'no-reply@test.example'
export const kmsKey = 'arn:aws:kms:eu-central-1:123456789012:key/master'
/** Under which name the calls of zone hosts are noted. */
export const zoneHost = 'zone-host'
/** A tally that hosts know, as of a game. */
export const hostTally = tally('score', { per: 'character', ranked: true })
const ofHost = { order: 'highest', season: 'none', kept: 0, size: 100 } as const
/** Leaderboards that hosts know, as of the content. */
export const hostBoards: Leaderboard[] = [
  { id: 'of_characters', title: 'First', per: 'character', keep: 'best', ...ofHost },
  { id: 'of_guilds', title: 'Liveliest', per: 'guild', keep: 'sum', ...ofHost },
]
export const tablePrefix = `waystone-${realmId}-`

export type LambdaRealm = {
  functions: Map<string, LambdaFunction>
  folders: Map<string, string>
  /** The environment that the stacks give a function. */
  env(name: string): Record<string, string>
  aws: FakeAws
  redis: RedisServer
  store: Store
  /** Of the embedded database. */
  databasePid: number
  /** Sends a request to the function that has its route. Fails when that one reports an error. */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** The same with a JSON body and a token. */
  ask(
    method: string,
    target: string,
    more?: { token?: string; body?: unknown },
  ): Promise<HttpAnswer>
  /** A zone host that holds its lease and an open instance; what it asks of AWS is noted as well. */
  host(zone?: string, publicKey?: string): Promise<HostStore & { bootId: string }>
  stop(): Promise<void>
}

export async function openLambdaRealm(
  bundling: Bundling,
  records: readonly DomainRecord[] = domains,
  /** The same for functions that need the fleet. */
  cluster: Record<string, string> = {},
): Promise<LambdaRealm> {
  const bundled = functionsOf(bundling, records)
  const runtime = systemRuntime
  const folder = await mkdtemp(path.join(tmpdir(), 'waystone-lambda-'))
  const file = path.join(folder, 'test.db')
  const [folders, dynamo, redis] = await Promise.all([
    buildBundles(bundled, path.join(folder, 'functions')),
    startDynamo({ file, tablePrefix, runtime }),
    startRedis({ host: '127.0.0.1', port: 0, token: 'redis-token', runtime }),
  ])
  const aws = await startFakeAws({ dynamo: dynamo.endpoint })
  aws.secrets.set(redisSecret, JSON.stringify({ url: redis.url, token: 'redis-token' }))
  aws.secrets.set(signInSecret, '{}')
  const functions = new Map<string, LambdaFunction>()
  const env = (name: string) => ({
    WAYSTONE_REALM: realmId,
    WAYSTONE_REALM_NAME: 'Test',
    WAYSTONE_TABLES: tablePrefix,
    WAYSTONE_PUBLIC_URL: 'https://api.test.example',
    WAYSTONE_LIMITS: 'generous',
    WAYSTONE_REDIS_SECRET: redisSecret,
    WAYSTONE_KMS_KEY: kmsKey,
    // The first part of the path names the function, the second is the stage.
    WAYSTONE_SOCKETS: `${aws.env(name)['AWS_ENDPOINT_URL_KMS']}/live`,
    WAYSTONE_SIGN_IN_SECRET: signInSecret,
    WAYSTONE_EMAIL_FROM: emailFrom,
    WAYSTONE_SCALING_HASH: scalingHash,
    ...(needsOf(bundled.get(name)!).has('fleet') ? cluster : {}),
    ...aws.env(name),
  })
  for (const [name, code] of folders) {
    functions.set(name, await startLambda({ name, folder: code, env: env(name) }))
  }
  const store = createDynamoStore(localOptions(dynamo.endpoint, tablePrefix))
  const hostEndpoint = aws.env(zoneHost)['AWS_ENDPOINT_URL_DYNAMODB']!
  const hostStore = createDynamoStore(localOptions(hostEndpoint, tablePrefix))
  const routeTo = router(bundled)

  const send: LambdaRealm['send'] = async (request) => {
    const name = routeTo(request.target)
    const outcome = await functions.get(name)!.invoke(httpEvent(request))
    if ('answer' in outcome) return httpAnswer(outcome.answer)
    throw new Error(`${name}: ${outcome.error.errorType}: ${outcome.error.errorMessage}`)
  }
  return {
    functions,
    folders,
    env,
    aws,
    redis,
    store,
    databasePid: dynamo.pid,
    send,
    ask: async (method, target, { token, body } = {}) =>
      await send({
        method,
        target,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          'idempotency-key': newId(runtime),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    host: async (zone = 'hub', publicKey = 'none') => {
      const effects = [tallyEffect(hostTally)]
      const identity = { realmId, zone, capacity: 100, publicKey }
      const cache = redis.cache!
      return await openHost({
        store: hostStore,
        runtime,
        ...identity,
        effects,
        boards: hostBoards,
        cache,
      })
    },
    stop: async () => {
      await Promise.all([...functions.values()].map((each) => each.stop()))
      await aws.stop()
      await redis.stop()
      store.close()
      hostStore.close()
      await dynamo.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Which function has the route of a path; what nobody has goes where API Gateway sends it. */
function router(functions: ReadonlyMap<string, DomainRecord[]>): (target: string) => string {
  const routes = [...functions].flatMap(([name, records]) =>
    pathsOf(records).map((pattern) => ({
      pattern: new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
      function: name,
    })),
  )
  const [otherwise] = [...functions].find(([, records]) =>
    records.some(({ servesReference }) => servesReference),
  )!
  return (target) => {
    const pathname = target.split('?', 1)[0]!
    return routes.find(({ pattern }) => pattern.test(pathname))?.function ?? otherwise
  }
}
