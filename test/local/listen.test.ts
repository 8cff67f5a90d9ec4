import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '#local/functions.ts'
import type { Listening } from '#local/functions.ts'
import { requestReadMs } from '#shared/limits.ts'
import { freePort } from '../e2e/waystone.ts'

const head = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

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
