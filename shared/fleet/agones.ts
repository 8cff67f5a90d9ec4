// The fleet on Agones, asked through the Kubernetes API: hosts are allocated, listed and drained there.
// (The allocator service of Agones can only allocate.)
//
// An allocation is not idempotent: the same request sent twice takes two hosts, and a request whose answer
// was lost may have taken a host. So each request has a row in the store. The process that writes the row
// asks the fleet. All others read the host from the row, or wait for that process. The host carries a hash of
// the request as a label: a lost answer is found by it. No process asks a second time before `askAgainMs`
// have passed: by then a first allocation has been answered or dropped.
//
// An allocation may still happen later than that. Then two hosts carry the label, and the row names one of
// them. The other one is open, and placement uses it like any host with room. The world has no fault, only
// one host more.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Runtime } from '../runtime.ts'
import { newId } from '../runtime.ts'
import { expiresAt, live, StoreError } from '../store/store.ts'
import type { Key, Put, Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import { bootLabel, FleetError, zoneLabel } from './fleet.ts'
import type { Allocation, Fleet, FleetHost } from './fleet.ts'
import { callKubernetes } from './kubernetes.ts'
import type { KubernetesOptions } from './kubernetes.ts'

export type AgonesFleetOptions = KubernetesOptions & {
  /** The namespace of the game servers. */
  namespace: string
  store: Store
  runtime: Pick<Runtime, 'now' | 'sleep' | 'randomBytes'>
  log: Log
  /** How long a request whose outcome is unknown is not asked again, ms. */
  askAgainMs?: number
  /** How long an allocation that another asked for is waited for, ms. */
  waitMs?: number
}

/** The label by which a host is found that was allocated for a request. */
export const requestLabel = 'waystone.dev/request'

/** The rows of requests outlive anything that could still be under way. */
const rowKeptMs = 24 * 60 * 60 * 1000
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
/** `ask`: the id of the attempt that asks the fleet for this request. `host`: the host that it got. */
type Row = { ask: string; askedAt: number; host: string | undefined }

export function createAgonesFleet(options: AgonesFleetOptions): Fleet {
  const { namespace, store, runtime, log } = options
  const askAgainMs = options.askAgainMs ?? 10_000
  const waitMs = options.waitMs ?? 2000
  const servers = `/apis/agones.dev/v1/namespaces/${namespace}/gameservers`
  const allocations = `/apis/allocation.agones.dev/v1/namespaces/${namespace}/gameserverallocations`
  const call = async (method: string, path: string, body?: object) => {
    try {
      return await callKubernetes(options, method, path, body)
    } catch (error) {
      log.warn('the cluster of the fleet failed', { error })
      throw error
    }
  }

  async function read(name: string): Promise<GameServer | undefined> {
    const answer = await call('GET', `${servers}/${name}`)
    return answer === undefined ? undefined : parse(gameServerSchema, answer)
  }

  async function list(selector: string): Promise<GameServer[]> {
    const found: GameServer[] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const query = new URLSearchParams({ labelSelector: selector, limit: String(pageSize) })
      if (next !== '') query.set('continue', next)
      const answer = await call('GET', `${servers}?${query}`)
      if (answer === undefined) throw new FleetError('Agones is not installed in this cluster')
      const page = parse(listSchema, answer)
      found.push(...page.items)
      next = page.metadata.continue || undefined
    }
    return found
  }

  /** The host that was allocated for a request whose answer was lost. */
  async function findLost(request: string): Promise<FleetHost | undefined> {
    const lost = (await list(`${requestLabel}=${request}`)).map(viewOf).filter(isUsable)
    // There are two after a very late allocation. All callers take the same one.
    return lost.sort((a, b) => (a.name < b.name ? -1 : 1))[0]
  }

  /** Asks the fleet for a host. Undefined: the fleet has none. Fails when the outcome is unclear. */
  async function ask(request: string, allocation: Allocation): Promise<FleetHost | undefined> {
    const answer = await call('POST', allocations, {
      apiVersion: 'allocation.agones.dev/v1',
      kind: 'GameServerAllocation',
      metadata: { namespace },
      spec: {
        selectors: [
          {
            matchLabels: allocation.labels,
            // Without its boot id a host cannot be found among the instances.
            matchExpressions: [{ key: bootLabel, operator: 'Exists' }],
            gameServerState: 'Ready',
          },
        ],
        scheduling: 'Packed',
        metadata: { labels: { [requestLabel]: request } },
      },
    })
    if (answer === undefined) throw new FleetError('Agones is not installed in this cluster')
    const { state, gameServerName } = parse(allocationSchema, answer).status
    if (state !== 'Allocated' || gameServerName === undefined) return undefined
    const server = await read(gameServerName).catch((cause: unknown) => {
      throw new FleetError(`${gameServerName} was allocated and not read`, { unclear: true, cause })
    })
    return server === undefined ? undefined : viewOf(server)
  }

  /** We are the one who asks: `row.ask` is ours. */
  async function askAndTell(
    row: Row,
    request: string,
    allocation: Allocation,
  ): Promise<FleetHost | undefined> {
    let host: FleetHost | undefined
    try {
      host = await ask(request, allocation)
    } catch (error) {
      if (!(error instanceof FleetError) || !error.unclear) await forget(store, request, row.ask)
      else host = await findLost(request).catch(() => undefined)
      if (host === undefined) throw error
    }
    if (host === undefined) {
      // None was to be had, and that is certain: the next one may ask at once.
      await forget(store, request, row.ask)
      return undefined
    }
    log.info('zone host allocated', { gameServer: host.name, request })
    return await settle(row, request, host)
  }

  /** Writes the host to the row. If another process wrote a host before, returns that one. */
  async function settle(row: Row, request: string, host: FleetHost): Promise<FleetHost> {
    const mine = await writeRow(store, request, { ...row, host: host.name }, row, runtime.now())
    if (mine) return host
    const name = (await readRow(store, request, runtime.now()))?.host
    const other = name === undefined ? undefined : await read(name)
    if (other === undefined || name === host.name) return host
    log.warn('two hosts for one request', { request, kept: name, surplus: host.name })
    return viewOf(other)
  }

  return {
    allocate: async (allocation) => {
      const request = hashOf(allocation.requestId)
      const timeoutAt = runtime.now() + waitMs
      for (;;) {
        const now = runtime.now()
        const row = await readRow(store, request, now)
        if (row?.host !== undefined) {
          const server = await read(row.host)
          const host = server === undefined ? undefined : viewOf(server)
          if (host !== undefined && isUsable(host)) return host
        } else if (row !== undefined) {
          const lost = await findLost(request)
          if (lost !== undefined) return await settle(row, request, lost)
          if (now - row.askedAt < askAgainMs) {
            if (now > timeoutAt) return undefined
            await runtime.sleep(200)
            continue
          }
        }
        const mine: Row = { ask: newId(runtime), askedAt: runtime.now(), host: undefined }
        if (await writeRow(store, request, mine, row, now)) {
          return await askAndTell(mine, request, allocation)
        }
      }
    },
    list: async () => (await list(zoneLabel)).map(viewOf),
    drain: async (name) => {
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

function isUsable(host: FleetHost): boolean {
  return host.state === 'allocated' && host.bootId !== undefined
}

/** 40 signs of 63 that a label may have: no two requests share it. */
function hashOf(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex').slice(0, 40)
}

function keyOf(request: string): Key {
  return { pk: `ALLOCATION#${request}`, sk: 'ROW' }
}

async function readRow(store: Store, request: string, now: number): Promise<Row | undefined> {
  const item = live(
    await store.get({ table: 'volatile', key: keyOf(request), consistent: true }),
    now,
  )
  if (item === undefined) return undefined
  return {
    ask: item['ask'] as string,
    askedAt: item['askedAt'] as number,
    host: item['host'] as string | undefined,
  }
}

/** Writes the row in place of the row that was read, unless another process has changed it since. */
async function writeRow(
  store: Store,
  request: string,
  row: Row,
  seen: Row | undefined,
  now: number,
): Promise<boolean> {
  const item = { ...keyOf(request), v: 1, ask: row.ask, askedAt: row.askedAt }
  try {
    await store.put({
      table: 'volatile',
      item: {
        ...item,
        ...(row.host === undefined ? {} : { host: row.host }),
        expires: expiresAt(now + rowKeptMs),
      },
      ...conditionOf(seen, now),
    })
    return true
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'condition' || error.kind === 'conflict') return false
    if (!error.unclear) throw error
    // The write may have happened. The row shows it.
    const there = await readRow(store, request, now)
    return there?.ask === row.ask && there.host === row.host
  }
}

function conditionOf(seen: Row | undefined, now: number): Pick<Put, 'condition' | 'values'> {
  if (seen === undefined) {
    // An expired row may still lie there.
    const condition = 'attribute_not_exists(pk) OR expires <= :now'
    return { condition, values: { ':now': Math.floor(now / 1000) } }
  }
  const { ask, host } = seen
  return host === undefined
    ? { condition: 'ask = :ask AND attribute_not_exists(host)', values: { ':ask': ask } }
    : { condition: 'ask = :ask AND host = :host', values: { ':ask': ask, ':host': host } }
}

/** Nothing came of the request. A row that stays only makes the next one wait. */
async function forget(store: Store, request: string, ask: string): Promise<void> {
  await store
    .delete({
      table: 'volatile',
      key: keyOf(request),
      condition: 'ask = :ask',
      values: { ':ask': ask },
    })
    .catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
}
