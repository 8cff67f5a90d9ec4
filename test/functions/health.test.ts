// /health without a background round: a request checks the parts, but not often.
import { expect, it } from 'vitest'
import { createApp } from '#functions/app.ts'
import { createKeysHealth } from '#functions/http/health.ts'
import { StoreError } from '#shared/store/store.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { bareOptions } from './api.ts'

function setUp(healthOf = ['auth', 'world'], found: Record<string, boolean> = {}) {
  const at = { now: 1_000_000, reads: 0, empty: false, fails: undefined as unknown }
  const keys = {
    refresh: async () => {
      at.reads++
      await Promise.resolve()
      if (at.fails !== undefined) throw at.fails
    },
    empty: () => at.empty,
  }
  const checks = async () => await Promise.resolve(found)
  const health = createKeysHealth({ keys, runtime: { now: () => at.now }, log, checks })
  const app = createApp({ ...bareOptions(), domains: [], health, healthOf })
  const ask = async (path: string) => {
    const response = await app.request(path)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  return { at, ask }
}

it('one check of the store answers everybody for five seconds', async () => {
  const { at, ask } = setUp()
  const all = await Promise.all(Array.from({ length: 50 }, () => ask('/health/auth')))
  for (const answer of all) {
    expect(answer).toEqual({
      status: 200,
      body: { ok: true, checks: { store: true, keys: true, ageMs: 0 } },
    })
  }
  at.now += 4999
  expect((await ask('/health')).body).toMatchObject({ checks: { ageMs: 4999 } })
  expect(at.reads).toBe(1)
  at.now += 1
  await ask('/health')
  expect(at.reads).toBe(2)
})

it('a store that does not answer, and keys that are not there, are 503 and named', async () => {
  const { at, ask } = setUp()
  at.fails = new StoreError('unavailable', 'gone')
  const unhealthy = async () => {
    at.now += 5000
    const { status, body } = await ask('/health/world')
    return { status, ...body }
  }
  expect(await unhealthy()).toMatchObject({ status: 503, ok: false, checks: { store: false } })
  at.fails = new Error('the ring does not open')
  const locked = { status: 503, ok: false, checks: { store: true, keys: false } }
  expect(await unhealthy()).toMatchObject(locked)
  at.fails = undefined
  at.empty = true
  expect(await unhealthy()).toMatchObject(locked)
  at.empty = false
  expect(await unhealthy()).toMatchObject({ status: 200, ok: true })
})

it('what a domain finds is named, and the function is well', async () => {
  const { ask } = setUp(['world'], { 'clock:hub-1': false })
  expect(await ask('/health/world')).toEqual({
    status: 200,
    body: { ok: true, checks: { store: true, keys: true, 'clock:hub-1': false, ageMs: 0 } },
  })
})

it('a function speaks for what it serves, and a server for all', async () => {
  const { ask } = setUp(['auth'])
  expect((await ask('/health/auth')).status).toBe(200)
  expect(await ask('/health/world')).toMatchObject({
    status: 404,
    body: { code: 'route.not_found' },
  })
  expect(await ask('/health/nothing')).toMatchObject({ status: 404 })
  expect(await ask('/health/No-Name')).toMatchObject({ status: 400 })
  expect((await setUp().ask('/health/world')).status).toBe(200)
})
