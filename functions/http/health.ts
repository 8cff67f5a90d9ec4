// /health: declared like every endpoint. Its checks differ by where functions run.
import { healthApi } from '#shared/api/health.ts'
import type { AnswerOf } from '#shared/api/endpoint.ts'
import type { Verifier } from '#shared/keys/ring.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { mount } from './serve.ts'
import type { Checks } from './record.ts'
import type { Mounted } from './serve.ts'

/**
 * The last outcome of what watches this process. `checks` name the checked parts, `visit` says how the
 * synthetic player fared.
 */
export type Health = AnswerOf<(typeof healthApi)['endpoints']['whole']>

/** `names`: the domains that this process serves. Of others it says nothing. */
export function mountHealth(health: () => Promise<Health>, names: readonly string[]): Mounted {
  return mount(healthApi, {
    whole: async () => await health(),
    part: async ({ params }) => {
      if (!names.includes(params.part)) throw new Problem('route.not_found')
      return await health()
    },
  })
}

/** How long an answer is kept: so often, at most, an environment reads the store for it. */
const keptMs = 5000

type KeysHealthDeps = {
  keys: Pick<Verifier, 'refresh' | 'empty'>
  runtime: Pick<Runtime, 'now'>
  log: Pick<Log, 'error'>
  /** Of the domains that it serves. */
  checks: Checks
}

/**
 * The health of a function without a background round: a request makes the check. It reads the public keys in
 * one trip: so the store answers, and tokens can be verified. The private keys were opened at the start
 * (signing.ts).
 */
export function createKeysHealth({
  keys,
  runtime,
  log,
  checks,
}: KeysHealthDeps): () => Promise<Health> {
  let kept: { at: number; health: Promise<Omit<Health, 'checks'> & { checks: object }> } | undefined
  const check = async () => {
    const failed = await keys.refresh().then(
      () => undefined,
      (cause: unknown) => cause ?? 'failed',
    )
    if (failed !== undefined) log.error('the keys could not be read', { cause: failed })
    const store = !(failed instanceof StoreError)
    const readable = failed === undefined && !keys.empty()
    const more = store ? await checks() : {}
    return { ok: store && readable, checks: { store, keys: readable, ...more } }
  }
  return async () => {
    const now = runtime.now()
    if (kept === undefined || Math.abs(now - kept.at) >= keptMs) kept = { at: now, health: check() }
    const { at } = kept
    const { ok, checks } = await kept.health
    return { ok, checks: { ...checks, ageMs: Math.max(0, now - at) } }
  }
}
