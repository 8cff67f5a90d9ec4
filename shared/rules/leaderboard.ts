// How a zone hands in a result to a leaderboard of the content: by an effect, so that it counts once.
import * as z from 'zod'
import { contentId } from '../api/names.ts'

/** Kind and body of an effect; it is passed to `zone.effect`, with the id of the result. */
export type Submission = { kind: string; body: { score: number; season?: number } }

/** What the effect answers. `score`: what the board keeps now. `changed`: this result has changed it. */
export type SubmissionAnswer = { score: number; season: number; changed: boolean }

export const submission = z.strictObject({
  score: z.int(),
  season: z.int().min(1).optional(),
})

export const submissionKind = (board: string) => `board.${board}`

/**
 * The leaderboard of that id, as a zone knows it. A result counts in the season in which the store takes it. With
 * `season`, the number that an earlier answer gave, it is refused as `leaderboard.over` in any other one.
 */
export function leaderboard(id: string): {
  submit(score: number, season?: number): Submission
} {
  const kind = submissionKind(contentId.parse(id))
  return {
    submit(score, season) {
      const body = season === undefined ? { score } : { score, season }
      if (submission.safeParse(body).success) return { kind, body }
      throw new RangeError(`${score} is no score for ${id}`)
    },
  }
}
