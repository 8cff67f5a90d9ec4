import { createServer } from 'node:net'

/**
 * A port of `host` on which no process listens now and that is not in `taken`. Between here and its use
 * another program may take it; the host then fails to start, and the fleet starts one on another.
 */
export async function freePort(host: string, taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < 20; tries++) {
    const port = await anyPort(host)
    if (!taken.has(port)) return port
  }
  throw new Error(`found no free port on ${host} in 20 tries`)
}

async function anyPort(host: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen({ host, port: 0, exclusive: true }, () => {
      const address = server.address()
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port)
        else reject(new Error('the server has no port'))
      })
    })
  })
}
