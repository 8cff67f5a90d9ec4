// What two players are to each other. One state for a pair: both sides change in one transaction, so there is
// no half of a friendship. Of all pairs of sides there are nine:
//
//   none none   sent received   friend friend   blocked none   blocked blocked   sent blocked
//
// and the same the other way round. `sent blocked`: who was blocked asks and is not told. His request waits for
// ever, as any other that is not answered.
import type { ProblemCode } from '#shared/problem.ts'

/** What the other one is to a player. `none` has no row. */
export type Side = 'none' | 'friend' | 'sent' | 'received' | 'blocked'

export type Pair = { readonly mine: Side; readonly theirs: Side }

/** `end`: a friendship, a request of mine, a request to me. */
export type Act = 'ask' | 'accept' | 'end' | 'block' | 'unblock'

/** What the other one hears. */
export type Told = 'friend.asked' | 'friend.accepted'

export type Next = Pair & { readonly told?: Told }

export type PairRefusal = Extract<ProblemCode, `friend.${string}`>

const nothing: Pair = { mine: 'none', theirs: 'none' }
const friends: Next = { mine: 'friend', theirs: 'friend', told: 'friend.accepted' }

/** The pair after an act of the player whose side is `mine`, or why there is none. */
export function next(act: Act, pair: Pair): Next | PairRefusal {
  switch (act) {
    case 'ask':
      return asked(pair)
    case 'accept':
      if (pair.mine === 'friend') return 'friend.already'
      return pair.mine === 'received' ? friends : 'friend.not_asked'
    case 'end':
      if (pair.mine === 'none' || pair.mine === 'blocked') return 'friend.not_found'
      return { ...nothing, theirs: kept(pair.theirs) }
    case 'block':
      return { mine: 'blocked', theirs: kept(pair.theirs) }
    case 'unblock':
      if (pair.mine !== 'blocked') return 'friend.not_found'
      return { ...nothing, theirs: kept(pair.theirs) }
  }
}

function asked({ mine, theirs }: Pair): Next | PairRefusal {
  switch (mine) {
    case 'none':
      if (theirs === 'blocked') return { mine: 'sent', theirs }
      return { mine: 'sent', theirs: 'received', told: 'friend.asked' }
    // Both have asked.
    case 'received':
      return friends
    case 'sent':
    case 'friend':
      return 'friend.already'
    case 'blocked':
      return 'friend.blocked'
  }
}

/** A block is his who made it: nothing that the other one does ends it. All else goes. */
function kept(theirs: Side): Side {
  return theirs === 'blocked' ? theirs : 'none'
}
