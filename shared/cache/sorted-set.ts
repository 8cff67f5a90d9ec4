// A sorted set as Redis has it: members with scores, in the order of score and then of the member's bytes. The
// entries lie in chunks of bounded size, so a change moves a few hundred entries and a rank adds up the sizes of
// the chunks before: microseconds with a million members, and half the code of a skip list with spans.

type Scored = { readonly member: string; readonly score: number }

/** A chunk is cut in two when it has so many. */
const chunkMax = 1024
/** A code unit that takes part in the order of bytes otherwise than in that of code units. */
const wide = /[\ud800-\uffff]/

/** The order of UTF-8, in which surrogate pairs come after all other characters. */
function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

const byteRank = (unit: number) =>
  unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800

export class SortedSet {
  private readonly scores = new Map<string, number>()
  private readonly chunks: Scored[][] = []
  private plain = true

  get size(): number {
    return this.scores.size
  }

  scoreOf(member: string): number | undefined {
    return this.scores.get(member)
  }

  /** Negative when the first comes before the second. */
  compareMembers(a: string, b: string): number {
    if (!this.plain || wide.test(a) || wide.test(b)) return compareBytes(a, b)
    return a < b ? -1 : a > b ? 1 : 0
  }

  set(member: string, score: number): void {
    const before = this.scores.get(member)
    if (before === score) return
    if (before !== undefined) this.remove(member)
    if (this.plain && wide.test(member)) this.plain = false
    this.scores.set(member, score)
    // Never empty but when the set is: an emptied chunk is dropped.
    const at = Math.max(
      0,
      this.chunkBefore((entry) => this.isBefore(entry, score, member)),
    )
    const chunk = this.chunks[at] ?? []
    if (this.chunks.length === 0) this.chunks.push(chunk)
    const place = countWhile(chunk, (entry) => this.isBefore(entry, score, member))
    chunk.splice(place, 0, { member, score })
    if (chunk.length >= chunkMax) this.chunks.splice(at + 1, 0, chunk.splice(chunkMax / 2))
  }

  remove(member: string): boolean {
    const score = this.scores.get(member)
    if (score === undefined) return false
    const { at, place } = this.find(member, score)
    this.scores.delete(member)
    const chunk = this.chunks[at]!
    chunk.splice(place, 1)
    if (chunk.length === 0) this.chunks.splice(at, 1)
    return true
  }

  /** How many come before the member; undefined when it is not there. */
  rankOf(member: string): number | undefined {
    const score = this.scores.get(member)
    if (score === undefined) return undefined
    const { at, place } = this.find(member, score)
    return this.sizeBefore(at) + place
  }

  /** How many of the first entries fulfil a condition that none fulfils after one that does not. */
  countWhile(isIn: (entry: Scored) => boolean): number {
    const at = this.chunkBefore(isIn)
    return at < 0 ? 0 : this.sizeBefore(at) + countWhile(this.chunks[at]!, isIn)
  }

  /** The entries from rank `from` on, `to` not among them. */
  slice(from: number, to: number): Scored[] {
    const found: Scored[] = []
    let start = 0
    for (const chunk of this.chunks) {
      if (start >= to) break
      if (start + chunk.length > from) {
        found.push(...chunk.slice(Math.max(0, from - start), to - start))
      }
      start += chunk.length
    }
    return found
  }

  private isBefore(entry: Scored, score: number, member: string): boolean {
    if (entry.score !== score) return entry.score < score
    return this.compareMembers(entry.member, member) < 0
  }

  private find(member: string, score: number): { at: number; place: number } {
    const isUpTo = (entry: Scored) => this.isBefore(entry, score, member) || entry.member === member
    const at = this.chunkBefore(isUpTo)
    return { at, place: countWhile(this.chunks[at]!, isUpTo) - 1 }
  }

  /** The last chunk whose first entry fulfils the condition; -1 for none. */
  private chunkBefore(isIn: (entry: Scored) => boolean): number {
    return countWhile(this.chunks, (chunk) => isIn(chunk[0]!)) - 1
  }

  private sizeBefore(at: number): number {
    let size = 0
    for (let i = 0; i < at; i++) size += this.chunks[i]!.length
    return size
  }
}

/** Of a list whose first entries fulfil the condition, and no others. */
function countWhile<T>(list: readonly T[], isIn: (entry: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isIn(list[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
