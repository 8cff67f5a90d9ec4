import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { CacheError } from '#shared/cache/cache.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { systemRuntime } from '#shared/system.ts'
import { startRedis } from '#local/redis/server.ts'

const token = 'token-of-this-test'
const start = (port = 0) => startRedis({ host: '127.0.0.1', port, token, runtime: systemRuntime })

describe('the cache over HTTP', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  /** A server that answers every request the same way, and counts them. */
  async function standIn(answer: Parameters<typeof createServer>[1]) {
    const seen: { path: string; headers: Record<string, unknown> }[] = []
    const server: Server = createServer((request, response) => {
      seen.push({ path: request.url!, headers: request.headers })
      answer?.(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
  }

  it('fails with CacheError when nobody listens', async () => {
    const gone = await start()
    await gone.stop()
    const cache = createCache({ url: gone.url, token, timeoutMs: 1000 })
    await expect(cache.pipeline([['GET', 'k']])).rejects.toThrow(CacheError)
  })

  it('fails with CacheError in time when the server is silent, before or within its answer', async () => {
    const silent = await standIn(() => undefined)
    const stuck = await standIn((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('[{"result":')
    })
    for (const { url } of [silent, stuck]) {
      const cache = createCache({ url, token, timeoutMs: 100 })
      await expect(cache.pipeline([['GET', 'k']])).rejects.toThrow('did not answer in time')
    }
  })

  it.each([
    [500, 'not json'],
    [500, '{"error":"ERR broken"}'],
    [200, 'not json'],
    [200, '{"result":"not a list"}'],
    [200, ''],
  ])('fails with CacheError at an answer %d %j, after one request', async (status, body) => {
    const broken = await standIn((_request, response) => response.writeHead(status).end(body))
    const cache = createCache({ url: broken.url, token, timeoutMs: 1000 })
    await expect(cache.pipeline([['INCR', 'k']])).rejects.toThrow(CacheError)
    expect(broken.seen).toHaveLength(1)
  })

  it('does not repeat a request whose answer was lost: INCR would count twice', async () => {
    const cutting = await standIn((request) => request.socket.destroy())
    const cache = createCache({ url: cutting.url, token, timeoutMs: 1000 })
    await expect(cache.pipeline([['INCR', 'k']])).rejects.toThrow(CacheError)
    expect(cutting.seen).toHaveLength(1)
  })

  it('keeps values out of its error messages', async () => {
    const server = await start()
    closing.push(server.stop)
    const cache = createCache({ url: server.url, token: 'wrong', timeoutMs: 1000 })
    const failed = await cache
      .pipeline([['SET', 'k', 'very secret']])
      .catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(CacheError)
    expect((failed as CacheError).message).toContain('Unauthorized')
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain('secret')
  })

  it('sends a pipeline as one request, without telemetry', async () => {
    const server = await standIn((_request, response) =>
      response.end('[{"result":1},{"result":1},{"result":null}]'),
    )
    const cache = createCache({ url: server.url, token, timeoutMs: 1000 })
    await cache.pipeline([
      ['INCR', 'a'],
      ['PEXPIRE', 'a', 1000, 'NX'],
      ['GET', 'b'],
    ])
    expect(server.seen).toHaveLength(1)
    expect(Object.keys(server.seen[0]!.headers).join()).not.toContain('telemetry')
  })

  it('finds its subscription again after the server was restarted', async () => {
    const first = await start()
    const cache = createCache({ url: first.url, token, timeoutMs: 1000 })
    const heard: string[] = []
    const stop = new AbortController()
    closing.push(() => stop.abort())
    cache.subscribe('news', (message) => heard.push(message), stop.signal)
    await expect.poll(() => publish(cache, 'before')).toBe(1)
    await expect.poll(() => heard).toContain('before')
    await first.stop()
    const second = await start(first.port)
    closing.push(second.stop)
    await expect.poll(() => publish(cache, 'after'), { timeout: 5000 }).toBe(1)
    await expect.poll(() => heard).toContain('after')
    stop.abort()
    await expect.poll(() => publish(cache, 'end')).toBe(0)
  })

  async function publish(cache: ReturnType<typeof createCache>, text: string) {
    return cache.pipeline([['PUBLISH', 'news', text]]).then(
      (answers) => answers[0],
      () => 'failed',
    )
  }

  it('listens to nothing when its signal is aborted beforehand', async () => {
    const server = await standIn((_request, response) => response.end())
    const stopped = AbortSignal.abort()
    createCache({ url: server.url, token, timeoutMs: 1000 }).subscribe(
      'c',
      () => undefined,
      stopped,
    )
    const memory = createMemoryCache({ runtime: systemRuntime })
    memory.subscribe('c', () => undefined, stopped)
    expect(await memory.pipeline([['PUBLISH', 'c', 'x']])).toEqual([0])
    expect(server.seen).toEqual([])
  })
})
