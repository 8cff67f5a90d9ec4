// Counters and lists, as the sidecar treats them: a change is checked against what is known, batched,
// answered at once, and applied later, cut silently to what fits by then.
import type { WireGameServer } from './wire.ts'

type Status = WireGameServer['status']
type CounterChange = { count?: number; capacity?: number; diff: number }
type ListChange = { capacity?: number; remove: Set<string>; add: string[] }

/** A change that the sidecar refuses; its text goes to the caller. */
export class CountsRefused extends Error {}

const listMaxCapacity = 1000

export function createCounts(read: () => Status) {
  let counters = new Map<string, CounterChange>()
  let lists = new Map<string, ListChange>()

  const counter = (name: string, status = read()) => {
    const stored = status.counters[name]
    if (!stored) throw new CountsRefused('counter not found')
    const change = counters.get(name)
    const capacity = change?.capacity ?? stored.capacity
    const count = (change?.count ?? stored.count) + (change?.diff ?? 0)
    return { name, count: Math.max(0, Math.min(count, capacity)), capacity }
  }
  const list = (name: string, status = read()) => {
    const stored = status.lists[name]
    if (!stored) throw new CountsRefused('list not found')
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
    counter,
    list,
    updateCounter(request: { name: string; count?: number; capacity?: number; diff: number }) {
      const { capacity: known } = counter(request.name)
      const change = { ...(counters.get(request.name) ?? { diff: 0 }) }
      const nothing = request.count === undefined && request.capacity === undefined
      if (nothing && request.diff === 0) throw new CountsRefused('nothing to change')
      if (request.capacity !== undefined) {
        if (request.capacity < 0) throw new CountsRefused('capacity out of range')
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
        throw new CountsRefused('count out of range')
      }
      counters.set(request.name, change)
    },
    /** Only a mask that names the capacity changes it: a cluster ignores the rest. */
    updateList(name: string, capacity: number, paths: string[]) {
      list(name)
      if (capacity < 0 || capacity > listMaxCapacity) {
        throw new CountsRefused('capacity out of range')
      }
      if (paths.includes('capacity')) listChange(name).capacity = capacity
    },
    addListValue(name: string, value: string) {
      const { capacity, values } = list(name)
      if (values.length >= capacity) throw new CountsRefused('the list is full')
      if (values.includes(value)) throw new CountsRefused('already in the list')
      const change = listChange(name)
      change.remove.delete(value)
      change.add.push(value)
    },
    removeListValue(name: string, value: string) {
      if (!list(name).values.includes(value)) throw new CountsRefused('not in the list')
      const change = listChange(name)
      change.add = change.add.filter((added) => added !== value)
      change.remove.add(value)
    },
    /** Writes what is batched into the object and forgets it. */
    apply(draft: WireGameServer) {
      const applied = { counters, lists }
      for (const name of applied.counters.keys()) {
        const { count, capacity } = counter(name, draft.status)
        draft.status.counters[name] = { count, capacity }
      }
      for (const name of applied.lists.keys()) {
        const { capacity, values } = list(name, draft.status)
        draft.status.lists[name] = { capacity, values }
      }
      counters = new Map()
      lists = new Map()
    },
  }
}
