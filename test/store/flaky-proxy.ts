// An HTTP server before a DynamoDB endpoint with planned answers, request by request.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * - `pass`: forwarded without a fault. `loseAnswer`: passed on, then the connection breaks.
 * - `loseRequest`: not passed on, the connection breaks. `hang`: never answered.
 * - a status with a body: answered instead.
 */
export type Behaviour =
  | 'pass'
  | 'loseAnswer'
  | 'loseRequest'
  | 'hang'
  | { status: number; body: string }

export type FlakyProxy = {
  endpoint: string
  /** The faults of the next requests; `pass` when it is empty. */
  script: Behaviour[]
  /** Operation and body of each request that came. */
  seen: { operation: string; body: string }[]
  close(): Promise<void>
}

export async function startFlakyProxy(target: string): Promise<FlakyProxy> {
  const script: Behaviour[] = []
  const seen: FlakyProxy['seen'] = []

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    seen.push({ operation: String(incoming.headers['x-amz-target']).split('.')[1]!, body })
    const behaviour = script.shift() ?? 'pass'
    if (behaviour === 'hang') return
    if (behaviour === 'loseRequest') {
      incoming.socket.destroy()
      return
    }
    if (typeof behaviour === 'object') {
      response.writeHead(behaviour.status, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(behaviour.body)
      return
    }
    const answer = await forward(target, incoming, body)
    if (behaviour === 'loseAnswer') {
      incoming.socket.destroy()
      return
    }
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }

  const server: Server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    script,
    seen,
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function forward(target: string, incoming: IncomingMessage, body: string) {
  return await new Promise<{ status: number; headers: Record<string, string>; body: Buffer }>(
    (resolve, reject) => {
      const options = { method: 'POST', headers: incoming.headers, agent: false }
      const outgoing = request(target, options, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const headers = { 'content-type': answer.headers['content-type'] ?? '' }
          resolve({ status: answer.statusCode!, headers, body: Buffer.concat(chunks) })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    },
  )
}
