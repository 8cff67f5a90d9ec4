// Makes the teams of a match as equal as can be in one number, by exchanging tickets of the same size between the
// strongest and the weakest team. Each exchange makes the two averages more equal, so it ends.
import type { Draft } from './draft.ts'
import { isMatch } from './draft.ts'
import { sizeOf } from './entry.ts'
import type { Entry } from './lineup.ts'

/** More exchanges than a match has players make it little better. */
const exchangesMax = 200

export function balance(draft: Draft): void {
  const { rules, teams } = draft
  const { balanceBy } = rules
  if (balanceBy === undefined || rules.document.algorithm.strategy !== 'balanced') return
  const totalOf = (slot: number) =>
    teams[slot]!.flatMap(({ values }) => values[balanceBy] as readonly number[]).reduce(
      (sum, each) => sum + each,
      0,
    )
  for (let i = 0; i < exchangesMax; i++) {
    const averages = teams.map((team, slot) => totalOf(slot) / Math.max(1, sizeOf(team)))
    const filled = [...teams.keys()].filter((slot) => teams[slot]!.length > 0)
    const high = filled.reduce((a, b) => (averages[b]! > averages[a]! ? b : a), filled[0]!)
    const low = filled.reduce((a, b) => (averages[b]! < averages[a]! ? b : a), filled[0]!)
    if (!exchangeBest(draft, high, low, averages[high]! - averages[low]!, balanceBy)) return
  }
}

/** Exchanges the pair that leaves the smallest gap between two teams. False when none makes it smaller. */
function exchangeBest(
  draft: Draft,
  high: number,
  low: number,
  gap: number,
  balanceBy: number,
): boolean {
  const worth = (entry: Entry) =>
    (entry.parts[0]!.values[balanceBy] as readonly number[]).reduce((sum, each) => sum + each, 0)
  const seats = 1 / sizeOf(draft.teams[high]!) + 1 / sizeOf(draft.teams[low]!)
  const pairs: { a: number; b: number; left: number }[] = []
  for (const [a, of] of draft.slots.entries()) {
    if (of !== high || draft.members[a]!.backfill) continue
    for (const [b, at] of draft.slots.entries()) {
      if (at !== low || draft.members[b]!.size !== draft.members[a]!.size) continue
      if (!mayExchange(draft, a, b)) continue
      const moved = worth(draft.members[a]!) - worth(draft.members[b]!)
      const left = Math.abs(gap - moved * seats)
      if (left < gap - 1e-9) pairs.push({ a, b, left })
    }
  }
  pairs.sort((x, y) => x.left - y.left)
  for (const { a, b } of pairs) {
    exchange(draft, a, b)
    if (draft.rules.large || isMatch(draft)) return true
    exchange(draft, a, b)
  }
  return false
}

function mayExchange({ rules, members, slots }: Draft, a: number, b: number): boolean {
  const kind = (member: number) => 1 << rules.kindOf[slots[member]!]!
  return (members[a]!.kinds & kind(b)) !== 0 && (members[b]!.kinds & kind(a)) !== 0
}

function exchange({ teams, members, slots }: Draft, a: number, b: number): void {
  const [one, other] = [members[a]!.parts[0]!, members[b]!.parts[0]!]
  const [x, y] = [teams[slots[a]!]!, teams[slots[b]!]!]
  x[x.indexOf(one)] = other
  y[y.indexOf(other)] = one
  ;[slots[a], slots[b]] = [slots[b]!, slots[a]!]
}
