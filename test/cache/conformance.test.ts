import { createMemoryCache } from '#shared/cache/memory.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { systemRuntime } from '#shared/system.ts'
import { startRedis } from '#local/redis/server.ts'
import { cacheConformance } from '../conformance/cache.ts'

cacheConformance('in memory', async () => ({
  cache: createMemoryCache({ runtime: systemRuntime }),
  close: async () => undefined,
}))

cacheConformance('in the process of the embedded Redis', async () => {
  const token = 'a token of this test'
  const redis = await startRedis({ host: '127.0.0.1', port: 0, token, runtime: systemRuntime })
  return { cache: redis.cache!, close: redis.stop }
})

cacheConformance('over HTTP, on the embedded Redis', async () => {
  const token = 'a token of this test'
  const redis = await startRedis({ host: '127.0.0.1', port: 0, token, runtime: systemRuntime })
  const cache = createCache({ url: redis.url, token, timeoutMs: 2000 })
  return { cache, close: redis.stop }
})
