// The functions behind a port, in a process that lives: here and in a container.
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { httpConnectionsMax, requestReadMs } from '#shared/limits.ts'
import { listenOn } from '#shared/net/listen.ts'
import type { Runtime } from '#shared/runtime.ts'
import { cutSlowReaders, oneAtATime } from './readers.ts'
import type { SocketServer } from './sockets.ts'

export type Listening = {
  port: number
  /**
   * Takes no new connection, lets what is under way be answered for `graceMs`, then ends the rest. With 0
   * all connections end at once.
   */
  stop(graceMs?: number): Promise<void>
}

/**
 * Fails with Node's own error when it cannot listen. `readMs`: how long an answer may wait to be read. `sockets`: held
 * on the same port.
 */
export async function listen(
  app: Pick<Hono, 'fetch'>,
  host: string,
  port: number,
  runtime: Pick<Runtime, 'sleep'>,
  { readMs, sockets }: { readMs?: number; sockets?: SocketServer | undefined } = {},
): Promise<Listening> {
  // Probes of HTTP/1.0 send no Host; it only has to be some name.
  const handle = getRequestListener(app.fetch, { hostname: 'localhost' })
  const server = createServer(
    {
      // A client that sends a byte a second would hold its connection for five minutes, Node's default.
      headersTimeout: requestReadMs,
      requestTimeout: requestReadMs,
      connectionsCheckingInterval: 1000,
    },
    oneAtATime((request, response) => {
      if (sockets?.manages(request, response) !== true) void handle(request, response)
    }),
  )
  if (sockets !== undefined) server.on('upgrade', sockets.upgrade)
  cutSlowReaders(server, runtime, readMs)
  const open = await listenOn(server, { host, port, connectionsMax: httpConnectionsMax })
  return {
    port: open.port,
    stop: async (graceMs = 0) => {
      const closed = open.close()
      await sockets?.close()
      // Else a client that asks and asks keeps its connection, and its last answer is cut.
      server.prependListener('request', (_request, response) => {
        response.setHeader('connection', 'close')
      })
      if (graceMs > 0) {
        const enough = new AbortController()
        // Connections that are kept open for a next request are idle as soon as they are answered.
        server.closeIdleConnections()
        const waited = runtime.sleep(graceMs, enough.signal).catch(() => {})
        await Promise.race([closed, waited])
        enough.abort()
      }
      server.closeAllConnections()
      await closed
    },
  }
}
