// Counters and lists, as the sidecar treats them: a change is checked against what is known, batched,
// answered at once, and applied later. What does not fit by then is cut without an error.
import { SdkRefused } from './refused.ts'
import type { WireGameServer } from './wire.ts'

type Status = WireGameServer['status']
type CounterChange = { count?: number; capacity?: number; diff: number }
type ListChange = { capacity?: number; remove: Set<string>; add: string[] }

const listMaxCapacity = 1000

/** What is counted and listed, with what waits in the queue. */
export type Counts = ReturnType<typeof createCounts>

export function createCounts(read: () => Status) {
  const { apply: applyCounters, ...counters } = createCounters(read)
  const { apply: applyLists, ...lists } = createLists(read)
  return {
    ...counters,
    ...lists,
    /** Writes what is batched into the object and forgets it. */
    apply(draft: WireGameServer) {
      applyCounters(draft.status)
      applyLists(draft.status)
    },
  }
}

function createCounters(read: () => Status) {
  let counters = new Map<string, CounterChange>()

  const counter = (name: string, status = read()) => {
    const stored = status.counters[name]
    if (!stored) throw new SdkRefused(`counter not found: ${name}`)
    const change = counters.get(name)
    const capacity = change?.capacity ?? stored.capacity
    const count = (change?.count ?? stored.count) + (change?.diff ?? 0)
    return { name, count: Math.max(0, Math.min(count, capacity)), capacity }
  }

  return {
    counter,
    updateCounter(request: { name: string; count?: number; capacity?: number; diff: number }) {
      const { capacity: known } = counter(request.name)
      const change = { ...(counters.get(request.name) ?? { diff: 0 }) }
      const nothing = request.count === undefined && request.capacity === undefined
      if (nothing && request.diff === 0) throw new SdkRefused('invalid argument: nothing to change')
      if (request.capacity !== undefined) {
        if (request.capacity < 0) throw new SdkRefused('out of range: the capacity')
        change.capacity = request.capacity
      }
      if (request.count !== undefined) {
        change.count = request.count
        change.diff = 0
      }
      change.diff += request.diff
      const stored = read().counters[request.name]!
      const count = (change.count ?? stored.count) + change.diff
      // A capacity alone may go below the count: the count is cut when it is applied.
      const counts = request.count !== undefined || request.diff !== 0
      if (counts && (count < 0 || count > (change.capacity ?? known))) {
        throw new SdkRefused('out of range: the count')
      }
      counters.set(request.name, change)
    },
    apply(status: Status) {
      for (const name of counters.keys()) {
        const { count, capacity } = counter(name, status)
        status.counters[name] = { count, capacity }
      }
      counters = new Map()
    },
  }
}

function createLists(read: () => Status) {
  let lists = new Map<string, ListChange>()

  const list = (name: string, status = read()) => {
    const stored = status.lists[name]
    if (!stored) throw new SdkRefused(`list not found: ${name}`)
    const change = lists.get(name)
    const capacity = change?.capacity ?? stored.capacity
    const kept = stored.values.filter((value) => !change?.remove.has(value))
    const values = [...new Set([...kept, ...(change?.add ?? [])])]
    return { name, capacity, values: values.slice(0, capacity) }
  }
  const listChange = (name: string) => {
    const change = lists.get(name) ?? { remove: new Set<string>(), add: [] }
    lists.set(name, change)
    return change
  }

  return {
    list,
    /** Only what the mask names is changed. Replaces whatever is batched for this list, as a cluster does. */
    updateList(request: { name: string; capacity: number; values: string[] }, paths: string[]) {
      const unknown = paths.find((path) => !['name', 'capacity', 'values'].includes(path))
      if (unknown !== undefined) throw new SdkRefused(`invalid argument: ${unknown} in the mask`)
      if (request.capacity < 0 || request.capacity > listMaxCapacity) {
        throw new SdkRefused('out of range: the capacity')
      }
      const { values } = list(request.name)
      const change: ListChange = { remove: new Set(), add: [] }
      if (paths.includes('capacity')) change.capacity = request.capacity
      if (paths.includes('values')) {
        change.remove = new Set(values.filter((value) => !request.values.includes(value)))
        change.add = request.values.filter((value) => !values.includes(value))
      }
      lists.set(request.name, change)
    },
    addListValue(name: string, value: string) {
      const { capacity, values } = list(name)
      if (values.length >= capacity) throw new SdkRefused('out of range: the list is full')
      if (values.includes(value)) throw new SdkRefused('already exists in the list')
      const change = listChange(name)
      change.remove.delete(value)
      change.add.push(value)
    },
    removeListValue(name: string, value: string) {
      if (!list(name).values.includes(value)) throw new SdkRefused('not found: not in the list')
      const change = listChange(name)
      change.add = change.add.filter((added) => added !== value)
      change.remove.add(value)
    },
    apply(status: Status) {
      for (const name of lists.keys()) {
        const { capacity, values } = list(name, status)
        status.lists[name] = { capacity, values }
      }
      lists = new Map()
    },
  }
}
