// Ratings against the paper itself: Weng and Lin (2011), algorithm 4, written down again from its formulas.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstRating, rateMatch, skillOf } from '#shared/results/rating.ts'
import type { Rating } from '#shared/results/rating.ts'

const beta2 = (25 / 6) ** 2
const tau2 = (25 / 300) ** 2
const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)

function byThePaper(given: readonly (readonly Rating[])[], places: readonly number[]): Rating[][] {
  const teams = given.map((team) =>
    team.map(({ mu, sigma }) => ({ mu, sigma: Math.sqrt(sigma ** 2 + tau2) })),
  )
  const mu = teams.map((team) => sum(team.map((one) => one.mu)))
  const sigma2 = teams.map((team) => sum(team.map((one) => one.sigma ** 2)))
  const c = Math.sqrt(sum(sigma2.map((one) => one + beta2)))
  const among = (test: (place: number, index: number) => boolean) =>
    places.flatMap((place, index) => (test(place, index) ? [index] : []))
  return teams.map((team, i) => {
    let [omega, delta] = [0, 0]
    for (const q of among((place) => place <= places[i]!)) {
      const below = sum(among((place) => place >= places[q]!).map((s) => Math.exp(mu[s]! / c)))
      const equal = among((place) => place === places[q]).length
      const share = Math.exp(mu[i]! / c) / below
      omega += ((q === i ? 1 - share : -share) * (sigma2[i]! / c)) / equal
      delta += ((sigma2[i]! / c ** 2) * share * (1 - share)) / equal
    }
    delta *= Math.sqrt(sigma2[i]!) / c
    return team.map((one) => {
      const part = one.sigma ** 2 / sigma2[i]!
      const left = Math.sqrt(Math.max(1 - part * delta, 0.0001))
      return { mu: one.mu + part * omega, sigma: one.sigma * left }
    })
  })
}

const rating = fc.record({
  mu: fc.double({ min: 0, max: 60, noNaN: true }),
  sigma: fc.double({ min: 0.5, max: 10, noNaN: true }),
})
const game = fc
  .array(fc.array(rating, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 6 })
  .chain((teams) =>
    fc.record({
      teams: fc.constant(teams),
      places: fc.array(fc.integer({ min: 1, max: teams.length }), {
        minLength: teams.length,
        maxLength: teams.length,
      }),
    }),
  )

describe('ratings', () => {
  it('are those of the paper, for teams of any number and size, and draws', () => {
    fc.assert(
      fc.property(game, ({ teams, places }) => {
        const rated = rateMatch(teams, places)
        for (const [t, team] of byThePaper(teams, places).entries()) {
          for (const [p, one] of team.entries()) {
            expect(rated[t]![p]!.mu).toBeCloseTo(one.mu, 5)
            expect(rated[t]![p]!.sigma).toBeCloseTo(one.sigma, 5)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('have the published figures for two who begin', () => {
    // https://openskill.me: 27.63523138347365 and 8.065506316323548, without the doubt that a match adds.
    const [[won], [lost]] = rateMatch([[firstRating], [firstRating]], [1, 2]) as [
      [Rating],
      [Rating],
    ]
    expect(won.mu).toBeCloseTo(27.635, 2)
    expect(lost.mu).toBeCloseTo(22.365, 2)
    expect(won.sigma).toBeCloseTo(8.0655, 2)
    expect([firstRating, won, lost].map(skillOf)).toEqual([1500, 1658, 1342])
  })

  it('stay where there is nobody else', () => {
    expect(rateMatch([[firstRating, firstRating]], [1])).toEqual([[firstRating, firstRating]])
  })
})
