import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '#local/functions.ts'
import { listen as listenHere } from '#functions/start/listen.ts'
import type { Listening } from '#functions/start/listen.ts'
import { pipelinedMax, requestReadMs } from '#shared/limits.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { freePort } from '../e2e/waystone.ts'
import { until } from './until.ts'

const head = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

describe('a server that is stopped', () => {
  const slowApp = (began: () => void = () => {}) => {
    const app = new Hono()
    app.get('/slow/:ms', async (c) => {
      began()
      await runtime.sleep(Number(c.req.param('ms')))
      return c.text('done')
    })
    return app
  }

  it('answers what is under way, takes nothing new, and ends', async () => {
    const server = await listenHere(slowApp(), '127.0.0.1', 0, runtime)
    const url = `http://127.0.0.1:${server.port}`
    const slow = fetch(`${url}/slow/600`)
    await runtime.sleep(200)
    const stopped = server.stop(5000)
    await expect(fetch(`${url}/slow/0`)).rejects.toThrow()
    expect(await (await slow).text()).toBe('done')
    await stopped
  })

  it('ends connections on which requests never cease, without cutting an answer', async () => {
    let [begun, answered] = [0, 0]
    const server = await listenHere(
      slowApp(() => begun++),
      '127.0.0.1',
      0,
      runtime,
    )
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const url = `http://127.0.0.1:${server.port}/slow/20`
    const get = async () => {
      const asked = request(url, { agent }).end()
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      answer.resume()
      await once(answer, 'end')
      answered++
    }
    let failed: unknown
    const client = (async () => {
      for (;;) await get()
    })().catch((error: unknown) => (failed = error))
    await runtime.sleep(200)
    const began = performance.now()
    await server.stop(3000)
    expect(performance.now() - began).toBeLessThan(1000)
    await client
    // It met no listener, or a connection that ended before its request came. Whatever came was answered.
    expect(failed).toMatchObject({
      code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/) as string,
    })
    expect(answered).toBe(begun)
    agent.destroy()
  })

  it('ends what takes too long', async () => {
    const server = await listenHere(slowApp(), '127.0.0.1', 0, runtime)
    const slow = fetch(`http://127.0.0.1:${server.port}/slow/20000`).then((answer) => answer.text())
    slow.catch(() => {})
    await runtime.sleep(200)
    await server.stop(200)
    await expect(slow).rejects.toThrow()
  })
})

describe('a client that asks and does not read', () => {
  const answerBytes = 200_000
  async function serve(readMs: number) {
    let atOnce = 0
    let most = 0
    let answered = 0
    const app = new Hono()
    app.get('/big', async (c) => {
      most = Math.max(most, ++atOnce)
      await runtime.sleep(1)
      atOnce--
      answered++
      return c.text('x'.repeat(answerBytes))
    })
    const server = await listenHere(app, '127.0.0.1', await freePort(), runtime, { readMs })
    return { server, most: () => most, answered: () => answered }
  }
  const ask = 'GET /big HTTP/1.1\r\nHost: x\r\n\r\n'

  /** A socket that nobody reads learns only by its writes that the other end is gone. */
  async function cut(socket: Socket): Promise<void> {
    socket.on('error', () => {})
    await until(() => {
      socket.write('\r\n')
      return socket.destroyed
    })
  }

  it('is cut, and only a few of the answers it asked for are made', async () => {
    const { server, answered } = await serve(1000)
    const began = performance.now()
    const socket = connect(server.port, '127.0.0.1')
    socket.pause()
    socket.write(ask.repeat(200))
    await cut(socket)
    expect(performance.now() - began).toBeLessThan(5000)
    // As many as the kernel takes, and one that waits.
    expect(answered()).toBeLessThan(60)
    await server.stop()
  })

  it('is cut when it sends more requests ahead than may wait', async () => {
    const { server, answered } = await serve(60_000)
    const socket = connect(server.port, '127.0.0.1')
    socket.pause()
    socket.write(ask.repeat(pipelinedMax + 2))
    await cut(socket)
    expect(answered()).toBeLessThan(2)
    await server.stop()
  })

  it('is left alone while it reads, and requests sent ahead are answered one by one', async () => {
    const { server, most, answered } = await serve(300)
    const socket = connect(server.port, '127.0.0.1')
    socket.write(ask.repeat(50))
    let bytes = 0
    socket.on('data', (chunk) => (bytes += chunk.length))
    await until(() => bytes > 50 * answerBytes)
    await runtime.sleep(600)
    expect([answered(), most(), socket.destroyed]).toEqual([50, 1, false])
    socket.destroy()
    await server.stop()
  })
})

describe('the HTTP edge', () => {
  let server: Listening
  let port: number
  beforeAll(async () => {
    const app = new Hono()
    app.post('/echo', async (c) => c.text(await c.req.text().catch(() => '')))
    port = await freePort()
    server = await listen(app, '127.0.0.1', port)
  })
  afterAll(() => server.stop())

  /** Sends the bytes. Returns all that came until the server ended the connection. */
  function send(text: string): Promise<{ answer: string; ms: number }> {
    const from = performance.now()
    return new Promise((resolve, reject) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
      socket.once('error', reject)
      socket.once('close', () => resolve({ answer, ms: performance.now() - from }))
    })
  }

  it('takes whole requests', async () => {
    const { answer } = await send(`${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\{\}$/)
  })

  it.concurrent.each([
    ['headers', `${head}X-`],
    ['a body', `${head}Content-Length: 100\r\n\r\n{`],
  ])(
    'ends a connection whose request stops in the midst of %s',
    async (_, text) => {
      const { ms } = await send(text)
      expect(ms).toBeGreaterThan(requestReadMs - 500)
    },
    20_000,
  )
})
