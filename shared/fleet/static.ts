// A fleet whose hosts are opened by somebody else: what is open is used, nothing is allocated.
// The world's Lambda runs on it until Agones' allocation service is connected.
import type { Fleet } from './fleet.ts'

export function createStaticFleet(): Fleet {
  return {
    allocate: async () => undefined,
    list: async () => [],
    drain: async () => false,
  }
}
