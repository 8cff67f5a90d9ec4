// As much of a cluster's API, and of Agones' allocator service, as allocates, lists and deletes game servers,
// with the faults of a network and of an overloaded allocator. Requests are checked by Agones' schema where
// AGONES_SCHEMAS names it. Behind sockets (startFakeKubernetes), or in the time of a test (createFakeCluster).
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { bootLabel, protocolLabel, requestLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Runtime } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
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

export type FakeServer = {
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
type ServiceRequest = {
  namespace: string
  gameServerSelectors: Selector[]
  metadata: { labels: Record<string, string> }
}
type Wanted = { selectors: Selector[]; labels: Record<string, string> }

export const token = 'a-token-of-the-pod'
const namespace = 'waystone-zones'
const schemas = schemasFolder === undefined ? undefined : readSchemas(schemasFolder)

type HostSpec = { zone: string; boot?: string }

type ClusterOptions = {
  /** Whether a bearer token is let in; default: the one above. */
  admits?: (token: string) => boolean
  /** Default: that of the machine. */
  runtime?: Pick<Runtime, 'sleep'>
  /** Called when a game server becomes Allocated. */
  onAllocated?: (server: FakeServer) => void
}

type Call = { method: string; path: string; authorization: string; body: string }

export function createFakeCluster(
  hosts: HostSpec[],
  {
    admits = (given) => given === token,
    runtime = systemRuntime,
    onAllocated,
  }: ClusterOptions = {},
) {
  const servers = new Map<string, FakeServer>()
  const fates: Fate[] = []
  const problems: string[] = []
  const tokens: string[] = []
  /** Those that were allocated for a request. A list by it is the most frequent call of a test. */
  const marked = new Map<string, FakeServer[]>()
  let allocations = 0
  let pageSize = Number.POSITIVE_INFINITY
  let weather = (): Fate => ({ kind: 'good' })
  let added = 0
  function add({ zone, boot }: HostSpec): FakeServer {
    const index = added++
    const name = `${zone}-${String(index).padStart(5, '0')}`
    const labels: Record<string, string> = { 'agones.dev/fleet': zone, [zoneLabel]: zone }
    // What a host says of itself once it serves.
    if (boot !== undefined) Object.assign(labels, { [bootLabel]: boot, [protocolLabel(2)]: '1' })
    const server = {
      metadata: { name, labels },
      status: {
        state: 'Ready',
        address: `10.0.0.${index + 1}`,
        ports: [{ name: 'zone', port: 7000 + index }],
      },
    }
    servers.set(name, server)
    return server
  }
  hosts.forEach(add)

  function allocate({ selectors, labels }: Wanted): FakeServer | undefined {
    const [selector] = selectors
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
    Object.assign(found.metadata.labels, labels)
    const request = labels[requestLabel]!
    marked.set(request, [...(marked.get(request) ?? []), found])
    onAllocated?.(found)
    return found
  }

  /** What becomes of one allocation; undefined: it is never answered. */
  async function meetFate(wanted: Wanted, say: Words): Promise<Answer | undefined> {
    const fate = fates.shift() ?? weather()
    switch (fate.kind) {
      case 'good':
        return say.allocated(allocate(wanted))
      case 'contention':
        return say.contention
      case 'refused':
        return { status: 403, body: { kind: 'Status', reason: 'Forbidden' } }
      case 'failed':
        allocate(wanted)
        return { status: 500, body: { kind: 'Status' } }
      case 'never':
        return undefined
      case 'lost':
        allocate(wanted)
        return undefined
      case 'late':
        await runtime.sleep(fate.ms)
        return say.allocated(allocate(wanted))
    }
  }

  async function answer({ method, path, authorization, body }: Call): Promise<Answer | undefined> {
    const url = new URL(path, 'http://localhost')
    if (url.pathname === '/gameserverallocation') {
      return await meetFate(wantedOfService(JSON.parse(body) as ServiceRequest), serviceWords)
    }
    const [scheme, given = ''] = authorization.split(' ')
    tokens.push(given)
    if (scheme !== 'Bearer' || !admits(given)) return { status: 401, body: {} }
    const prefix = `/apis/agones.dev/v1/namespaces/${namespace}/gameservers`
    if (url.pathname === allocationsPath) {
      const request = JSON.parse(body) as AllocationRequest
      problems.push(...(schemas?.check(request) ?? []))
      const { selectors, metadata } = request.spec
      return await meetFate({ selectors, labels: metadata.labels }, kubernetesWords)
    }
    if (url.pathname === prefix) {
      const [key, value] = (url.searchParams.get('labelSelector') ?? '').split('=')
      const from = Number(url.searchParams.get('continue') ?? 0)
      const size = Math.min(pageSize, Number(url.searchParams.get('limit')))
      const some = key === requestLabel ? (marked.get(value!) ?? []) : [...servers.values()]
      const all = some.filter(({ metadata: { name, labels } }) => {
        if (!servers.has(name)) return false
        return value === undefined ? labels[key!] !== undefined : labels[key!] === value
      })
      const next = from + size < all.length ? String(from + size) : ''
      const items = all.slice(from, from + size)
      return { status: 200, body: { metadata: { continue: next }, items } }
    }
    const server = servers.get(url.pathname.slice(prefix.length + 1))
    if (server === undefined) return { status: 404, body: { kind: 'Status', reason: 'NotFound' } }
    if (method === 'DELETE') server.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    return { status: 200, body: server }
  }

  return {
    namespace,
    servers,
    add,
    answer,
    /** The faults of the next allocations, in order. */
    fates,
    /** The faults of all later ones. They are good by default. */
    befall: (next: () => Fate) => void (weather = next),
    /** The faults of requests that came. */
    problems,
    /** Bearer tokens as they came. */
    tokens,
    allocations: () => allocations,
    pageBy: (size: number) => (pageSize = size),
  }
}

/** Behind sockets. */
export async function startFakeKubernetes(
  hosts: HostSpec[],
  { tls, ...options }: ClusterOptions & { tls?: SelfSigned & TlsOptions } = {},
) {
  const clients: string[] = []
  const cluster = createFakeCluster(hosts, options)
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = await cluster.answer({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      authorization: request.headers.authorization ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
    })
    if (answer === undefined) return
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
  }
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: unknown) => {
      cluster.problems.push(String(error))
      response.destroy()
    })
  }
  const http = tls === undefined ? createServer(answer) : createSecureServer(tls, answer)
  http.on('secureConnection', (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate()
    if (certificate !== undefined) clients.push(certificate.fingerprint256)
  })
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  return {
    ...cluster,
    /** The certificates of callers, as they came. */
    clients: () => clients,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(http.address() as AddressInfo).port}`,
    stop: () => {
      http.close()
      http.closeAllConnections()
    },
  }
}

type Answer = { status: number; body: unknown }
/** How an interface says what became of an allocation. */
type Words = { allocated: (server: FakeServer | undefined) => Answer; contention: Answer }

const allocationsPath = `/apis/allocation.agones.dev/v1/namespaces/${namespace}/gameserverallocations`

const kubernetesWords: Words = {
  allocated: (server) => ({
    status: 201,
    body: {
      status: {
        state: server?.status.state ?? 'UnAllocated',
        gameServerName: server?.metadata.name,
        address: server?.status.address,
        ports: server?.status.ports,
      },
    },
  }),
  contention: { status: 201, body: { status: { state: 'Contention' } } },
}

/** Agones' allocator service over REST: a status of gRPC in JSON, or what was allocated. */
const serviceWords: Words = {
  allocated: (server) =>
    server === undefined
      ? { status: 429, body: { code: 8, message: 'there is no available GameServer to allocate' } }
      : {
          status: 200,
          body: {
            gameServerName: server.metadata.name,
            address: server.status.address,
            ports: server.status.ports,
            nodeName: 'node-1',
            source: 'local',
            metadata: { labels: server.metadata.labels, annotations: {} },
          },
        },
  contention: { status: 409, body: { code: 10, message: 'too many concurrent requests' } },
}

function wantedOfService(request: ServiceRequest): Wanted {
  const selectors = request.gameServerSelectors.map((selector) => ({
    ...selector,
    gameServerState: selector.gameServerState === 'READY' ? 'Ready' : 'Allocated',
  }))
  return { selectors, labels: request.metadata.labels }
}
