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
  const worth = ({ parts }: Entry) =>
    (parts[0]!.values[balanceBy] as readonly number[]).reduce((sum, each) => sum + each, 0)
  const membersIn = (slot: number) =>
    draft.members.flatMap((entry, member) =>
      draft.slots[member] === slot && !entry.backfill ? [{ member, entry, worth: worth(entry) }] : [],
    )
  const seats = 1 / sizeOf(draft.teams[high]!) + 1 / sizeOf(draft.teams[low]!)
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

function exchange({ teams, members, slots }: Draft, a: number, b: number): void {
  const [one, other] = [members[a]!.parts[0]!, members[b]!.parts[0]!]
  const [x, y] = [teams[slots[a]!]!, teams[slots[b]!]!]
  x[x.indexOf(one)] = other
  y[y.indexOf(other)] = one
  ;[slots[a], slots[b]] = [slots[b]!, slots[a]!]
}
