// Into a cluster of EKS from outside of it, with the role of a Lambda.
import { afterEach, describe, expect, it } from 'vitest'
import { openFleet } from '#functions/start/fleet.ts'
import { readConfig } from '#shared/config.ts'
import { createAgonesApi } from '#shared/fleet/agones-api.ts'
import type { AgonesApi } from '#shared/fleet/agones-api.ts'
import { createAgonesFleet } from '#shared/fleet/agones.ts'
import { createEksToken } from '#shared/fleet/eks-token.ts'
import { FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { createLog, silentLog } from '#shared/telemetry/log.ts'
import { refusals } from './eks-gate.ts'
import type { EksGate } from './eks-gate.ts'
import { startFakeKubernetes } from './fake-kubernetes.ts'
import { signedAt } from './aws-signature.ts'
import { selfSigned } from './self-signed.ts'

const region = 'eu-central-1'
const credentials = {
  accessKeyId: 'ASIATESTTESTTEST',
  secretAccessKey: 'secret/of+the=role',
  sessionToken: 'session/token+with=signs==',
}
const minute = 60_000
const start = Date.UTC(2026, 10, 21, 16, 30)

/** A cluster's gate and a source of tokens, each with a clock of its own. */
function setUp(cluster = 'worlds') {
  const clock = { here: start, there: start }
  const token = createEksToken({ cluster, region, credentials, runtime: { now: () => clock.here } })
  const gate: EksGate = {
    cluster: 'worlds',
    region,
    secrets: { [credentials.accessKeyId]: credentials.secretAccessKey },
    now: () => clock.there,
  }
  return { clock, token, gate }
}

const urlOf = (token: string) =>
  new URL(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'))

describe('a token of EKS', () => {
  it('is a signed GetCallerIdentity for this cluster, as AWS computes the signature', async () => {
    const { token, gate } = setUp()
    const text = await token()
    expect(refusals(gate, text)).toEqual([])
    const { searchParams: query, host } = urlOf(text)
    expect(host).toBe('sts.eu-central-1.amazonaws.com')
    expect(Object.fromEntries(query)).toEqual({
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${credentials.accessKeyId}/20261121/eu-central-1/sts/aws4_request`,
      'X-Amz-Date': '20261121T163000Z',
      'X-Amz-Expires': '60',
      'X-Amz-Security-Token': credentials.sessionToken,
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(text).not.toContain(credentials.secretAccessKey)
  })

  it('opens no other cluster, and none when a letter of it is changed', async () => {
    expect(refusals(setUp().gate, await setUp('others').token())).toEqual(['signature'])
    const { token, gate } = setUp()
    const url = urlOf(await token())
    url.searchParams.set('Version', '2011-06-16')
    const changed = `k8s-aws-v1.${Buffer.from(url.href).toString('base64url')}`
    expect(refusals(gate, changed)).toEqual(['signature'])
  })

  it('is kept for ten minutes, and never one that the cluster would find too old', async () => {
    const { clock, token, gate } = setUp()
    const first = await token()
    clock.here = clock.there = start + 10 * minute - 1
    expect(await token()).toBe(first)
    expect(refusals(gate, first)).toEqual([])
    clock.here = clock.there = start + 10 * minute
    const second = await token()
    expect(signedAt(urlOf(second))).toBe(clock.here)
    expect(await token()).toBe(second)
    clock.there = start + 15 * minute
    expect(refusals(gate, first)).toEqual(['expired'])
    expect(refusals(gate, second)).toEqual([])
  })

  it('is made anew when a clock was set back, and when it was refused', async () => {
    const { clock, token } = setUp()
    const first = await token()
    clock.here = start - 11 * minute
    expect(await token()).not.toBe(first)
    clock.here = start + 1000
    const second = await token()
    clock.here += 1000
    const third = await token(second)
    expect(third).not.toBe(second)
    expect(await token(second), 'a late refusal of the old one').toBe(third)
  })

  it('goes to STS of the region, in China under its own domain', async () => {
    const region = 'cn-north-1'
    const source = createEksToken({ cluster: 'worlds', region, credentials, runtime })
    expect(urlOf(await source()).host).toBe('sts.cn-north-1.amazonaws.com.cn')
  })
})

it('a cluster of EKS without the address of its API is refused', async () => {
  const parts = { store: createMemoryStore({ runtime }), runtime, log: silentLog }
  const config = readConfig({ WAYSTONE_EKS_CLUSTER: 'worlds' })
  const awsOptions = { region, credentials }
  await expect(openFleet({ ...parts, config, awsOptions })).rejects.toThrow(
    'WAYSTONE_EKS_CLUSTER needs WAYSTONE_AGONES_URL',
  )
})

describe('the fleet on EKS', () => {
  let cluster: Awaited<ReturnType<typeof startFakeKubernetes>>
  afterEach(() => {
    cluster.stop()
    expect(cluster.problems).toEqual([])
  })

  const tls = selfSigned('a cluster')
  async function startCluster(admits: (token: string) => boolean) {
    cluster = await startFakeKubernetes([{ zone: 'hub', boot: 'b-1' }], { tls, admits })
    const lines: string[] = []
    const log = createLog({ level: 'debug', write: (line) => lines.push(line), now: runtime.now })
    const fleet = (
      token: (refused?: string) => Promise<string>,
      ca: string | undefined = tls.cert,
    ) =>
      fleetOf(
        createAgonesApi({
          url: cluster.url,
          namespace: cluster.namespace,
          token,
          ca,
          log,
          callTimeoutMs: 5000,
        }),
      )
    const fleetOf = (api: AgonesApi) =>
      createAgonesFleet({
        cluster: api,
        allocate: api.allocate,
        store: createMemoryStore({ runtime }),
        runtime,
        log,
      })
    return { fleet, lines }
  }
  const asked = { requestId: 'main/hub/', labels: { [zoneLabel]: 'hub' } }

  it('allocates behind TLS of the cluster’s own authority', async () => {
    const { gate, token } = setUp()
    const { fleet } = await startCluster((given) => refusals(gate, given).length === 0)
    expect(await fleet(token).allocate(asked)).toMatchObject({ bootId: 'b-1', state: 'allocated' })
    expect(new Set(cluster.tokens).size, 'one token for all calls').toBe(1)
  })

  it('asks no server that another authority has signed', async () => {
    const { token } = setUp()
    const { fleet } = await startCluster(() => true)
    await expect(fleet(token, selfSigned('another').cert).list()).rejects.toThrow(FleetError)
    await expect(fleet(token, '').list(), 'nor one that nobody knows').rejects.toThrow('no answer')
    expect(cluster.tokens).toEqual([])
  })

  it('renews a refused token once, and shows it to nobody', async () => {
    const { clock, gate, token } = setUp()
    const { fleet, lines } = await startCluster((given) => refusals(gate, given).length === 0)
    const old = await token()
    // The clock here stands still while that of the cluster goes on.
    clock.there = start + 16 * minute
    const late = (refused?: string) => {
      if (refused !== undefined) clock.here = clock.there
      return token(refused)
    }
    expect(await fleet(late).allocate(asked)).toMatchObject({ bootId: 'b-1' })
    expect(cluster.tokens.filter((each) => each === old)).toHaveLength(1)
    expect(cluster.allocations()).toBe(1)

    cluster.tokens.length = 0
    clock.there += 60 * minute
    const refused = fleet(token).allocate({ ...asked, requestId: 'other' })
    await expect(refused).rejects.toMatchObject({
      unclear: false,
      message: expect.stringMatching(/^POST .*: 401$/),
    })
    expect(cluster.tokens, 'asked twice, not for ever').toHaveLength(2)
    await expect(fleet(() => Promise.reject(new Error('none'))).list()).rejects.toThrow('no token')
    expect(lines.length).toBeGreaterThan(0)
    for (const each of [...cluster.tokens, old, credentials.sessionToken, 'X-Amz-Signature']) {
      expect(lines.join('\n')).not.toContain(each)
    }
  })
})
