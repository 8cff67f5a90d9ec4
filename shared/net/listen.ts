// An HTTP server on its port.
//
// Node takes one new connection in each turn of its event loop, however many wait. In a crowd a turn lasts 10 to
// 20 ms, so 450 players wait for seconds before anything of theirs is read. Several listeners on one port
// (SO_REUSEPORT) take one each. Linux and Node 23 have that. Elsewhere there is one listener.
import type { Server as HttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, ListenOptions, Server } from 'node:net'

const listenersMax = 8

export type PortOptions = {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Connections at once. Those beyond are cut. */
  connectionsMax: number
}

export type OpenPort = {
  port: number
  /** Takes no new connection. Resolves when all have ended. */
  close(): Promise<void>
}

/** Listens. Rejects with Node's own error. */
export async function listenOn(server: HttpServer, options: PortOptions): Promise<OpenPort> {
  const { host, port, connectionsMax } = options
  bound(server, connectionsMax)
  if (port !== 0) {
    // Two programs that share a port would not notice each other. This one fails if another listens. It is a
    // listener of its own, because an HTTP server that closes tells so to all who end with it.
    const first = createServer()
    await listening(first, { host, port })
    await closed(first)
  }
  await listening(server, { host, port, reusePort: true }).catch(async () => {
    await listening(server, { host, port })
  })
  const address = server.address() as AddressInfo
  const all: Server[] = [server]
  while (all.length < listenersMax) {
    // As node:http sets its own listener.
    const other = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      server.emit('connection', socket)
    })
    const opened = listening(other, { host, port: address.port, reusePort: true })
    if (
      !(await opened.then(
        () => true,
        () => false,
      ))
    )
      break
    all.push(other)
  }
  return {
    port: address.port,
    async close() {
      await Promise.all(all.map(closed))
    },
  }
}

/** Cuts connections beyond `most`, of all listeners together. */
function bound(server: HttpServer, most: number): void {
  let count = 0
  server.on('connection', (socket) => {
    count++
    socket.once('close', () => count--)
    if (count > most) socket.destroy()
  })
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}
