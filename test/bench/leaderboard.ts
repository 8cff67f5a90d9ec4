// A leaderboard of a million over HTTP: a rank with its neighbours, a place in the middle and a result handed in, on
// the embedded Redis and on redis-server behind the same front, one after the other in one process.
//
//   npm run bench:leaderboard [-- --members 1000000 --requests 2000]
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createCache } from '#shared/cache/upstash.ts'
import { startRedis } from '#local/redis/server.ts'
import { copyKeys, lastMember, putInCopy } from '#shared/leaderboards/copy.ts'
import { placeOf } from '#shared/leaderboards/place.ts'
import { createLeaderboards } from '#shared/leaderboards/copier.ts'
import { planResult } from '#shared/leaderboards/result.ts'
import { readAround } from '#functions/leaderboards/reading.ts'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { newId } from '#shared/runtime.ts'
import { commit, operationOf } from '#shared/store/commit.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemRuntime } from '#shared/system.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import type { Leaderboard } from '#shared/content/content.ts'
import { findRedisServer, startRedisServer } from '../real/redis-server.ts'

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '1000000' },
    requests: { type: 'string', default: '2000' },
  },
})
const members = Number(values.members)
const requests = Number(values.requests)
const token = 'bench'
const realmId = 'bench'
const of = { realmId, board: 'runs', season: 1, order: 'highest' as const }
const board: Leaderboard = {
  id: of.board,
  title: 'Runs',
  per: 'character',
  order: of.order,
  keep: 'best',
  season: 'none',
  kept: 0,
  size: 100,
}

const idOf = (i: number) => `00000000-0000-7000-8000-${i.toString(16).padStart(12, '0')}`
const scoreOf = (i: number) => (Math.imul(i, 2_654_435_761) >>> 0) % 100_000

/** p50 and p99 in ms, one request after the other, after a tenth of them to warm up. */
async function measure(ask: (i: number) => Promise<void>): Promise<string> {
  const took: number[] = []
  for (let i = -requests / 10; i < requests; i++) {
    const began = performance.now()
    await ask(i)
    if (i >= 0) took.push(performance.now() - began)
  }
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.floor(took.length * share)]!.toFixed(2)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

async function run(name: string, redisUrl: string | undefined): Promise<void> {
  const front = await startRedis({
    host: '127.0.0.1',
    port: 0,
    token,
    runtime: systemRuntime,
    maxBytes: 1024 ** 3,
    ...(redisUrl !== undefined && { redisUrl }),
  })
  await front.ready
  const cache = createCache({ url: front.url, token, timeoutMs: 10_000 })
  const store = createMemoryStore()
  const boards = createLeaderboards({ store, cache, runtime: systemRuntime, log: silentLog })
  const keys = copyKeys(of)
  const copy = newId(systemRuntime)
  const filled = performance.now()
  for (let i = 0; i < members; i += 1000) {
    const entries = Array.from({ length: Math.min(1000, members - i) }, (_, k) => {
      const standing = { score: scoreOf(i + k), reachedAt: 1_790_000_000_000 + i + k }
      return {
        place: placeOf(of.order, { ...standing, subjectId: idOf(i + k) }),
        name: 'Mira Vale',
      }
    })
    await cache.pipeline(putInCopy(of, copy, entries))
  }
  await cache.pipeline([
    ['ZADD', keys.set(copy), 0, lastMember],
    ['SET', keys.ready, copy],
  ])
  console.log(
    `${name}: ${members} members in ${((performance.now() - filled) / 1000).toFixed(1)} s`,
  )

  const app = new Hono()
  app.get('/around/:i/:each', async (c) => {
    const { i, each } = c.req.param()
    return c.json(await readAround({ store, boards }, of, idOf(Number(i)), Number(each)))
  })
  app.post('/submit/:i', async (c) => {
    const i = Number(c.req.param('i'))
    const from = { characterId: idOf(i), accountId: idOf(i), name: 'Mira Vale' }
    const result = { score: 100_000 + i }
    const now = systemRuntime.now()
    const planned = await planResult({ store, now }, realmId, board, from, result)
    if ('refused' in planned) throw new Error(planned.refused)
    const op = operationOf(['bench', i], result)
    const { steps, answer, subject } = planned
    await commit({ store, runtime: systemRuntime }, op, { steps, answer })
    await boards.follow(of, subject)
    return c.json(answer)
  })
  const http = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise<void>((resolve) => http.once('listening', () => resolve()))
  const { port } = http.address() as { port: number }
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
  }
  const some = (i: number) => Math.imul(i + requests, 7_368_787) % members
  const pick = (i: number) => (some(i) + members) % members
  console.log(`  rank      ${await measure((i) => ask(`/around/${pick(i)}/0`))}`)
  console.log(`  around me ${await measure((i) => ask(`/around/${pick(i)}/5`))}`)
  console.log(`  submit    ${await measure((i) => ask(`/submit/${i + requests}`, 'POST'))}`)
  http.close()
  await front.stop()
}

await run('embedded', undefined)
const program = findRedisServer()
if (program !== undefined) {
  const redis = await startRedisServer(program)
  await run('redis-server', redis.url)
  await redis.stop()
}
process.exit(0)
