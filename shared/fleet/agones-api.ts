// What a fleet asks of Agones, through the Kubernetes API: game servers are read, listed, allocated, deleted.
// Each call is one request, or one a page. Answers are checked by their schema.
import * as z from 'zod'
import type { Log } from '../telemetry/log.ts'
import { bootLabel, FleetError } from './fleet.ts'
import type { FleetHost } from './fleet.ts'
import { callKubernetes } from './kubernetes.ts'
import type { KubernetesOptions } from './kubernetes.ts'

const pageSize = 500

const gameServerSchema = z.object({
  metadata: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  status: z
    .object({
      state: z.string().default(''),
      address: z.string().default(''),
      ports: z.array(z.object({ name: z.string(), port: z.number() })).nullish(),
    })
    .default({ state: '', address: '' }),
})
const listSchema = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  items: z.array(gameServerSchema),
})
const allocationSchema = z.object({
  status: z.object({
    state: z.enum(['Allocated', 'UnAllocated', 'Contention']),
    gameServerName: z.string().optional(),
  }),
})

type GameServer = z.infer<typeof gameServerSchema>

/**
 * Allocates a host with these labels, and puts those of `mark` on it. Undefined: the fleet has none.
 * Fails with `unclear` when a host may have been allocated.
 */
export type Allocate = (
  labels: Record<string, string>,
  mark: Record<string, string>,
) => Promise<FleetHost | undefined>

export type AgonesApi = {
  read(name: string): Promise<FleetHost | undefined>
  /** Those with the labels that `selector` names. */
  list(selector: string): Promise<FleetHost[]>
  allocate: Allocate
  /** Whether there was such a game server. */
  remove(name: string): Promise<boolean>
}

export type AgonesApiOptions = KubernetesOptions & {
  /** The namespace of the game servers. */
  namespace: string
  log: Log
}

export function createAgonesApi(options: AgonesApiOptions): AgonesApi {
  const { namespace, log } = options
  const servers = `/apis/agones.dev/v1/namespaces/${namespace}/gameservers`
  const allocations = `/apis/allocation.agones.dev/v1/namespaces/${namespace}/gameserverallocations`

  async function call(method: string, path: string, body?: object) {
    try {
      return await callKubernetes(options, method, path, body)
    } catch (error) {
      log.warn('the cluster of the fleet failed', { error })
      throw error
    }
  }

  /** For paths that are there wherever Agones is. */
  async function callAgones(method: string, path: string, body?: object) {
    const answer = await call(method, path, body)
    if (answer === undefined) throw new FleetError('Agones is not installed in this cluster')
    return answer
  }

  async function read(name: string): Promise<FleetHost | undefined> {
    const answer = await call('GET', `${servers}/${name}`)
    return answer === undefined ? undefined : viewOf(parse(gameServerSchema, answer))
  }

  return {
    read,
    async list(selector) {
      const found: FleetHost[] = []
      for (let next: string | undefined = ''; next !== undefined;) {
        const query = new URLSearchParams({ labelSelector: selector, limit: String(pageSize) })
        if (next !== '') query.set('continue', next)
        const page = parse(listSchema, await callAgones('GET', `${servers}?${query}`))
        found.push(...page.items.map(viewOf))
        next = page.metadata.continue || undefined
      }
      return found
    },
    async allocate(labels, mark) {
      const answer = await callAgones('POST', allocations, {
        apiVersion: 'allocation.agones.dev/v1',
        kind: 'GameServerAllocation',
        metadata: { namespace },
        spec: {
          selectors: [
            {
              matchLabels: labels,
              // Without its boot id a host cannot be found among the instances.
              matchExpressions: [{ key: bootLabel, operator: 'Exists' }],
              gameServerState: 'Ready',
            },
          ],
          scheduling: 'Packed',
          metadata: { labels: mark },
        },
      })
      const { state, gameServerName: name } = parse(allocationSchema, answer).status
      if (state !== 'Allocated' || name === undefined) return undefined
      return await read(name).catch((cause: unknown) => {
        throw new FleetError(`${name} was allocated and not read`, { unclear: true, cause })
      })
    },
    async remove(name) {
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return false
      return (await call('DELETE', `${servers}/${name}`)) !== undefined
    },
  }
}

function parse<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new FleetError(`Agones answered ${path.join('.')}: ${message}`, { unclear: true })
}

const states: Record<string, FleetHost['state']> = {
  Ready: 'ready',
  Allocated: 'allocated',
  Reserved: 'allocated',
  Shutdown: 'shutdown',
  Unhealthy: 'unhealthy',
  Error: 'unhealthy',
}

function viewOf({ metadata, status }: GameServer): FleetHost {
  const gone = metadata.deletionTimestamp !== undefined
  return {
    name: metadata.name,
    bootId: metadata.labels[bootLabel],
    address: status.address,
    port: status.ports?.[0]?.port ?? 0,
    state: gone ? 'shutdown' : (states[status.state] ?? 'starting'),
    labels: metadata.labels,
  }
}
