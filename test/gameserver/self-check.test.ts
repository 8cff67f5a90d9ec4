// What a host finds out about itself: by its own key, from the real functions.
import { describe, expect, it } from 'vitest'
import { checkMyself } from '#gameserver/self-check.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { openApi } from '../functions/api.ts'

async function openStage(options: { realmId?: string; behindMs?: number; deadApi?: boolean } = {}) {
  const test = await openApi()
  const identity = await createHostSigner()
  const bootId = newId(test.clock)
  await createLease(test.memory, test.clock.now(), {
    bootId,
    address: 'ws://host/zone',
    protocol: 1,
    content: 'test',
    publicKey: identity.publicKey,
    instances: [],
  })
  const warnings: string[] = []
  const runtime: Runtime = {
    ...test.clock,
    now: () => test.clock.now() - (options.behindMs ?? 0),
  }
  const check = async () =>
    await checkMyself({
      url: 'http://test.example',
      identity,
      bootId,
      realmId: options.realmId ?? 'local',
      fetch: async (url, init) => {
        if (options.deadApi) throw new TypeError('fetch failed')
        return await test.app.request(url, init)
      },
      runtime,
      log: {
        info: () => undefined,
        warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields ?? {})}`),
      },
      signal: new AbortController().signal,
    })
  return { test, bootId, check, warnings }
}

describe('the self-check of a host', () => {
  it('says nothing when all is well', async () => {
    const { check, warnings } = await openStage()
    expect(await check()).toBe('well')
    expect(warnings).toEqual([])
  })

  it('warns when the functions serve another realm', async () => {
    const { check, warnings } = await openStage({ realmId: 'far' })
    expect(await check()).toBe('warned')
    expect(warnings.join()).toContain('this host is of realm far')
  })

  it('warns when the clocks differ', async () => {
    const { check, warnings } = await openStage({ behindMs: 3000 })
    expect(await check()).toBe('warned')
    expect(warnings.join()).toContain('this machine is 3000 ms behind')
  })

  it('warns when its token is refused, and says why that may be', async () => {
    const late = await openStage({ behindMs: 180_000 })
    expect(await late.check()).toBe('warned')
    expect(late.warnings.join()).toContain('auth.expired')
    const ended = await openStage()
    await endLease(ended.test.memory, ended.bootId)
    expect(await ended.check()).toBe('warned')
    expect(ended.warnings.join()).toContain('auth.required')
  })

  it('gives up on functions that do not answer, and says so', async () => {
    const { check, warnings } = await openStage({ deadApi: true })
    expect(await check()).toBe('unknown')
    expect(warnings).toHaveLength(1)
  })
})
