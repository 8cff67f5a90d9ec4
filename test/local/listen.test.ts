import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '#local/functions.ts'
import { listen as listenHere } from '#functions/start/listen.ts'
import type { Listening } from '#functions/start/listen.ts'
import { requestReadMs } from '#shared/limits.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { freePort } from '../e2e/waystone.ts'

const head = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

describe('a server that is told to stop', () => {
  const slowApp = () => {
    const app = new Hono()
    app.get('/slow/:ms', async (c) => {
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

  it('ends what takes too long', async () => {
    const server = await listenHere(slowApp(), '127.0.0.1', 0, runtime)
    const slow = fetch(`http://127.0.0.1:${server.port}/slow/20000`).then((answer) => answer.text())
    slow.catch(() => {})
    await runtime.sleep(200)
    await server.stop(200)
    await expect(slow).rejects.toThrow()
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

  /** Sends what is given and answers all that came until the server ended the connection. */
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
