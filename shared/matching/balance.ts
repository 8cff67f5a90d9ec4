// Makes the teams of a match as equal as can be in one number, by exchanging tickets of the same size between the
// strongest and the weakest team. Each exchange makes the two averages more equal, so it ends.
import type { Draft } from './draft.ts'
import { isMatch, sumIn } from './draft.ts'

/** More exchanges than a match has players make it little better. */
const exchangesMax = 200

export function balance(draft: Draft): void {
  const { rules, teams } = draft
  if (rules.balanceBy === undefined || rules.document.algorithm.strategy !== 'balanced') return
  for (let i = 0; i < exchangesMax; i++) {
    const averages = draft.sums.map((sum, slot) => sum / Math.max(1, draft.sizes[slot]!))
    const filled = [...teams.keys()].filter((slot) => teams[slot]!.length > 0)
    const high = filled.reduce((a, b) => (averages[b]! > averages[a]! ? b : a), filled[0]!)
    const low = filled.reduce((a, b) => (averages[b]! < averages[a]! ? b : a), filled[0]!)
    if (!exchangeBest(draft, high, low, averages[high]! - averages[low]!)) return
  }
}

/** Exchanges the pair that leaves the smallest gap between two teams. False when none makes it smaller. */
function exchangeBest(draft: Draft, high: number, low: number, gap: number): boolean {
  const membersIn = (slot: number) =>
    draft.members.flatMap((entry, member) =>
      draft.slots[member] === slot && !entry.backfill
        ? [{ member, entry, worth: sumIn(draft.rules, entry.parts[0]!) }]
        : [],
    )
  const seats = 1 / draft.sizes[high]! + 1 / draft.sizes[low]!
  const others = membersIn(low)
  let least = gap - 1e-9
  let best: [number, number] | undefined
  for (const one of membersIn(high)) {
    for (const other of others) {
      const left = Math.abs(gap - (one.worth - other.worth) * seats)
      if (left >= least || one.entry.size !== other.entry.size) continue
      if (!mayExchange(draft, one.member, other.member)) continue
      least = left
      best = [one.member, other.member]
    }
  }
  if (best !== undefined) exchange(draft, ...best)
  return best !== undefined
}

function mayExchange(draft: Draft, a: number, b: number): boolean {
  const { rules, members, slots } = draft
  const kind = (member: number) => 1 << rules.kindOf[slots[member]!]!
  if ((members[a]!.kinds & kind(b)) === 0 || (members[b]!.kinds & kind(a)) === 0) return false
  // Rules of large matches do not tell teams apart.
  if (rules.large) return true
  exchange(draft, a, b)
  const stays = isMatch(draft)
  exchange(draft, a, b)
  return stays
}

function exchange({ rules, teams, sums, members, slots }: Draft, a: number, b: number): void {
  const [one, other] = [members[a]!.parts[0]!, members[b]!.parts[0]!]
  const [x, y] = [teams[slots[a]!]!, teams[slots[b]!]!]
  const moved = sumIn(rules, one) - sumIn(rules, other)
  sums[slots[a]!]! -= moved
  sums[slots[b]!]! += moved
  x[x.indexOf(one)] = other
  y[y.indexOf(other)] = one
  ;[slots[a], slots[b]] = [slots[b]!, slots[a]!]
}
