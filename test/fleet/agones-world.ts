// The fleet on a stand-in of a cluster, in virtual time. Its hosts do what a zone host does once it is
// allocated: they claim their request, and give themselves back when another host has it.
import { createAgonesApi } from '#shared/fleet/agones-api.ts'
import type { Allocate } from '#shared/fleet/agones-api.ts'
import { createAgonesFleet } from '#shared/fleet/agones.ts'
import { claimRequest } from '#shared/fleet/allocation-row.ts'
import { bootLabel, requestLabel } from '#shared/fleet/fleet.ts'
import type { SendHttp } from '#shared/fleet/http.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import { seededFaults } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { StoreError } from '#shared/store/store.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import type { FleetWorld } from '../conformance/fleet.ts'
import { createFakeCluster, token } from './fake-kubernetes.ts'
import type { FakeServer } from './fake-kubernetes.ts'
import { createVirtualTime } from './virtual-time.ts'

type How = {
  seed: number
  /** Whether the Kubernetes API is named. */
  cluster: boolean
  /** The allocator service, where it is used. */
  allocator?: (send: SendHttp, timeoutMs: number) => Allocate
}

const timeoutMs = 2000

export async function createAgonesWorld(hosts: number, how: How): Promise<FleetWorld> {
  const time = createVirtualTime(how.seed)
  const { runtime, random } = time
  const chances = {
    conflict: 0.01,
    throttle: 0.01,
    loseAnswer: 0.01,
    loseRequest: 0.01,
    delay: 0.02,
  }
  const faults = seededFaults(how.seed, chances)
  const store = createMemoryStore({
    runtime,
    faults: (request) => (world.stormy ? faults(request) : undefined),
  })
  let boots = 0
  const cluster = createFakeCluster([], { runtime, onAllocated: (server) => void open(server) })

  async function addHost(zone: string): Promise<void> {
    const bootId = `boot-${boots++}`
    cluster.add({ zone, boot: bootId })
    const more = { address: 'ws://x', protocol: 1, content: 'x', publicKey: 'x', instances: [] }
    await until(() => createLease(store, runtime.now(), { bootId, ...more }))
  }

  async function open({ metadata, status }: FakeServer): Promise<void> {
    const { name, labels } = metadata
    await runtime.sleep(100 + random() * 400)
    const port = status.ports[0]!.port
    const host = { name, bootId: labels[bootLabel], address: status.address, port }
    for (;;) {
      const claimed = claimRequest(store, labels[requestLabel]!, host, runtime.now())
      const outcome = await claimed.catch(() => undefined)
      if (outcome === 'surplus') await end(name).then(() => addHost('hub'))
      if (outcome !== undefined) return
      await runtime.sleep(250)
    }
  }

  async function end(name: string): Promise<void> {
    const server = cluster.servers.get(name)!
    cluster.servers.delete(name)
    const bootId = server.metadata.labels[bootLabel]!
    await until(() => endLease(store, bootId))
  }

  /** Repeats what the store does not take at once, as hosts do. */
  async function until(work: () => Promise<void>): Promise<void> {
    for (;;) {
      const failed = await work().catch((error: unknown) => error)
      if (failed === undefined || (failed instanceof StoreError && failed.kind === 'condition'))
        return
      await runtime.sleep(250)
    }
  }

  const send: SendHttp = async ({ method, url, headers, body = '', timeoutMs: patienceMs }) =>
    await new Promise((resolve, reject) => {
      const cancel = time.after(patienceMs, () => reject(new Error('timed out')))
      const exchange = async () => {
        await runtime.sleep(2 + random() * 20)
        const path = url.pathname + url.search
        const answer = await cluster.answer({
          method,
          path,
          authorization: headers['authorization'] ?? '',
          body,
        })
        await runtime.sleep(2 + random() * 20)
        if (answer === undefined) return
        cancel()
        resolve({ status: answer.status, text: JSON.stringify(answer.body) })
      }
      exchange().catch(reject)
    })

  const world: FleetWorld = {
    time,
    timeoutMs,
    weather: undefined,
    stormy: false,
    open() {
      const { namespace } = cluster
      const api = createAgonesApi({
        url: 'http://cluster',
        namespace,
        token: async () => token,
        send,
        log,
        callTimeoutMs: timeoutMs,
      })
      return createAgonesFleet({
        cluster: how.cluster ? api : undefined,
        allocate: how.allocator?.(send, timeoutMs) ?? api.allocate,
        store,
        runtime,
        log,
      })
    },
    taken: () =>
      [...cluster.servers.values()]
        .filter(
          ({ metadata, status }) =>
            status.state === 'Allocated' && metadata.deletionTimestamp === undefined,
        )
        .map(({ metadata }) => metadata.name),
    addHost: (zone) => void addHost(zone),
    end,
    close: async () => await Promise.resolve(),
  }
  cluster.befall(() => world.weather?.() ?? { kind: 'good' })
  await time.run(async () => {
    for (let i = 0; i < hosts; i++) await addHost('hub')
  })
  return world
}
