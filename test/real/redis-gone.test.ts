// A real Redis that is absent, dies, hangs and comes back. Nothing stops, and it is used again.
import { createClient } from '@redis/client'
import { afterEach, describe, expect, it } from 'vitest'
import { CacheError } from '#shared/cache/cache.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { systemRuntime } from '#shared/system.ts'
import { startRedis } from '#local/redis/server.ts'
import { newSession, realmId } from '../e2e/player.ts'
import { freePort, makeDataDir, startWaystone } from '../e2e/waystone.ts'
import { findRedisServer, startRedisServer } from './redis-server.ts'

const token = 'token-of-this-test'
const program = findRedisServer()

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function redisAt(port?: number) {
  const redis = await startRedisServer(program!, port)
  closing.push(redis.stop)
  return redis
}

async function frontOf(redisUrl: string) {
  const server = await startRedis({
    host: '127.0.0.1',
    port: 0,
    token,
    runtime: systemRuntime,
    redisUrl,
  })
  closing.push(server.stop)
  const cache = createCache({ url: server.url, token, timeoutMs: 500 })
  const send = async (path: string, body: unknown, headers = {}) => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(body),
    })
    return (await response.json()) as unknown
  }
  return { server, cache, send }
}

async function msOf(work: Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work.catch(() => undefined)
  return performance.now() - from
}

describe.skipIf(program === undefined)('a real Redis behind the front', () => {
  it('answers lists as they are, in base64 too, and counts listeners one by one', async () => {
    const { url } = await redisAt()
    const { server, send, cache } = await frontOf(url)
    await server.ready
    await send('/', ['HSET', 'hash', 'field', 'value', 'ü', '1'])
    expect(await send('/', ['HGETALL', 'hash'])).toEqual({ result: ['field', 'value', 'ü', '1'] })
    const encoded = await send('/', ['HGETALL', 'hash'], { 'upstash-encoding': 'base64' })
    expect(encoded).toEqual({
      result: ['field', 'value', 'ü', '1'].map((text) => Buffer.from(text).toString('base64')),
    })
    const stop = new AbortController()
    for (let i = 0; i < 3; i++) cache.subscribe('news', () => undefined, stop.signal)
    await expect.poll(() => cache.pipeline([['PUBLISH', 'news', 'x']])).toEqual([3])
    stop.abort()
    await expect.poll(() => cache.pipeline([['PUBLISH', 'news', 'x']])).toEqual([0])
  })

  it('is not sent what would change the connection that all share', async () => {
    const { url } = await redisAt()
    const { server, send } = await frontOf(url)
    await server.ready
    for (const name of ['SUBSCRIBE', 'multi', 'Select', 'BLPOP', 'AUTH', 'MONITOR', 'QUIT']) {
      const refused = { error: `ERR Command is not available: '${name}'.` }
      expect(await send('/', [name, '1'])).toEqual(refused)
      expect(
        await send('/pipeline', [
          ['SET', 'a', name],
          [name, '1'],
          ['GET', 'a'],
        ]),
      ).toEqual([{ result: 'OK' }, refused, { result: name }])
      expect(await send('/multi-exec', [['SET', 'a', 'never'], [name]])).toEqual({
        error: 'EXECABORT Transaction discarded because of previous errors.',
      })
      expect(await send('/', ['GET', 'a'])).toEqual({ result: name })
    }
  })

  it('that dies fails what is asked at once, and is found again with its subscriptions', async () => {
    const redis = await redisAt()
    const { server, cache } = await frontOf(redis.url)
    await server.ready
    const heard: string[] = []
    const stop = new AbortController()
    closing.push(() => stop.abort())
    cache.subscribe('news', (text) => heard.push(text), stop.signal)
    await expect.poll(() => cache.pipeline([['PUBLISH', 'news', 'before']])).toEqual([1])
    await redis.stop()
    await expect(cache.pipeline([['INCR', 'n']])).rejects.toThrow(CacheError)
    expect(await msOf(cache.pipeline([['INCR', 'n']]))).toBeLessThan(200)
    await redisAt(redis.port)
    const publish = () => cache.pipeline([['PUBLISH', 'news', 'after']]).catch(() => 'failed')
    await expect.poll(publish, { timeout: 15_000 }).toEqual([1])
    await expect.poll(() => heard).toContain('after')
  })

  it('that hangs is waited for no longer than the caller has, and is used again after', async () => {
    const redis = await redisAt()
    const { server, cache } = await frontOf(redis.url)
    await server.ready
    redis.child.kill('SIGSTOP')
    const waits = await Promise.all(
      Array.from({ length: 20 }, () => msOf(cache.pipeline([['INCR', 'n']]))),
    )
    expect(Math.max(...waits)).toBeLessThan(2000)
    redis.child.kill('SIGCONT')
    const get = () => cache.pipeline([['GET', 'n']]).catch(() => 'failed')
    // The sent commands are done late, and once.
    await expect.poll(get, { timeout: 15_000 }).toEqual(['20'])
  })

  it('that is not there yet is found when it comes', async () => {
    const port = await freePort()
    const { server, cache } = await frontOf(`redis://127.0.0.1:${port}`)
    await expect(server.ready).rejects.toThrow('Redis cannot be reached')
    await expect(cache.pipeline([['GET', 'a']])).rejects.toThrow('ERR Redis cannot be reached')
    await redisAt(port)
    const set = () => cache.pipeline([['SET', 'a', '1']]).catch(() => 'failed')
    await expect.poll(set, { timeout: 15_000 }).toEqual(['OK'])
  })

  it('carries `npm start`; dead or hung it makes it slower and stops nothing', async () => {
    const redis = await redisAt()
    const folder = await makeDataDir()
    closing.push(folder.remove)
    const waystone = await startWaystone({
      ...folder,
      env: { REDIS_URL: redis.url, WAYSTONE_FLEET: 'hub:1' },
    })
    closing.push(waystone.killAll)
    await expect.poll(() => waystone.output()).toContain(`Redis          ${redis.url} (over http`)
    const play = async () => {
      const session = newSession(waystone.url)
      await session.guest()
      return await session.inRealm(realmId).characters()
    }
    expect(await play()).toEqual([])
    const client = createClient({ url: redis.url })
    await client.connect()
    expect(await client.dbSize(), 'rate limits are counted there').toBeGreaterThan(0)
    client.destroy()

    redis.child.kill('SIGSTOP')
    expect(await msOf(play().then((list) => expect(list).toEqual([])))).toBeLessThan(5000)
    await redis.stop()
    expect(await play()).toEqual([])
    expect((await fetch(`${waystone.url}/health`)).status).toBe(200)
    const again = await redisAt(redis.port)
    const sizeOf = async () => {
      await play()
      const counted = createClient({ url: again.url })
      await counted.connect()
      const size = await counted.dbSize()
      counted.destroy()
      return size
    }
    await expect.poll(sizeOf, { timeout: 20_000, interval: 1000 }).toBeGreaterThan(0)
  })
})
