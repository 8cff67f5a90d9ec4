// Process faults driven by a seed: hosts, store, cache and sidecars are killed and stopped under bots, at
// times that overlap. Afterwards everybody plays, in one place, where he was.
//
//   FAULT_SEED=7 npx vitest run --config vitest.real.config.ts test/real/faults-seeded
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { startRedis } from '#local/redis/server.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { systemRuntime } from '#shared/system.ts'
import { startCrowd } from './crowd.ts'
import type { Crowd, Stood } from './crowd.ts'
import { faultStory } from './fault-story.ts'
import type { Fault, FaultKind } from './fault-story.ts'
import { openStore } from './faulty-store.ts'
import { lostMs, percentile } from './record.ts'

const { now, sleep } = systemRuntime

const seed = Number(process.env['FAULT_SEED'] ?? 1)
const count = 30
const faults = 12
/** After the last fault is over: a lease must die, and clients come again every few seconds. */
const backMs = 30_000
const token = 'a token for this test'

let folder: string | undefined
let store: EmbeddedDynamo | undefined
let cache: RedisServer | undefined
let crowd: Crowd | undefined
afterEach(async () => {
  if (store !== undefined) signal(store.pid, 'SIGCONT')
  await crowd?.stop()
  await store?.stop()
  await cache?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

/** False when it has ended. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

async function openCache(port = 0): Promise<RedisServer> {
  return await startRedis({ host: '127.0.0.1', port, token, runtime: systemRuntime })
}

/** Which part had a fault, from when to when. */
type Outage = { what: 'store' | 'host'; host?: string; from: number; to: number }

/** A part has one fault at a time: a later fault waits for its turn. */
const turns = new Map<string, Promise<unknown>>()
async function inTurn<T>(what: string, act: () => Promise<T>): Promise<T> {
  const turn = (turns.get(what) ?? Promise.resolve()).then(act)
  turns.set(
    what,
    turn.catch(() => undefined),
  )
  return await turn
}

const acts: Record<FaultKind, (lastsMs: number) => Promise<Outage | undefined>> = {
  'host killed': async () => {
    const host = crowd!.busiest('hub')
    if (host !== undefined) signal(host.pid, 'SIGKILL')
    return undefined
  },
  'host stopped': async (ms) => {
    const host = crowd!.busiest('hub')
    if (host === undefined || !signal(host.pid, 'SIGSTOP')) return undefined
    const from = now()
    await sleep(ms)
    signal(host.pid, 'SIGCONT')
    return { what: 'host', host: host.name, from, to: now() }
  },
  'store stopped': async (ms) =>
    await inTurn('store', async () => {
      const { pid } = store!
      const from = now()
      signal(pid, 'SIGSTOP')
      await sleep(ms)
      signal(pid, 'SIGCONT')
      return { what: 'store', from, to: now() }
    }),
  'store killed': async (ms) =>
    await inTurn('store', async () => {
      const from = now()
      const { endpoint } = store!
      signal(store!.pid, 'SIGKILL')
      await sleep(ms)
      store = await openStore(folder!, endpoint)
      return { what: 'store', from, to: now() }
    }),
  'cache stopped': async (ms) =>
    await inTurn('cache', async () => {
      const port = Number(new URL(cache!.url).port)
      await cache!.stop()
      await sleep(ms)
      cache = await openCache(port)
      return undefined
    }),
  'sidecars killed': async (ms) => {
    crowd!.waystone.child.kill('SIGUSR2')
    await sleep(ms)
    return undefined
  },
}

async function happen({ at, kind, lastsMs }: Fault, began: number): Promise<Outage | undefined> {
  await sleep(began + at - now())
  return await acts[kind](lastsMs)
}

/** The times in which stopped hosts did nothing: until they had proved their lease, or ended. */
function stoodFrom(outages: Outage[]): Stood[] {
  return outages.flatMap(({ what, host, from, to }) => {
    if (what !== 'host' || host === undefined) return []
    const proved = crowd!
      .log(`${host}.log`)
      .find(({ time, message }) => time >= to && message === 'the lease is proved: going on')
    return [{ host, from, to: proved?.time ?? Number.POSITIVE_INFINITY }]
  })
}

describe('process faults', () => {
  it(`that follow from seed ${seed} leave everybody in one place, where he was`, async () => {
    folder = await mkdtemp(join(tmpdir(), 'waystone-store-'))
    store = await openStore(folder)
    cache = await openCache()
    crowd = await startCrowd({
      count,
      zone: 'hub',
      program: 'test/real/start-faulty.ts',
      env: {
        WAYSTONE_DYNAMODB_URL: store.endpoint,
        UPSTASH_REDIS_REST_URL: cache.url,
        UPSTASH_REDIS_REST_TOKEN: token,
        WAYSTONE_FLEET: 'hub:2,forest:1',
        WAYSTONE_FLEET_PATIENCE: '300',
      },
    })
    await crowd.allInPlay(0, 30_000)
    await crowd.allSettled(now())

    const story = faultStory(seed, faults)
    const lines = story.map(
      ({ at, kind, lastsMs }) => `  ${String(at).padStart(6)} ms  ${kind}, ${lastsMs} ms`,
    )
    console.log(`seed ${seed} (FAULT_SEED), ${count} bots:\n${lines.join('\n')}`)
    const began = now()
    const outages = (await Promise.all(story.map((fault) => happen(fault, began)))).filter(
      (outage) => outage !== undefined,
    )
    const over = now()
    await crowd.allInPlay(over, backMs)
    console.log(`  ${over - began} ms  over; everybody in play ${now() - over} ms later`)

    expect(crowd.doubles(stoodFrom(outages))).toEqual([])
    const returns = await crowd.returns(began)
    const excess = returns.map(({ name, behind, lost, joined, story: way }) => {
      // While the store is away nothing is saved: a crash then loses the whole cut.
      const unsaved = outages
        .filter(
          ({ what, from, to }) =>
            what === 'store' && to > began + lost - 60_000 && from < began + joined,
        )
        .reduce((sum, { from, to }) => sum + to - from, 0)
      return { name, excessMs: behind - lostMs - unsaved, way }
    })
    const behind = returns.map((one) => one.behind)
    const away = returns.map(({ lost, joined }) => joined - lost)
    console.log(
      `  ${returns.length} returns, away p50 ${percentile(away, 0.5)} ms, most ${Math.max(...away)} ms; ` +
        `behind p50 ${percentile(behind, 0.5)} ms, most ${Math.max(...behind)} ms`,
    )
    expect(excess.filter(({ excessMs }) => excessMs > 0)).toEqual([])
  }, 400_000)
})
