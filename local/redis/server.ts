// Redis over HTTP as Upstash speaks it, in front of the small engine of shared/cache or of a real Redis.
// The token is checked on every path before anything is read.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authority } from '#shared/authority.ts'
import { RedisError } from '#shared/cache/arguments.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createEngine } from '#shared/cache/engine.ts'
import { cacheOn } from '#shared/cache/memory.ts'
import { cacheRequestMaxBytes } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import { Unreachable, type Backend } from './backend.ts'
import { openEvents, type EventStreams } from './events.ts'
import { BadRequest, readCommand, readCommands, type Words } from './request.ts'
import { embeddedBackend } from './embedded.ts'
import { encodeReply } from './reply.ts'

export type RedisOptions = {
  host: string
  /** 0 takes a free one. */
  port: number
  token: string
  runtime: Pick<Runtime, 'now'>
  /** A real Redis to stand in front of, as `redis://host:6379`; without it, the embedded engine. */
  redisUrl?: string
  /** Of the embedded engine. */
  maxBytes?: number
}

export type RedisServer = {
  url: string
  port: number
  /** The embedded engine, for this process: it needs no request to itself. Undefined on a real Redis. */
  cache: Cache | undefined
  /** Rejects with Unreachable when the Redis behind it is not there yet. */
  ready: Promise<void>
  stop(): Promise<void>
}

/** Starts the server; rejects when it cannot listen. `stop` ends open event streams at once. */
export async function startRedis({
  host,
  port,
  token,
  runtime,
  redisUrl,
  ...engineOptions
}: RedisOptions): Promise<RedisServer> {
  const engine = createEngine(runtime, engineOptions)
  const backend =
    redisUrl === undefined
      ? embeddedBackend(engine)
      : // It takes a quarter of a second to load, so it is loaded only when it is used.
        (await import('./remote.ts')).remoteBackend(redisUrl)
  const events = openEvents(backend)
  const isAllowed = createGate(token)

  const server = createServer((request, response) => {
    serve({ request, response, backend, events, isAllowed }).catch((error: unknown) => {
      if (response.destroyed) return
      const { status, text } = refusalOf(error)
      answer(response, status, { error: text })
    })
  })
  server.requestTimeout = 10_000
  server.maxConnections = 2048

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  }).catch((error: unknown) => {
    backend.close()
    throw error
  })
  const bound = (server.address() as AddressInfo).port

  return {
    url: `http://${authority(host, bound)}`,
    port: bound,
    cache: redisUrl === undefined ? cacheOn(engine) : undefined,
    ready: backend.ready,
    stop: () =>
      new Promise((resolve) => {
        events.close()
        backend.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Exchange = {
  request: IncomingMessage
  response: ServerResponse
  backend: Backend
  events: EventStreams
  isAllowed: (authorization: string | undefined) => boolean
}

function refusalOf(error: unknown): { status: number; text: string } {
  if (error instanceof BadRequest) return { status: error.status, text: error.message }
  if (error instanceof RedisError) return { status: 400, text: error.message }
  if (error instanceof Unreachable) return { status: 503, text: 'ERR Redis cannot be reached' }
  return { status: 500, text: 'ERR internal error' }
}

async function serve({ request, response, backend, events, isAllowed }: Exchange): Promise<void> {
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
    await events.open(words.slice(1), request, response)
    return
  }
  const body = request.method === 'POST' ? await readBody(request) : ''
  if (words[0] === 'pipeline') {
    answer(response, 200, encodeReply(await backend.run(readCommands(body)), encoding))
    return
  }
  if (words[0] === 'multi-exec') {
    const results = await backend.runTogether(readCommands(body))
    answer(response, Array.isArray(results) ? 200 : 400, encodeReply(results, encoding))
    return
  }
  // Either the body is the whole command, or the path is, with the body as its last argument
  // and query parameters behind it.
  const command =
    words.length === 0 ? readCommand(body) : [...words, ...(body === '' ? [] : [body]), ...query]
  const [result] = await backend.run([command])
  answer(response, 'error' in result! ? 400 : 200, encodeReply(result!, encoding))
}

/** Compares hashes of equal length, so that the time says nothing about the token. */
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
    // After a refusal before the body was read, the connection cannot be used again.
    ...(status === 401 || status === 405 || status === 413 ? { connection: 'close' } : {}),
  })
  response.end(text)
}
