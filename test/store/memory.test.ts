import { storeConformance } from '../conformance/store.ts'
import { createMemoryStore } from '#shared/store/memory.ts'

storeConformance('the store in memory', async () => ({
  store: createMemoryStore(),
  close: async () => {},
}))
