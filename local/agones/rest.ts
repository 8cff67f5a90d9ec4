// The REST half of the sidecar: the same calls as gRPC, as Agones' gateway maps them. Names are those of
// the protobuf fields (`object_meta`), 64-bit numbers are strings, and every field is there, empty or not.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { status } from '@grpc/grpc-js'
import type { SdkCalls } from './calls.ts'
import { SdkRefused } from './refused.ts'

type Body = Record<string, unknown>
/** The name in the path, query and body, as the caller gave them. */
type Request = { name: string; query: URLSearchParams; body: Body }
type Route = { method: string; path: RegExp; call: (request: Request) => object | void }

/** A body that no call needs: the SDK's are under a kilobyte. */
const bodyMaxBytes = 64 * 1024

const httpOf: Partial<Record<status, number>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.NOT_FOUND]: 404,
  [status.UNIMPLEMENTED]: 501,
}

/** Serves on 127.0.0.1, on a free port. */
export async function startRest(calls: SdkCalls): Promise<{ port: number; stop(): void }> {
  const routes = routesOf(calls)
  const server = createServer((request, response) => {
    serve(request, response, routes, calls).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Route[],
  calls: SdkCalls,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const answer = (code: number, body: unknown) => {
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const refuse = (code: status, message: string) =>
    answer(httpOf[code] ?? 500, { code, message, details: [] })

  // A page in a developer's browser may send requests here without permission. They always carry an Origin.
  if (request.headers.origin !== undefined) {
    response.writeHead(403).end()
    return
  }
  if (url.pathname === '/watch/gameserver' && request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' })
    const end = calls.watch((object) => {
      response.write(`${JSON.stringify({ result: gameServerJson(object) })}\n`)
    })
    response.on('close', end)
    return
  }
  const here = routes.filter((route) => route.path.test(url.pathname))
  if (here.length === 0) return refuse(status.NOT_FOUND, 'Not Found')
  const route = here.find(({ method }) => method === request.method)
  if (route === undefined) return refuse(status.UNIMPLEMENTED, 'Method Not Allowed')
  const source = await readText(request)
  // Agones checks this before its gateway: a ping must have a body, at least an empty object.
  if (url.pathname === '/health' && source === '') {
    response.writeHead(400).end()
    return
  }
  const body = parseObject(source)
  if (body === undefined) return refuse(status.INVALID_ARGUMENT, 'the body is no JSON object')
  const name = decodeURIComponent(route.path.exec(url.pathname)?.[1] ?? '')
  try {
    answer(200, route.call({ name, query: url.searchParams, body }) ?? {})
  } catch (error) {
    if (error instanceof SdkRefused) refuse(error.code, error.message)
    else refuse(status.INTERNAL, 'internal error')
  }
}

function routesOf(calls: SdkCalls): Route[] {
  const pair = ({ body }: Request) => ({ key: text(body['key']), value: text(body['value']) })
  const named = ({ name, body }: Request) => ({ name, value: text(body['value']) })
  return [
    { method: 'POST', path: /^\/ready$/, call: () => calls.ready() },
    { method: 'POST', path: /^\/allocate$/, call: () => calls.allocate() },
    { method: 'POST', path: /^\/shutdown$/, call: () => calls.shutdown() },
    { method: 'POST', path: /^\/health$/, call: () => calls.ping() },
    {
      method: 'POST',
      path: /^\/reserve$/,
      call: ({ body }) => calls.reserve({ seconds: whole(body['seconds']) ?? 0 }),
    },
    { method: 'GET', path: /^\/gameserver$/, call: () => gameServerJson(calls.getGameServer()) },
    {
      method: 'PUT',
      path: /^\/metadata\/label$/,
      call: (request) => calls.setLabel(pair(request)),
    },
    {
      method: 'PUT',
      path: /^\/metadata\/annotation$/,
      call: (request) => calls.setAnnotation(pair(request)),
    },
    {
      method: 'GET',
      path: /^\/v1beta1\/counters\/([^/:]+)$/,
      call: (request) => numbersAsText(calls.getCounter(request)),
    },
    {
      method: 'PATCH',
      path: /^\/v1beta1\/counters\/([^/:]+)$/,
      call: ({ name, body }) =>
        numbersAsText(
          calls.updateCounter({
            counterUpdateRequest: {
              name,
              count: wrapped(body['count']),
              capacity: wrapped(body['capacity']),
              countDiff: whole(body['countDiff']) ?? 0,
            },
          }),
        ),
    },
    {
      method: 'GET',
      path: /^\/v1beta1\/lists\/([^/:]+)$/,
      call: (request) => numbersAsText(calls.getList(request)),
    },
    {
      method: 'PATCH',
      path: /^\/v1beta1\/lists\/([^/:]+)$/,
      call: ({ name, body, query }) =>
        numbersAsText(
          calls.updateList({
            list: { name, capacity: whole(body['capacity']) ?? 0, values: texts(body['values']) },
            // Without a mask the gateway takes the fields that the body has.
            updateMask: { paths: maskOf(query) ?? Object.keys(body) },
          }),
        ),
    },
    {
      method: 'POST',
      path: /^\/v1beta1\/lists\/([^/:]+):addValue$/,
      call: (request) => numbersAsText(calls.addListValue(named(request))),
    },
    {
      method: 'POST',
      path: /^\/v1beta1\/lists\/([^/:]+):removeValue$/,
      call: (request) => numbersAsText(calls.removeListValue(named(request))),
    },
  ]
}

function maskOf(query: URLSearchParams): string[] | undefined {
  const paths = [...query.getAll('updateMask'), ...query.getAll('update_mask')]
  paths.push(...query.getAll('updateMask.paths'), ...query.getAll('update_mask.paths'))
  return paths.length > 0 ? paths.flatMap((path) => path.split(',')) : undefined
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > bodyMaxBytes) throw new Error('the body is too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** An empty body is an empty object. Undefined when the body is no object. */
function parseObject(source: string): Body | undefined {
  if (source === '') return {}
  try {
    const value: unknown = JSON.parse(source)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Body) : undefined
  } catch {
    return undefined
  }
}

function text(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new SdkRefused('not a text', 'argument')
  return value
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : []
}

/** 64-bit numbers come as numbers or as text. */
function whole(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw new SdkRefused('not a whole number', 'argument')
  }
  return number
}

function wrapped(value: unknown): { value: number } | null {
  const number = whole(value)
  return number === undefined ? null : { value: number }
}

/** A counter or a list: its numbers are all of 64 bits. */
function numbersAsText(value: object): Body {
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, typeof one === 'number' ? String(one) : one]),
  )
}

function gameServerJson({ objectMeta, spec, status: now }: ReturnType<SdkCalls['getGameServer']>) {
  const { health } = spec
  const counted = <Value extends object>(values: Record<string, Value>) =>
    Object.fromEntries(Object.entries(values).map(([name, one]) => [name, numbersAsText(one)]))
  return {
    object_meta: {
      name: objectMeta.name,
      namespace: objectMeta.namespace,
      uid: objectMeta.uid,
      resource_version: objectMeta.resourceVersion,
      generation: String(objectMeta.generation),
      creation_timestamp: String(objectMeta.creationTimestamp),
      deletion_timestamp: String(objectMeta.deletionTimestamp),
      annotations: objectMeta.annotations,
      labels: objectMeta.labels,
    },
    spec: {
      health: {
        disabled: health.disabled,
        period_seconds: health.periodSeconds,
        failure_threshold: health.failureThreshold,
        initial_delay_seconds: health.initialDelaySeconds,
      },
    },
    status: {
      state: now.state,
      address: now.address,
      addresses: now.addresses,
      ports: now.ports,
      // Player tracking, an alpha feature that is off.
      players: null,
      counters: counted(now.counters),
      lists: counted(now.lists),
    },
  }
}
