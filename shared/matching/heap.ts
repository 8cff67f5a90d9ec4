// A binary heap: the first of its items is known, and comes out in the time of a logarithm.
export type Heap<T> = { items: T[]; compare: (a: T, b: T) => number }

export const createHeap = <T>(compare: (a: T, b: T) => number): Heap<T> => ({ items: [], compare })

export function add<T>({ items, compare }: Heap<T>, item: T): void {
  let i = items.length
  items.push(item)
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (compare(items[parent]!, item) <= 0) break
    items[i] = items[parent]!
    i = parent
  }
  items[i] = item
}

export function takeFirst<T>({ items, compare }: Heap<T>): T | undefined {
  const first = items[0]
  const last = items.pop()
  if (items.length === 0 || last === undefined) return first
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= items.length) break
    if (child + 1 < items.length && compare(items[child + 1]!, items[child]!) < 0) child++
    if (compare(last, items[child]!) <= 0) break
    items[i] = items[child]!
    i = child
  }
  items[i] = last
  return first
}

/** Leaves out what is not wanted any more. */
export function keep<T>(heap: Heap<T>, wanted: (item: T) => boolean): void {
  const items = heap.items.filter(wanted).sort(heap.compare)
  heap.items = items
}
