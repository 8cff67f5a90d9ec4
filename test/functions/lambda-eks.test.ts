// `enter` on Lambda where nobody has opened a host: one is allocated in a cluster of EKS, with the role of
// the function and behind the cluster's own TLS.
import '../sample-game.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { refusals } from '../fleet/eks-gate.ts'
import { startFakeKubernetes } from '../fleet/fake-kubernetes.ts'
import { selfSigned } from '../fleet/self-signed.ts'
import { goodPassword } from './api.ts'
import { httpAnswer, httpEvent } from './lambda-event.ts'
import { openLambdaRealm, realmId } from './lambda-realm.ts'
import type { LambdaRealm } from './lambda-realm.ts'
import { lambdaCredentialsEnv, startLambda } from './lambda-runtime.ts'

let realm: LambdaRealm

beforeAll(async () => {
  realm = await openLambdaRealm('three')
})
afterAll(async () => {
  await realm.stop()
})

it('a player enters a host that was allocated for him in a cluster of EKS', async () => {
  const body = { loginName: 'mira', password: goodPassword }
  const { accessToken: token } = (await realm.ask('POST', '/v1/auth/register', { body })).json()
  const authorization = `Bearer ${token as string}`
  const created = await realm.ask('POST', `/v1/realms/${realmId}/characters`, {
    token: token as string,
    body: { name: 'Mira Vale', race: 'human', job: 'mage' },
  })
  const { characterId } = created.json()

  // A host that is Ready in the cluster: it holds its lease, and opens its instance once allocated.
  const host = await realm.host('hub')
  await host.setState('ready')
  const tls = selfSigned('the cluster')
  const why: string[] = []
  const gate = {
    cluster: 'worlds',
    region: lambdaCredentialsEnv.AWS_REGION,
    secrets: {
      [lambdaCredentialsEnv.AWS_ACCESS_KEY_ID]: lambdaCredentialsEnv.AWS_SECRET_ACCESS_KEY,
    },
    now: systemRuntime.now,
  }
  const cluster = await startFakeKubernetes([{ zone: 'hub', boot: host.bootId }], {
    tls,
    admits: (given) => {
      why.push(...refusals(gate, given))
      return why.length === 0
    },
  })
  const env = {
    ...realm.env('play'),
    WAYSTONE_EKS_CLUSTER: 'worlds',
    WAYSTONE_AGONES_URL: cluster.url,
    WAYSTONE_AGONES_CA: Buffer.from(tls.cert).toString('base64'),
  }
  const play = await startLambda({ name: 'play', folder: realm.folders.get('play')!, env })
  try {
    const entered = play.invoke(
      httpEvent({
        method: 'POST',
        target: `/v1/realms/${realmId}/enter`,
        headers: {
          authorization,
          'content-type': 'application/json',
          'idempotency-key': newId(systemRuntime),
        },
        body: JSON.stringify({ characterId, protocol: 2 }),
      }),
    )
    await expect.poll(() => cluster.allocations(), { timeout: 8000 }).toBe(1)
    await host.prove()
    await host.setState('open')
    const outcome = await entered
    if (!('answer' in outcome)) throw new Error(outcome.error.errorMessage)
    const answer = httpAnswer(outcome.answer)
    expect(answer.status, answer.body.toString()).toBe(200)
    expect(answer.json()).toMatchObject({ address: `ws://${host.bootId}/zone`, characterId })
    expect([why, cluster.problems]).toEqual([[], []])
    expect(play.output()).toContain('zone host allocated')
    for (const each of cluster.tokens) expect(play.output()).not.toContain(each)
  } finally {
    await play.stop()
    cluster.stop()
  }
})
