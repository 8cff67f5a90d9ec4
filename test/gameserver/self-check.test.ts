// What a host learns about itself from the real functions, by its own key.
import { describe, expect, it } from 'vitest'
import { checkMyself, keepCheckingMyself } from '#gameserver/self-check.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { openApi } from '../functions/api.ts'

type Options = {
  realmId?: string
  behindMs?: number
  deadApi?: boolean
  /** How far the host is behind at each check; then `stop` is aborted. */
  offs?: number[]
  stop?: AbortController
}

async function openStage(options: Options = {}) {
  const test = await openApi()
  const identity = await createHostSigner()
  const bootId = newId(test.clock)
  await createLease(test.memory, test.clock.now(), {
    bootId,
    address: 'ws://host/zone',
    protocol: 2,
    content: 'test',
    publicKey: identity.publicKey,
    instances: [],
  })
  const warnings: string[] = []
  const lines: string[] = []
  const offs = [...(options.offs ?? [])]
  let behindMs = options.behindMs ?? offs.shift() ?? 0
  const runtime: Runtime = {
    ...test.clock,
    now: () => test.clock.now() - behindMs,
    ...(options.offs === undefined
      ? {}
      : {
          sleep: async () => {
            const next = offs.shift()
            if (next === undefined) options.stop!.abort()
            else behindMs = next
          },
        }),
  }
  const self = {
    url: 'http://test.example',
    identity,
    bootId,
    realmId: options.realmId ?? 'local',
    fetch: async (url: string, init: RequestInit) => {
      if (options.deadApi) throw new TypeError('fetch failed')
      return await test.app.request(url, init)
    },
    runtime,
    log: {
      info: (message: string) => void lines.push(message),
      warn(message: string, fields?: object) {
        lines.push(message)
        warnings.push(`${message} ${JSON.stringify(fields ?? {})}`)
      },
    },
    signal: (options.stop ?? new AbortController()).signal,
  }
  const check = async () => (await checkMyself(self)).outcome
  const keep = async () => await keepCheckingMyself(self)
  return { test, bootId, check, keep, lines, warnings }
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

  it('logs again when the clock is off in another way, and only then', async () => {
    const offs = [0, 0, 3000, 4000, 70_000, 75_000, 0]
    const stop = new AbortController()
    const { keep, lines } = await openStage({ offs, stop })
    await keep()
    expect(lines.map((line) => /know this host|\d+ ms \w+/.exec(line)?.[0])).toEqual([
      'know this host',
      '3000 ms behind',
      '70000 ms behind',
      'know this host',
    ])
    expect(lines[2]).toContain('by more than a minute')
  })

  it('gives up on functions that do not answer, and says so', async () => {
    const { check, warnings } = await openStage({ deadApi: true })
    expect(await check()).toBe('unknown')
    expect(warnings).toHaveLength(1)
  })
})
