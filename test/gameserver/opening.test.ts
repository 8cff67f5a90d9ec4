// A host that was allocated opens, unless its request has another host.
import { expect, it } from 'vitest'
import { claimRequest, forgetRequest, readRequest } from '#shared/fleet/allocation-row.ts'
import { requestLabel } from '#shared/fleet/fleet.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { openOnceAllocated } from '#gameserver/opening.ts'
import { failed } from '#gameserver/persistence/store-watch.ts'
import { until } from '../local/until.ts'

const now = runtime.now()

/** A host of the fleet, allocated for a request; what it did, in order. */
function startHost(
  name: string,
  store = createMemoryStore(),
  labels: Record<string, string> = { [requestLabel]: 'r1' },
) {
  const did: string[] = []
  const stopping = new AbortController()
  const gameServer = {
    name,
    state: 'Ready',
    address: '10.0.0.1',
    ports: [{ name: 'zone', port: 7000 }],
    labels,
    annotations: {},
  }
  const changed = openOnceAllocated({
    bootId: `boot-of-${name}`,
    log,
    runtime,
    platform: {
      gameServer: () => gameServer,
      ready: async () => undefined,
      shutdown: async () => void did.push('shutdown'),
      health: () => undefined,
      close: () => undefined,
    },
    persistence: {
      claimRequest: async (request, host) =>
        await claimRequest(store, request, host, now).catch(failed),
      giveBack: async () => 'needed' as const,
      setState: async (state) => {
        did.push(state)
        return 'done'
      },
    },
    host: { stats: () => ({ instances: [], sockets: 0 }) as never },
    stopping: stopping.signal,
    idleMs: 0,
    stop: () => undefined,
  })
  const allocate = () => {
    gameServer.state = 'Allocated'
    changed()
    changed()
  }
  return { did, allocate, changed, end: () => stopping.abort() }
}

it('opens once, when it is allocated, and is named in the row of its request', async () => {
  const store = createMemoryStore()
  const host = startHost('hub-1', store)
  host.changed()
  expect(host.did).toEqual([])
  host.allocate()
  await until(() => host.did.length > 0)
  expect(host.did).toEqual(['open'])
  expect(await readRequest(store, 'r1', now)).toMatchObject({
    host: 'hub-1',
    boot: 'boot-of-hub-1',
    address: '10.0.0.1',
    port: 7000,
  })
})

it('gives itself back, and never opens, when its request has another host', async () => {
  const store = createMemoryStore()
  const [first, late] = [startHost('hub-1', store), startHost('hub-2', store)]
  first.allocate()
  await until(() => first.did.length > 0)
  late.allocate()
  await until(() => late.did.length > 1)
  late.end()
  expect(late.did).toEqual(['draining', 'shutdown'])
  expect(await readRequest(store, 'r1', now)).toMatchObject({ host: 'hub-1' })
})

it('opens when it was allocated for no request', async () => {
  const host = startHost('hub-1', createMemoryStore(), {})
  host.allocate()
  await until(() => host.did.length > 0)
  expect(host.did).toEqual(['open'])
})

it('opens as soon as the store answers', async () => {
  let failing = 2
  const store = createMemoryStore({
    faults: () => (failing-- > 0 ? { kind: 'loseRequest' } : undefined),
  })
  const broken = startHost('hub-1', store)
  broken.allocate()
  await until(() => broken.did.length > 0)
  expect(broken.did).toEqual(['open'])
})

it('opens when the store will never take its claim', async () => {
  const faults = () => ({ kind: 'refuse', refusal: 'forbidden' }) as const
  const host = startHost('hub-1', createMemoryStore({ faults }))
  host.allocate()
  await until(() => host.did.length > 0)
  expect(host.did).toEqual(['open'])
})

it('stays named when the process that asked gives up', async () => {
  const store = createMemoryStore()
  const host = { name: 'hub-1', bootId: 'b', address: '', port: 1 }
  await claimRequest(store, 'r1', host, now)
  const row = await readRequest(store, 'r1', now)
  await forgetRequest(store, 'r1', row!.ask)
  expect(await readRequest(store, 'r1', now)).toMatchObject({ host: 'hub-1' })
})
