import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { handler as auth } from '#functions/auth/lambda.ts'
import { handler as characters } from '#functions/characters/lambda.ts'
import { handler as content } from '#functions/content/lambda.ts'
import { startDynamo } from '#local/dynamodb.ts'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { startRedis } from '#local/redis/server.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { goodPassword } from './api.ts'

type Handler = typeof auth

/** A request as API Gateway's HTTP API hands it over. */
async function invoke(
  handler: Handler,
  method: string,
  path: string,
  more: { headers?: Record<string, string>; body?: unknown } = {},
) {
  const result = await handler({
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', ...more.headers },
    body: more.body === undefined ? null : JSON.stringify(more.body),
    isBase64Encoded: false,
    requestContext: {
      accountId: '1',
      apiId: 'a',
      authentication: null,
      authorizer: {},
      domainName: 'test.example',
      domainPrefix: 'test',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.9', userAgent: 'test' },
      requestId: 'r',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
  })
  return { status: result.statusCode, body: JSON.parse(result.body) as Record<string, unknown> }
}

describe('the Lambda entries', () => {
  let folder: string
  let dynamo: EmbeddedDynamo
  let redis: RedisServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waystone-lambda-'))
    const game = fileURLToPath(new URL('../../game/content/', import.meta.url))
    await cp(game, join(folder, 'content'), { recursive: true })
    const runtime = systemRuntime
    dynamo = await startDynamo({ file: join(folder, 'test.db'), tablePrefix: 'lambda-', runtime })
    redis = await startRedis({ host: '127.0.0.1', port: 0, token: 'redis-token', runtime })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await redis.stop()
    await dynamo.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('name what is missing from their environment, and start once it is there', async () => {
    await expect(invoke(auth, 'GET', '/v1/realms')).rejects.toThrow(/WAYSTONE_KEY_FILE must be set/)
    vi.stubEnv('WAYSTONE_DYNAMODB_URL', dynamo.endpoint)
    vi.stubEnv('WAYSTONE_TABLES', 'lambda-')
    vi.stubEnv('WAYSTONE_PUBLIC_URL', 'https://api.test.example')
    vi.stubEnv('WAYSTONE_KEY_FILE', join(folder, 'master.key'))
    vi.stubEnv('WAYSTONE_LOG', 'error')
    vi.stubEnv('UPSTASH_REDIS_REST_URL', redis.url)
    vi.stubEnv('UPSTASH_REDIS_REST_TOKEN', 'redis-token')
    vi.stubEnv('LAMBDA_TASK_ROOT', folder)
    expect(await invoke(auth, 'GET', '/v1/realms')).toEqual({
      status: 200,
      body: {
        realms: [
          { realmId: 'local', name: 'Local', address: 'https://api.test.example', state: 'open' },
        ],
      },
    })
  })

  it('serve one domain each and understand each other by the store alone', async () => {
    const registered = await invoke(auth, 'POST', '/v1/auth/register', {
      headers: { 'idempotency-key': newId(systemRuntime) },
      body: { loginName: 'mira', password: goodPassword },
    })
    expect(registered.status).toBe(201)
    const authorization = `Bearer ${String(registered.body['accessToken'])}`
    const created = await invoke(characters, 'POST', '/v1/realms/local/characters', {
      headers: { authorization, 'idempotency-key': newId(systemRuntime) },
      body: { name: 'Mira Vale', race: 'human', job: 'mage' },
    })
    expect(created).toMatchObject({ status: 201, body: { name: 'Mira Vale', zone: 'hub' } })
    const listed = await invoke(characters, 'GET', '/v1/realms/local/characters', {
      headers: { authorization },
    })
    expect(listed.body['characters']).toEqual([created.body])
    const hub = await invoke(content, 'GET', '/v1/content/zones/hub')
    expect(hub).toMatchObject({ status: 200, body: { id: 'hub' } })
    const elsewhere = await invoke(content, 'GET', '/v1/realms')
    expect(elsewhere).toMatchObject({ status: 404, body: { code: 'route.not_found' } })
  })
})
