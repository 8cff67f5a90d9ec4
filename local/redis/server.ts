// Redis over HTTP as Upstash speaks it, on the small engine of shared/cache: what `npm start` uses
// when no other Redis is named. The token is checked on every path before anything is read.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEngine, type Engine } from '#shared/cache/engine.ts'
import { cacheRequestMaxBytes } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import { openEvents, type EventStreams } from './events.ts'
import { BadRequest, readCommand, readCommands, type Words } from './request.ts'
import { encodeReply, runCommand, runPipeline, runTransaction } from './reply.ts'

export type RedisOptions = {
  host: string
  /** 0 takes a free one. */
  port: number
  token: string
  runtime: Pick<Runtime, 'now'>
}

export type RedisServer = { url: string; port: number; stop(): Promise<void> }

/** Starts the server; rejects when it cannot listen. `stop` ends open event streams at once. */
export async function startRedis({
  host,
  port,
  token,
  runtime,
}: RedisOptions): Promise<RedisServer> {
  const engine = createEngine(runtime)
  const events = openEvents(engine)
  const isAllowed = createGate(token)

  const server = createServer((request, response) => {
    serve({ request, response, engine, events, isAllowed }).catch((error: unknown) => {
      if (error instanceof BadRequest) answer(response, error.status, { error: error.message })
      else if (!response.destroyed) answer(response, 500, { error: 'ERR internal error' })
    })
  })
  server.requestTimeout = 10_000
  server.maxConnections = 2048

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    stop: () =>
      new Promise((resolve) => {
        events.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Exchange = {
  request: IncomingMessage
  response: ServerResponse
  engine: Engine
  events: EventStreams
  isAllowed: (authorization: string | undefined) => boolean
}

async function serve({ request, response, engine, events, isAllowed }: Exchange): Promise<void> {
  if (!isAllowed(request.headers.authorization)) {
    answer(response, 401, { error: 'Unauthorized' })
    return
  }
  if (request.method !== 'POST' && request.method !== 'GET') {
    answer(response, 405, { error: 'ERR method not allowed' })
    return
  }
  const { words, query } = readPath(request.url ?? '/')
  const encoding = request.headers['upstash-encoding'] === 'base64' ? 'base64' : 'plain'
  if (words[0] === 'subscribe') {
    events.open(words.slice(1), request, response)
    return
  }
  const body = request.method === 'POST' ? await readBody(request) : ''
  if (words[0] === 'pipeline' || words[0] === 'multi-exec') {
    const run = words[0] === 'pipeline' ? runPipeline : runTransaction
    const { status, results } = run(engine, readCommands(body))
    answer(response, status, encodeReply(results, encoding))
    return
  }
  // Either the body is the whole command, or the path is, with the body as its last argument
  // and query parameters behind it.
  const command =
    words.length === 0 ? readCommand(body) : [...words, ...(body === '' ? [] : [body]), ...query]
  const { status, result } = runCommand(engine, command)
  answer(response, status, encodeReply(result, encoding))
}

/** Compares hashes of equal length, so that the time tells nothing about the token. */
function createGate(token: string): (authorization: string | undefined) => boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  const expected = hash(`Bearer ${token}`)
  return (authorization) => timingSafeEqual(hash(authorization ?? ''), expected)
}

function readPath(target: string): { words: Words; query: Words } {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  try {
    return {
      words: path.slice(1) === '' ? [] : path.slice(1).split('/').map(decodeURIComponent),
      query: [...new URLSearchParams(query)].flat().filter((word) => word !== ''),
    }
  } catch {
    throw new BadRequest(400, 'ERR the path is not a valid URL')
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const tooLarge = () => new BadRequest(413, 'ERR max request size exceeded')
  if (Number(request.headers['content-length'] ?? 0) > cacheRequestMaxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > cacheRequestMaxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // What was refused before its body was read leaves a connection that cannot be used again.
    ...(status === 401 || status === 405 || status === 413 ? { connection: 'close' } : {}),
  })
  response.end(text)
}
