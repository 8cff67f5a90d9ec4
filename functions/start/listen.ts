// The functions behind a port, in a process that lives: here and in a container.
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { httpConnectionsMax, requestReadMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'

export type Listening = {
  port: number
  /**
   * Takes no new connection, lets what is under way be answered for `graceMs`, then ends the rest. With 0
   * all connections end at once.
   */
  stop(graceMs?: number): Promise<void>
}

/** Fails with Node's own error when it cannot listen. */
export async function listen(
  app: Pick<Hono, 'fetch'>,
  host: string,
  port: number,
  runtime: Pick<Runtime, 'sleep'>,
): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    // Whoever sends a byte a second would hold his connection for five minutes, Node's default.
    serverOptions: {
      headersTimeout: requestReadMs,
      requestTimeout: requestReadMs,
      connectionsCheckingInterval: 1000,
    },
  })
  server.maxConnections = httpConnectionsMax
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const endAll = () => {
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
  return {
    port: (server.address() as AddressInfo).port,
    stop: async (graceMs = 0) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      if (graceMs > 0) {
        const enough = new AbortController()
        // Connections that are kept open for a next request are idle as soon as they are answered.
        if ('closeIdleConnections' in server) server.closeIdleConnections()
        const waited = runtime.sleep(graceMs, enough.signal).catch(() => {})
        await Promise.race([closed, waited])
        enough.abort()
      }
      endAll()
      await closed
    },
  }
}
