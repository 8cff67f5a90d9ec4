// How strong a player is, by the Plackett-Luce model of Weng and Lin, "A Bayesian Approximation Method for Online
// Ranking" (2011), from the library openskill: a belief with a mean and a doubt, for teams of any size and number.
import { rate } from 'openskill'

/** `mu`: how strong. `sigma`: how far off that may be. */
export type Rating = { mu: number; sigma: number }

/** Of who has played nothing yet: the model's own. */
export const firstRating: Rating = { mu: 25, sigma: 25 / 3 }

/** A match adds a little doubt, so that who has played much can still rise and fall. */
const tau = firstRating.mu / 300

/** Points of one `mu`: everybody begins with 1,500. */
const pointsOfMu = 60

/** One number, for players and for rule sets. */
export function skillOf({ mu }: Rating): number {
  return Math.round(mu * pointsOfMu)
}

/** Rows hold whole numbers. */
const finest = 1_000_000

/** A rating as rows hold it, in millionths. */
export function storedRating({ mu, sigma }: Rating) {
  return { muMillionths: Math.round(mu * finest), sigmaMillionths: Math.round(sigma * finest) }
}

export function ratingIn(stored: { muMillionths: number; sigmaMillionths: number }): Rating {
  return { mu: stored.muMillionths / finest, sigma: stored.sigmaMillionths / finest }
}

/** The ratings after a match, in the same order and as rows hold them. `places`: of each team, 1 is first; equal places are a draw. */
export function rateMatch(
  teams: readonly (readonly Rating[])[],
  places: readonly number[],
): Rating[][] {
  // With one team there is nobody to be better than.
  if (teams.length < 2) return teams.map((team) => team.map(({ mu, sigma }) => ({ mu, sigma })))
  const given = teams.map((team) => team.map(({ mu, sigma }) => ({ mu, sigma })))
  return rate(given, { rank: [...places], tau }).map((team) =>
    team.map((one) => ratingIn(storedRating(one))),
  )
}
