// What operators do with leaderboards, in words.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'

export type BoardCommand = {
  do: 'leaderboard'
  board: string
  realmId: string | undefined
  reason: string
} & (
  | { verb: 'submit'; name: string; score: number }
  | { verb: 'remove'; who: string; season: number | undefined }
  | { verb: 'archive' | 'reset' }
  | { verb: 'rebuild'; season: number | undefined }
)

/** Does it, and goes on until it is done. Answers what there is to say. Throws ApiError. */
export async function actOnBoard(
  { leaderboards }: ApiClient<Api>,
  realmId: string,
  command: BoardCommand,
): Promise<{ answer: unknown; text: string }> {
  const { board, reason } = command
  const params = { realmId, board }
  switch (command.verb) {
    case 'submit': {
      const { name, score } = command
      const answer = await leaderboards.submit({ params, body: { name, score, reason } })
      return { answer, text: `${name} has ${answer.score} in season ${answer.season} of ${board}.` }
    }
    case 'remove': {
      const { who, season } = command
      const answer = await leaderboards.remove({ params, body: { who, season, reason } })
      return { answer, text: `${who} is off ${board}.` }
    }
    case 'archive':
    case 'reset': {
      const answer = await leaderboards[command.verb]({ params, body: { reason } })
      let more = true
      for (let again = false; more; again = true) {
        ;({ more } = await leaderboards.tidy({ params, body: { again, reason } }))
      }
      return {
        answer,
        text: `Season ${answer.ended} of ${board} is over; ${answer.season} goes on.`,
      }
    }
    case 'rebuild': {
      const { season } = command
      let answer = await leaderboards.rebuild({ params, body: { season, reason } })
      while (!answer.ready) {
        const { copy } = answer
        answer = await leaderboards.rebuild({ params, body: { season, copy, reason } })
      }
      return { answer, text: `The copy of ${board} is made anew.` }
    }
  }
}
