// The suite of the HTTP front of Redis, with the embedded engine or a real Redis behind it.
import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheRequestMaxBytes } from '#shared/limits.ts'
import { systemRuntime } from '#shared/system.ts'
import { startRedis, type RedisServer } from '#local/redis/server.ts'

const token = 'token-of-this-test'

export type BehindFront = { options: { redisUrl?: string }; close(): Promise<void> }

/** `open` gives an empty Redis. */
export function redisFront(name: string, open: () => Promise<BehindFront>): void {
  describe(name, () => {
    let server: RedisServer
    let behind: BehindFront
    const start = (port: number) =>
      startRedis({ host: '127.0.0.1', port, token, runtime: systemRuntime, ...behind.options })
    beforeAll(async () => {
      behind = await open()
      server = await start(0)
      await server.ready
    })
    afterAll(async () => {
      await server.stop()
      await behind.close()
    })

    type Sent = { method?: string; body?: string; headers?: Record<string, string> }

    /** Sends a request with the token. Returns status and parsed body. */
    async function send(path: string, { method = 'POST', body, headers }: Sent = {}) {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body }),
      })
      return { status: response.status, body: (await response.json()) as unknown }
    }

    const command = (...words: unknown[]) => send('/', { body: JSON.stringify(words) })

    it.each([
      ['POST', '/'],
      ['POST', '/pipeline'],
      ['POST', '/multi-exec'],
      ['POST', '/subscribe/news'],
      ['GET', '/subscribe/news'],
      ['GET', '/get/secret'],
      ['POST', '/set/secret'],
      ['GET', '/nowhere'],
      ['DELETE', '/'],
      ['GET', '/%'],
    ])('refuses %s %s without the right token, whatever it holds', async (method, path) => {
      const wrong = [
        '',
        'Bearer',
        'Bearer ',
        `Bearer ${token}x`,
        `bearer ${token}`,
        `Basic ${token}`,
      ]
      for (const authorization of wrong) {
        const response = await fetch(`${server.url}${path}?_token=${token}`, {
          method,
          headers: authorization === '' ? {} : { authorization },
          ...(method === 'POST' ? { body: '["SET","stolen","1"]' } : {}),
        })
        expect(response.status).toBe(401)
        expect(await response.json()).toEqual({ error: 'Unauthorized' })
      }
      expect((await command('GET', 'stolen')).body).toEqual({ result: null })
    })

    it('runs one command from a JSON array, numbers and booleans included', async () => {
      expect(await command('SET', 'n', 5, 'PX', 60_000)).toEqual({
        status: 200,
        body: { result: 'OK' },
      })
      expect((await command('incr', 'n')).body).toEqual({ result: 6 })
      await command('SET', 'b', true)
      expect((await command('GET', 'b')).body).toEqual({ result: 'true' })
    })

    it('answers a command error with 400 and the text of Redis', async () => {
      expect(await command('GET')).toEqual({
        status: 400,
        body: { error: "ERR wrong number of arguments for 'get' command" },
      })
    })

    it('runs a command from the path, with body and query parameters behind it', async () => {
      expect((await send('/set/path%20key/value', { method: 'GET' })).body).toEqual({
        result: 'OK',
      })
      expect((await send('/get/path%20key', { method: 'GET' })).body).toEqual({ result: 'value' })
      expect((await send('/set/path?PX=60000', { body: 'from body' })).body).toEqual({
        result: 'OK',
      })
      expect((await send('/get/path')).body).toEqual({ result: 'from body' })
      expect((await send('/get/%', { method: 'GET' })).status).toBe(400)
      expect((await send('/fly', { method: 'GET' })).status).toBe(400)
    })

    it('runs all commands of a pipeline, each with its own outcome', async () => {
      const body = JSON.stringify([['SET', 'p', 'x'], ['INCR', 'p'], ['FLY'], ['GET', 'p']])
      expect(await send('/pipeline', { body })).toEqual({
        status: 200,
        body: [
          { result: 'OK' },
          { error: 'ERR value is not an integer or out of range' },
          { error: "ERR unknown command 'FLY', with args beginning with: " },
          { result: 'x' },
        ],
      })
    })

    it('discards a transaction with a command that cannot be queued, and runs any other', async () => {
      const refused = JSON.stringify([['SET', 't', 'x'], ['GET']])
      expect(await send('/multi-exec', { body: refused })).toEqual({
        status: 400,
        body: { error: 'EXECABORT Transaction discarded because of previous errors.' },
      })
      expect((await command('GET', 't')).body).toEqual({ result: null })
      const run = JSON.stringify([
        ['SET', 't', 'x'],
        ['INCR', 't'],
        ['GET', 't'],
      ])
      expect((await send('/multi-exec', { body: run })).body).toEqual([
        { result: 'OK' },
        { error: 'ERR value is not an integer or out of range' },
        { result: 'x' },
      ])
    })

    it('takes a field without a value into a transaction, and fails when it runs', async () => {
      const body = JSON.stringify([
        ['HSET', 'odd', 'f', 'v', 'g'],
        ['HMGET', 'odd', 'f'],
      ])
      const refused = { error: "ERR wrong number of arguments for 'hset' command" }
      expect((await send('/multi-exec', { body })).body).toEqual([refused, { result: [null] }])
    })

    it('encodes texts in base64 when asked, but neither OK, numbers nor errors', async () => {
      const body = JSON.stringify([
        ['SET', 'e', 'Ünï'],
        ['GET', 'e'],
        ['GET', 'absent'],
        ['DEL', 'e'],
        ['GET'],
        ['HSET', 'e', 'f', 'OK', 'g', 'x'],
        ['HMGET', 'e', 'f', 'none', 'g'],
        ['DEL', 'e'],
      ])
      const headers = { 'upstash-encoding': 'base64' }
      expect((await send('/pipeline', { body, headers })).body).toEqual([
        { result: 'OK' },
        { result: Buffer.from('Ünï').toString('base64') },
        { result: null },
        { result: 1 },
        { error: "ERR wrong number of arguments for 'get' command" },
        { result: 2 },
        { result: [btoa('OK'), null, btoa('x')] },
        { result: 1 },
      ])
      await command('SET', 'e', 'plain')
      expect((await send('/get/e', { headers })).body).toEqual({ result: btoa('plain') })
    })

    it.each([
      ['/', ''],
      ['/', '{'],
      ['/', '{"a":1}'],
      ['/', '[]'],
      ['/', '["GET",null]'],
      ['/', '["GET",["a"]]'],
      ['/', '"GET"'],
      ['/pipeline', '['],
      ['/pipeline', '[]'],
      ['/pipeline', '["GET","a"]'],
      ['/pipeline', '[["GET","a"],[]]'],
      ['/multi-exec', '{}'],
    ])('refuses a malformed body on %s with 400: %s', async (path, body) => {
      const answer = await send(path, { body })
      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({ error: expect.stringMatching(/^ERR /) as string })
    })

    it('refuses other methods with 405 and large bodies with 413, and lives on', async () => {
      expect((await send('/', { method: 'PUT', body: '[]' })).status).toBe(405)
      const large = JSON.stringify(['SET', 'k', 'x'.repeat(cacheRequestMaxBytes)])
      // The server may cut the connection while the rest is still being sent.
      const status = await send('/', { body: large }).then(
        (answer) => answer.status,
        () => 413,
      )
      expect(status).toBe(413)
      expect((await command('GET', 'k')).body).toEqual({ result: null })
    })

    it.each(['POST', 'GET'])(
      'streams messages of several channels as events (%s)',
      async (method) => {
        const ended = new AbortController()
        const response = await fetch(`${server.url}/subscribe/a/b%2Cc`, {
          method,
          headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
          signal: ended.signal,
        })
        expect(response.headers.get('content-type')).toBe('text/event-stream')
        expect((await command('PUBLISH', 'a', 'one\ntwo')).body).toEqual({ result: 1 })
        await command('PUBLISH', 'b,c', 'three')
        let text = ''
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          text += chunk
          if (text.includes('three')) break
        }
        expect(text).toBe(
          'data: subscribe,a,1\n\ndata: subscribe,b,c,2\n\n' +
            'data: message,a,one\ndata: two\n\ndata: message,b,c,three\n\n',
        )
        ended.abort()
        await expect
          .poll(async () => (await command('PUBLISH', 'a', 'x')).body)
          .toEqual({ result: 0 })
      },
    )

    it('refuses a subscription to nothing', async () => {
      expect((await send('/subscribe', { method: 'GET' })).status).toBe(400)
      expect((await send('/subscribe/', { method: 'GET' })).status).toBe(400)
    })

    it('serves the real client: commands, pipeline, transaction, automatic pipelining', async () => {
      const redis = new Redis({ url: server.url, token, enableTelemetry: false })
      expect(await redis.set('real', { deep: ['ü', 1] }, { px: 60_000 })).toBe('OK')
      expect(await redis.get('real')).toEqual({ deep: ['ü', 1] })
      expect(await redis.set('real', 'x', { nx: true })).toBeNull()
      expect(await redis.del('real', 'absent')).toBe(1)
      expect(await redis.pipeline().set('r', 'v').get('r').exec()).toEqual(['OK', 'v'])
      expect(await redis.hset('h', { a: 'OK', b: [1] })).toBe(2)
      expect(await redis.hmget('h', 'a', 'none', 'b')).toEqual({ a: 'OK', none: null, b: [1] })
      expect(await redis.mget('r', 'none', 'h')).toEqual(['v', null, null])
      expect(await redis.hdel('h', 'a', 'b')).toBe(2)
      expect(await redis.multi().incr('m').pexpire('m', 1000, 'NX').get('m').exec()).toEqual([
        1, 1, 1,
      ])
      await expect(redis.incr('r')).rejects.toThrow(/not an integer/)
      const both = await Promise.all([redis.incr('auto'), redis.incr('auto')])
      expect(both.toSorted()).toEqual([1, 2])
    })

    it('serves the subscriber of the real client', async () => {
      const redis = new Redis({ url: server.url, token, enableTelemetry: false })
      const subscriber = redis.subscribe<{ n: number }>('real-news')
      const heard: unknown[] = []
      const opened = new Promise<void>((resolve) => subscriber.on('subscribe', () => resolve()))
      subscriber.on('message', ({ channel, message }) => heard.push([channel, message]))
      await opened
      expect(await redis.publish('real-news', { n: 1 })).toBe(1)
      await expect.poll(() => heard).toEqual([['real-news', { n: 1 }]])
      await subscriber.unsubscribe()
    })

    it('fails to start on a port in use, and says so', async () => {
      const again = start(server.port)
      await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' })
    })

    it('ends open streams at once when it stops, and frees its port', async () => {
      const other = await start(0)
      const response = await fetch(`${other.url}/subscribe/x`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const read = response.text().catch(() => 'cut off')
      await other.stop()
      await read
      const next = await start(other.port)
      await next.stop()
    })
  })
}
