// The fleet on Agones against the sockets of a cluster's API. What becomes of requests that come late or never is in
// conformance.test.ts. No cluster has run it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgonesApi } from '#shared/fleet/agones-api.ts'
import type { AgonesApiOptions } from '#shared/fleet/agones-api.ts'
import { createAgonesFleet } from '#shared/fleet/agones.ts'
import type { AgonesFleetOptions } from '#shared/fleet/agones.ts'
import { FleetError, requestLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { MemoryStore } from '#shared/store/memory.ts'
import type { Fault } from '#shared/store/faults.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { startFakeKubernetes, token } from './fake-kubernetes.ts'

type Cluster = Awaited<ReturnType<typeof startFakeKubernetes>>

const labels = { [zoneLabel]: 'hub' }
const asked = { requestId: 'main/hub/', labels }
let cluster: Cluster
let faults: (Fault | undefined)[]
let store: MemoryStore

beforeEach(async () => {
  cluster = await startFakeKubernetes([
    { zone: 'forest', boot: 'b-forest' },
    { zone: 'hub' },
    { zone: 'hub', boot: 'b-1' },
    { zone: 'hub', boot: 'b-2' },
    { zone: 'hub', boot: 'b-3' },
  ])
  faults = []
  store = createMemoryStore({
    runtime,
    faults: ({ operation }) => (operation === 'get' ? undefined : faults.shift()),
  })
})
afterEach(() => {
  cluster.stop()
  expect(cluster.problems).toEqual([])
})

function fleet(more: Partial<AgonesApiOptions & AgonesFleetOptions> = {}) {
  const { url, namespace } = cluster
  const api = createAgonesApi({
    url,
    namespace,
    token: async () => token,
    log,
    callTimeoutMs: 5000,
    ...more,
  })
  return createAgonesFleet({
    cluster: api,
    allocate: api.allocate,
    store,
    runtime,
    log,
    askAgainMs: 2500,
    waitMs: 5000,
    ...more,
  })
}

/** Does not wait long for an answer: a healthy cluster answers in some milliseconds. */
const impatient = () => fleet({ callTimeoutMs: 800 })

describe('an allocation', () => {
  it('takes a Ready host that has reported its boot id, and labels it with the request', async () => {
    const host = await fleet().allocate(asked)
    expect(host).toMatchObject({
      bootId: 'b-1',
      state: 'allocated',
      address: '10.0.0.3',
      port: 7002,
    })
    expect(host!.labels[requestLabel]).toMatch(/^[0-9a-f]{40}$/)
    expect(await fleet().allocate({ ...asked, requestId: 'other' })).toMatchObject({
      bootId: 'b-2',
    })
  })

  it('asked again, by any process, is the same host as long as that lives', async () => {
    const first = await fleet().allocate(asked)
    expect(await fleet().allocate(asked)).toEqual(first)
    expect(cluster.allocations()).toBe(1)
    cluster.servers.get(first!.name)!.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    expect(await fleet().allocate(asked)).toMatchObject({ bootId: 'b-2' })
  })

  it('asked by twenty at once takes one host', async () => {
    const hosts = await Promise.all(Array.from({ length: 20 }, () => fleet().allocate(asked)))
    expect(new Set(hosts.map((host) => host?.name)).size).toBe(1)
    expect(cluster.allocations()).toBe(1)
  })

  it('is undefined when there is none, and can be asked for again at once', async () => {
    const none = { requestId: 'swamp', labels: { [zoneLabel]: 'swamp' } }
    expect(await fleet().allocate(none)).toBeUndefined()
    cluster.fates.push({ kind: 'contention' })
    expect(await fleet().allocate(asked)).toBeUndefined()
    expect(await fleet().allocate(asked)).toMatchObject({ bootId: 'b-1' })
  })

  it('whose answer is lost is found by its label', async () => {
    cluster.fates.push({ kind: 'lost' })
    expect(await impatient().allocate(asked)).toMatchObject({ bootId: 'b-1' })
    cluster.fates.push({ kind: 'failed' })
    const other = { ...asked, requestId: 'other' }
    expect(await fleet().allocate(other)).toMatchObject({ bootId: 'b-2' })
    expect(await fleet().allocate(other)).toMatchObject({ bootId: 'b-2' })
    expect(cluster.allocations()).toBe(2)
  })

  it('that is unclear is waited for, but not for ever', async () => {
    cluster.fates.push({ kind: 'never' })
    await expect(impatient().allocate(asked)).rejects.toMatchObject({ unclear: true })
    expect(await fleet({ waitMs: 100 }).allocate(asked)).toBeUndefined()
    expect(cluster.allocations()).toBe(0)
  })

  it('that is refused fails, and nobody waits for it', async () => {
    cluster.fates.push({ kind: 'refused' })
    await expect(fleet().allocate(asked)).rejects.toMatchObject({ unclear: false })
    expect(await fleet({ waitMs: 0 }).allocate(asked)).toMatchObject({ bootId: 'b-1' })
  })

  it.each<Fault>([{ kind: 'loseAnswer' }, { kind: 'conflict' }, { kind: 'loseRequest' }])(
    'takes one host when the store answers with $kind',
    async (fault) => {
      faults.push(fault, undefined, fault)
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, () => fleet().allocate(asked)),
      )
      const host = await fleet().allocate(asked)
      expect(host?.state).toBe('allocated')
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') expect(outcome.value?.name).toBe(host!.name)
      }
      expect(cluster.allocations()).toBe(1)
    },
  )
})

describe('the list', () => {
  it('has every host of every page, and none of other fleets', async () => {
    cluster.pageBy(2)
    cluster.servers.set('stranger', {
      metadata: { name: 'stranger', labels: {} },
      status: { state: 'Ready', address: '', ports: [] },
    })
    const hosts = await fleet().list()
    expect(hosts.map(({ bootId, state }) => [bootId, state])).toEqual([
      ['b-forest', 'ready'],
      [undefined, 'ready'],
      ['b-1', 'ready'],
      ['b-2', 'ready'],
      ['b-3', 'ready'],
    ])
  })

  it('fails when the cluster does not answer or knows us not', async () => {
    await expect(fleet({ token: async () => 'wrong' }).list()).rejects.toThrow('401')
    cluster.stop()
    await expect(fleet().list()).rejects.toThrow(FleetError)
  })
})

describe('a drain', () => {
  it('deletes the game server, again without harm, and knows when there is none', async () => {
    expect(await fleet().drain('hub-00002')).toBe(true)
    expect(await fleet().drain('hub-00002')).toBe(true)
    expect((await fleet().list()).find(({ name }) => name === 'hub-00002')!.state).toBe('shutdown')
    expect(await fleet().drain('hub-99999')).toBe(false)
    expect(await fleet().drain('../../../../api/v1/nodes/x')).toBe(false)
  })
})
