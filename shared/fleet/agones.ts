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
import type { Runtime } from '../runtime.ts'
import { newId } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import { createAgonesApi } from './agones-api.ts'
import type { AgonesApi } from './agones-api.ts'
import { forgetRequest, readRequest, writeRequest } from './allocation-row.ts'
import type { AllocationRequest } from './allocation-row.ts'
import { FleetError, zoneLabel } from './fleet.ts'
import type { Allocation, Fleet, FleetHost } from './fleet.ts'
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

export function createAgonesFleet(options: AgonesFleetOptions): Fleet {
  const { store, runtime, log } = options
  const askAgainMs = options.askAgainMs ?? 10_000
  const waitMs = options.waitMs ?? 2000
  const agones = createAgonesApi(options)

  /** We are the one who asks: `row.ask` is ours. */
  async function askFleet(
    row: AllocationRequest,
    request: string,
    allocation: Allocation,
  ): Promise<FleetHost | undefined> {
    let host: FleetHost | undefined
    try {
      host = await agones.allocate(allocation.labels, { [requestLabel]: request })
    } catch (error) {
      if (!(error instanceof FleetError) || !error.unclear)
        await forgetRequest(store, request, row.ask)
      else host = await findLost(agones, request).catch(() => undefined)
      if (host === undefined) throw error
    }
    if (host === undefined) {
      // None was to be had, and that is certain: the next one may ask at once.
      await forgetRequest(store, request, row.ask)
      return undefined
    }
    log.info('zone host allocated', { gameServer: host.name, request })
    return await settle(row, request, host)
  }

  /** Writes the host to the row. If another process wrote a host before, returns that one. */
  async function settle(
    row: AllocationRequest,
    request: string,
    host: FleetHost,
  ): Promise<FleetHost> {
    const mine = await writeRequest(store, request, { ...row, host: host.name }, row, runtime.now())
    if (mine) return host
    const name = (await readRequest(store, request, runtime.now()))?.host
    const other = name === undefined ? undefined : await agones.read(name)
    if (other === undefined || name === host.name) return host
    log.warn('two hosts for one request', { request, kept: name, surplus: host.name })
    return other
  }

  return {
    allocate: async (allocation) => {
      const request = hashOf(allocation.requestId)
      const timeoutAt = runtime.now() + waitMs
      for (;;) {
        const now = runtime.now()
        const row = await readRequest(store, request, now)
        if (row?.host !== undefined) {
          const host = await agones.read(row.host)
          if (host !== undefined && isUsable(host)) return host
        } else if (row !== undefined) {
          const lost = await findLost(agones, request)
          if (lost !== undefined) return await settle(row, request, lost)
          if (now - row.askedAt < askAgainMs) {
            if (now > timeoutAt) return undefined
            await runtime.sleep(200)
            continue
          }
        }
        const mine: AllocationRequest = {
          ask: newId(runtime),
          askedAt: runtime.now(),
          host: undefined,
        }
        if (await writeRequest(store, request, mine, row, now)) {
          return await askFleet(mine, request, allocation)
        }
      }
    },
    list: async () => await agones.list(zoneLabel),
    drain: agones.remove,
  }
}

/** The host that was allocated for a request whose answer was lost. */
async function findLost(agones: AgonesApi, request: string): Promise<FleetHost | undefined> {
  const lost = (await agones.list(`${requestLabel}=${request}`)).filter(isUsable)
  // There are two after a very late allocation. All callers take the same one.
  return lost.sort((a, b) => (a.name < b.name ? -1 : 1))[0]
}

function isUsable(host: FleetHost): boolean {
  return host.state === 'allocated' && host.bootId !== undefined
}

/** 40 signs of 63 that a label may have: no two requests share it. */
function hashOf(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex').slice(0, 40)
}
