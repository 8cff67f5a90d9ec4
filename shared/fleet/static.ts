// A fleet that allocates no hosts: others start them, and placement uses those that are open.
// Functions run on it where no cluster is named.
import type { Fleet } from './fleet.ts'

export function createStaticFleet(): Fleet {
  return {
    allocate: async () => undefined,
    list: async () => [],
    drain: async () => false,
  }
}
