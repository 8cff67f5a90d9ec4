// The fleet on Agones. A host is allocated through the Kubernetes API or through Agones' allocator service,
// which can only allocate. Hosts are listed and drained through the Kubernetes API.
//
// An allocation is not idempotent: the same request sent twice takes two hosts, and a request whose answer
// was lost may have taken a host. So each request has a row in the store. The process that writes the row
// asks the fleet. All others read the host from the row, or wait for that process. The host carries a hash of
// the request as a label, by which it finds the row: it names itself there before it opens, so a lost answer
// is found. No process asks a second time before `askAgainMs` have passed: by then a first allocation has been
// answered or dropped.
//
// An allocation may still happen later than that. Then two hosts carry the label, and the row names one of
// them. The other one gives itself back without opening (allocation-row.ts).
import type { Runtime } from '../runtime.ts'
import { newId } from '../runtime.ts'
import { judgeLease, judgeSuspect, readLease } from '../ownership/lease.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { AgonesApi, Allocate } from './agones-api.ts'
import { forgetRequest, hashOf, nameHost, readRequest, writeRequest } from './allocation-row.ts'
import type { AllocationRequest } from './allocation-row.ts'
import { FleetError, requestLabel, zoneLabel } from './fleet.ts'
import type { Allocation, Fleet, FleetHost } from './fleet.ts'

export type AgonesFleetOptions = {
  /** The Kubernetes API. Without it the fleet allocates, and neither lists nor drains. */
  cluster: AgonesApi | undefined
  allocate: Allocate
  store: Store
  runtime: Pick<Runtime, 'now' | 'sleep' | 'randomBytes'>
  log: Log
  /** How long a request whose outcome is unknown is not asked again, ms. */
  askAgainMs?: number
  /** How long an allocation that another asked for is waited for, ms. */
  waitMs?: number
}

export function createAgonesFleet(options: AgonesFleetOptions): Fleet {
  const { cluster, store, runtime, log } = options
  const askAgainMs = options.askAgainMs ?? 10_000
  const waitMs = options.waitMs ?? 2000

  /** We are the one who asks: `row.ask` is ours. */
  async function askFleet(
    row: AllocationRequest,
    request: string,
    { labels }: Allocation,
  ): Promise<FleetHost | undefined> {
    let host: FleetHost | undefined
    try {
      host = await options.allocate(labels, { [requestLabel]: request })
    } catch (error) {
      if (!(error instanceof FleetError) || !error.unclear)
        await forgetRequest(store, request, row.ask)
      else host = await findLost(request).catch(() => undefined)
      if (host === undefined) throw error
    }
    // None was to be had, and that is certain: the next one may ask at once.
    if (host === undefined) await forgetRequest(store, request, row.ask)
    else log.info('zone host allocated', { gameServer: host.name, request })
    return host
  }

  /** The host that was allocated for a request whose answer was lost, unless it has named itself. */
  async function findLost(request: string): Promise<FleetHost | undefined> {
    const marked = (await cluster?.list(`${requestLabel}=${request}`)) ?? []
    // There are two after a very late allocation. All callers take the same one.
    return marked.filter(isUsable).sort((a, b) => (a.name < b.name ? -1 : 1))[0]
  }

  /** The host that the row names, while it lives. */
  async function findNamed(row: AllocationRequest, labels: Allocation['labels']) {
    const { host: name, boot: bootId, address = '', port = 0 } = row
    if (name === undefined) return undefined
    if (cluster !== undefined) {
      const host = await cluster.read(name)
      return host !== undefined && isUsable(host) ? host : undefined
    }
    // Nobody says how the game server is. Its process says so itself.
    if (bootId === undefined) return undefined
    const lease = await readLease(store, bootId)
    if (judgeLease(bootId, lease).dead || judgeSuspect(bootId, lease!).dead) return undefined
    return { name, bootId, address, port, state: 'allocated', labels } satisfies FleetHost
  }

  return {
    allocate: async (allocation) => {
      const request = hashOf(allocation.requestId)
      const timeoutAt = runtime.now() + waitMs
      for (;;) {
        const now = runtime.now()
        const row = await readRequest(store, request, now)
        if (row?.host !== undefined) {
          const host = await findNamed(row, allocation.labels)
          if (host !== undefined) return host
        } else if (row !== undefined) {
          const lost = await findLost(request)
          if (lost !== undefined) {
            if (await nameHost(store, request, row, lost, now)) return lost
            continue
          }
          if (now - row.askedAt < askAgainMs) {
            if (now > timeoutAt) return undefined
            await runtime.sleep(200)
            continue
          }
        }
        const mine: AllocationRequest = { ask: newId(runtime), askedAt: runtime.now() }
        if (!(await writeRequest(store, request, mine, row, now))) continue
        const host = await askFleet(mine, request, allocation)
        if (host === undefined) return undefined
        if (await nameHost(store, request, mine, host, runtime.now())) return host
        // The request has another host, or another process asks for one by now.
        log.warn('a host came late for its request', { request, gameServer: host.name })
      }
    },
    list: async () => await needed(cluster).list(zoneLabel),
    drain: async (name) => await needed(cluster).remove(name),
  }
}

function needed(cluster: AgonesApi | undefined): AgonesApi {
  if (cluster !== undefined) return cluster
  throw new FleetError(
    'the allocator service can only allocate: to list and drain hosts, name the Kubernetes API (WAYSTONE_AGONES_URL)',
  )
}

function isUsable(host: FleetHost): boolean {
  return host.state === 'allocated' && host.bootId !== undefined
}
