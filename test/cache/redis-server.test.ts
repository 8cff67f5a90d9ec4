import { redisFront } from '../conformance/redis-front.ts'

redisFront('the embedded Redis over HTTP', async () => ({
  options: {},
  close: async () => undefined,
}))
