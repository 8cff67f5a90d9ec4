// When a season begins and ends, by UTC: days, weeks from Monday on, and months. Days are counted by number, so no
// clock change makes one longer.
import type { Leaderboard } from '../content/content.ts'

export type Period = { startsAt: number; endsAt?: number }

const dayMs = 24 * 60 * 60 * 1000
/** 1 January 1970 was a Thursday: day -3 was a Monday. */
const mondayOffset = 3

/** The season that `now` lies in. Without an end for a board that an operator ends, or nobody. */
export function periodAt(season: Leaderboard['season'], now: number): Period {
  const day = Math.floor(now / dayMs)
  switch (season) {
    case 'none':
    case 'byHand':
      return { startsAt: now }
    case 'day':
      return { startsAt: day * dayMs, endsAt: (day + 1) * dayMs }
    case 'week': {
      const monday = day - ((((day + mondayOffset) % 7) + 7) % 7)
      return { startsAt: monday * dayMs, endsAt: (monday + 7) * dayMs }
    }
    case 'month': {
      const at = new Date(now)
      const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
      return { startsAt: Date.UTC(year, month), endsAt: Date.UTC(year, month + 1) }
    }
  }
}

/** When rows of a season may be deleted: when as many seasons have followed as are kept, and one more. */
export function expiryOf(
  { startsAt, endsAt }: Period,
  { kept }: Pick<Leaderboard, 'kept'>,
): number | undefined {
  if (endsAt === undefined) return undefined
  // A month may be three days shorter than the next one.
  return endsAt + (kept + 1) * (endsAt - startsAt + 3 * dayMs)
}
