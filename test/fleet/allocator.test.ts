// Agones' allocator service behind TLS that demands a certificate of its callers, from the environment of a
// process of functions. What becomes of allocations is in conformance.test.ts.
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openFleet } from '#functions/start/fleet.ts'
import { readConfig } from '#shared/config.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import { startFakeKubernetes } from './fake-kubernetes.ts'
import { selfSigned } from './self-signed.ts'

type Cluster = Awaited<ReturnType<typeof startFakeKubernetes>>

const service = selfSigned('the allocator service')
const first = selfSigned('functions, the first')
const second = selfSigned('functions, the second')
const stranger = selfSigned('a stranger')
let cluster: Cluster
let folder: string
let lines: string[]

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'waystone-tls-'))
  lines = []
  const hosts = ['b-1', 'b-2', 'b-3', 'b-4'].map((boot) => ({ zone: 'hub', boot }))
  // It takes both certificates of ours, as during a rotation.
  const tls = { ...service, ca: [first.cert, second.cert], requestCert: true }
  cluster = await startFakeKubernetes(hosts, { tls })
})
afterEach(() => {
  cluster.stop()
  rmSync(folder, { recursive: true, force: true })
  expect(cluster.problems).toEqual([])
})

function write({ cert, key }: { cert: string; key: string }, ca = service.cert): void {
  writeFileSync(path.join(folder, 'tls.crt'), cert)
  writeFileSync(path.join(folder, 'tls.key'), key)
  writeFileSync(path.join(folder, 'ca.crt'), ca)
}

async function open(env: Record<string, string> = { WAYSTONE_ALLOCATOR_TLS: folder }) {
  return await openFleet({
    config: readConfig({ WAYSTONE_ALLOCATOR_URL: cluster.url, ...env }),
    store: createMemoryStore(),
    runtime,
    log: createLog({ level: 'info', write: (line) => lines.push(line), now: runtime.now }),
    awsOptions: { region: 'x', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } },
  })
}
const idOf = (pem: string) => new X509Certificate(pem).fingerprint256
const asked = (requestId: string) => ({ requestId, labels: { [zoneLabel]: 'hub' } })

it('allocates for who proves who he is, and shows the host as the service names it', async () => {
  write(first)
  const fleet = await open()
  expect(await fleet.allocate(asked('a'))).toMatchObject({
    name: 'hub-00000',
    bootId: 'b-1',
    address: '10.0.0.1',
    port: 7000,
    state: 'allocated',
  })
  expect(cluster.clients()).toEqual([idOf(first.cert)])
})

it('uses a new certificate for the next request, without a restart', async () => {
  write(first)
  const fleet = await open()
  await fleet.allocate(asked('a'))
  write(second)
  expect(await fleet.allocate(asked('b'))).toMatchObject({ bootId: 'b-2' })
  expect(cluster.clients()).toEqual([first.cert, second.cert].map(idOf))
})

it('keeps the old certificate while the new one and its key do not fit, and says so once', async () => {
  write(first)
  const fleet = await open()
  await fleet.allocate(asked('a'))
  write({ cert: second.cert, key: first.key })
  await fleet.allocate(asked('b'))
  await fleet.allocate(asked('c'))
  rmSync(path.join(folder, 'tls.key'))
  expect(await fleet.allocate(asked('d'))).toMatchObject({ bootId: 'b-4' })
  expect(new Set(cluster.clients())).toEqual(new Set([idOf(first.cert)]))
  const said = lines.filter((line) => line.includes('the old one stays'))
  expect(said, 'one line for each fault').toHaveLength(2)
  expect(lines.join(), 'no key in the log').not.toContain('PRIVATE KEY')
})

it('takes them from the environment', async () => {
  const pem = JSON.stringify({ ...first, ca: service.cert })
  const fleet = await open({ WAYSTONE_ALLOCATOR_PEM: pem })
  expect(await fleet.allocate(asked('a'))).toMatchObject({ bootId: 'b-1' })
})

it('fails for a certificate that the service does not take, and one of a stranger that it shows', async () => {
  write(stranger)
  await expect((await open()).allocate(asked('a'))).rejects.toThrow('no answer')
  write(first, stranger.cert)
  await expect((await open()).allocate(asked('b'))).rejects.toThrow('no answer')
  expect(cluster.allocations()).toBe(0)
})

it('fails clearly when there is no certificate, so that the next one may ask at once', async () => {
  const fleet = await open()
  await expect(fleet.allocate(asked('a'))).rejects.toMatchObject({ unclear: false })
  write(first)
  expect(await fleet.allocate(asked('a'))).toMatchObject({ bootId: 'b-1' })
})

it.each([
  [{ WAYSTONE_ALLOCATOR_URL: 'https://x' }, 'WAYSTONE_ALLOCATOR_TLS'],
  [{ WAYSTONE_ALLOCATOR_URL: '', WAYSTONE_ALLOCATOR_TLS: '/x' }, 'WAYSTONE_ALLOCATOR_URL'],
])('refuses half of a configuration: %o', async (env, named) => {
  await expect(open(env)).rejects.toThrow(named)
})
