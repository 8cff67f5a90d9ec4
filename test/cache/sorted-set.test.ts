// The sorted set of the embedded Redis at size, where its chunks are cut and dropped, against a plain sort.
import { describe, expect, it } from 'vitest'
import { SortedSet } from '#shared/cache/sorted-set.ts'

/** A small generator, so that a run is the same everywhere. */
function draws(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

describe('a sorted set', () => {
  it('has the order of a plain sort while thousands of members come, move and go', () => {
    const draw = draws(7)
    const set = new SortedSet()
    const plain = new Map<string, number>()
    for (let i = 0; i < 20_000; i++) {
      const member = `m${draw(6000)}`
      if (draw(4) === 0) expect(set.remove(member)).toBe(plain.delete(member))
      else {
        const score = draw(50)
        set.set(member, score)
        plain.set(member, score)
      }
    }
    const order = [...plain]
      .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
      .map(([member]) => member)
    expect(set.size).toBe(order.length)
    expect(set.slice(0, set.size).map(({ member }) => member)).toEqual(order)
    for (let rank = 0; rank < order.length; rank += 37) {
      expect(set.rankOf(order[rank]!)).toBe(rank)
      expect(set.slice(rank, rank + 3).map(({ member }) => member)).toEqual(
        order.slice(rank, rank + 3),
      )
    }
    for (const member of order) set.remove(member)
    expect(set.size).toBe(0)
    expect(set.slice(0, 10)).toEqual([])
    set.set('again', 1)
    expect(set.rankOf('again')).toBe(0)
  })

  it('orders characters beyond the first plane by their bytes, as Redis does', () => {
    const set = new SortedSet()
    const members = ['a', '\uffff', '\u{1F600}', '\ue000', 'z', '\ud7ff', '']
    for (const member of members) set.set(member, 0)
    const byBytes = members.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(set.slice(0, 9).map(({ member }) => member)).toEqual(byBytes)
    for (const [rank, member] of byBytes.entries()) expect(set.rankOf(member)).toBe(rank)
  })
})
