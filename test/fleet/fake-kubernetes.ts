// As much of a cluster's API as allocates, lists and deletes game servers, with the faults of a network
// and of an overloaded allocator. Requests are checked by Agones' schema where AGONES_SCHEMAS names it.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { bootLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { readSchemas, schemasFolder } from '../agones/schemas.ts'
import type { SelfSigned } from './self-signed.ts'

/**
 * The fault of one allocation. `late`: it happens after `ms`, when the caller waits no more. `lost`: it
 * happens at once and is never answered. `never`: it neither happens nor is answered. `refused`: a 403.
 * `failed`: a 500, but it has happened. `contention`: no host is taken, and the answer says so.
 */
export type Fate =
  | { kind: 'good' | 'lost' | 'never' | 'refused' | 'failed' | 'contention' }
  | { kind: 'late'; ms: number }

type Server = {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string }
  status: { state: string; address: string; ports: { name: string; port: number }[] }
}
type Selector = {
  matchLabels: Record<string, string>
  matchExpressions: { key: string; operator: string }[]
  gameServerState: string
}
type AllocationRequest = {
  spec: { selectors: Selector[]; metadata: { labels: Record<string, string> } }
}

export const token = 'a-token-of-the-pod'
const namespace = 'waystone-zones'
const schemas = schemasFolder === undefined ? undefined : readSchemas(schemasFolder)

type Options = {
  /** Behind TLS with this certificate. */
  tls?: SelfSigned
  /** Whether a bearer token is let in; default: the one above. */
  admits?: (token: string) => boolean
}

export async function startFakeKubernetes(
  hosts: { zone: string; boot?: string }[],
  { tls, admits = (given) => given === token }: Options = {},
) {
  const servers = new Map<string, Server>()
  const fates: Fate[] = []
  const problems: string[] = []
  const tokens: string[] = []
  let allocations = 0
  let pageSize = Number.POSITIVE_INFINITY
  hosts.forEach(({ zone, boot }, index) => {
    const name = `${zone}-${String(index).padStart(5, '0')}`
    const labels = { 'agones.dev/fleet': zone, [zoneLabel]: zone }
    servers.set(name, {
      metadata: { name, labels: boot === undefined ? labels : { ...labels, [bootLabel]: boot } },
      status: {
        state: 'Ready',
        address: `10.0.0.${index + 1}`,
        ports: [{ name: 'zone', port: 7000 + index }],
      },
    })
  })

  function allocate({ spec }: AllocationRequest): Server | undefined {
    const [selector] = spec.selectors
    const found = [...servers.values()].find(
      ({ metadata, status }) =>
        status.state === selector!.gameServerState &&
        metadata.deletionTimestamp === undefined &&
        Object.entries(selector!.matchLabels).every(
          ([key, value]) => metadata.labels[key] === value,
        ) &&
        selector!.matchExpressions.every(({ key }) => metadata.labels[key] !== undefined),
    )
    if (found === undefined) return undefined
    allocations += 1
    found.status.state = 'Allocated'
    Object.assign(found.metadata.labels, spec.metadata.labels)
    return found
  }

  async function answerAllocation(body: AllocationRequest, response: ServerResponse) {
    problems.push(...(schemas?.check(body) ?? []))
    const fate = fates.shift() ?? { kind: 'good' }
    const say = (state: string, server?: Server) =>
      json(response, 201, {
        status: { state, gameServerName: server?.metadata.name, ...server?.status },
      })
    switch (fate.kind) {
      case 'good': {
        const server = allocate(body)
        return say(server === undefined ? 'UnAllocated' : 'Allocated', server)
      }
      case 'contention':
        return say('Contention')
      case 'refused':
        return json(response, 403, { kind: 'Status', reason: 'Forbidden' })
      case 'failed':
        allocate(body)
        return json(response, 500, { kind: 'Status' })
      case 'never':
        return undefined
      case 'lost':
        allocate(body)
        return undefined
      case 'late': {
        await runtime.sleep(fate.ms)
        const server = allocate(body)
        return say(server === undefined ? 'UnAllocated' : 'Allocated', server)
      }
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [scheme, given = ''] = (request.headers.authorization ?? '').split(' ')
    tokens.push(given)
    if (scheme !== 'Bearer' || !admits(given)) return json(response, 401, {})
    const prefix = `/apis/agones.dev/v1/namespaces/${namespace}/gameservers`
    if (
      url.pathname ===
      `/apis/allocation.agones.dev/v1/namespaces/${namespace}/gameserverallocations`
    ) {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as AllocationRequest
      return await answerAllocation(body, response)
    }
    if (url.pathname === prefix) {
      const [key, value] = (url.searchParams.get('labelSelector') ?? '').split('=')
      const from = Number(url.searchParams.get('continue') ?? 0)
      const size = Math.min(pageSize, Number(url.searchParams.get('limit')))
      const all = [...servers.values()].filter(({ metadata: { labels } }) =>
        value === undefined ? labels[key!] !== undefined : labels[key!] === value,
      )
      const next = from + size < all.length ? String(from + size) : ''
      return json(response, 200, {
        metadata: { continue: next },
        items: all.slice(from, from + size),
      })
    }
    const server = servers.get(url.pathname.slice(prefix.length + 1))
    if (server === undefined) return json(response, 404, { kind: 'Status', reason: 'NotFound' })
    if (request.method === 'DELETE') {
      server.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    }
    return json(response, 200, server)
  }

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: unknown) => {
      problems.push(String(error))
      response.destroy()
    })
  }
  const http = tls === undefined ? createServer(answer) : createSecureServer(tls, answer)
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(http.address() as AddressInfo).port}`,
    namespace,
    servers,
    /** The faults of the next allocations, in order. All later ones are good. */
    fates,
    /** The faults of requests that came. */
    problems,
    /** Bearer tokens as they came. */
    tokens,
    allocations: () => allocations,
    pageBy: (size: number) => (pageSize = size),
    stop: () => {
      http.close()
      http.closeAllConnections()
    },
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
