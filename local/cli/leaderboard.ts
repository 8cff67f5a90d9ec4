// What operators do with leaderboards, in words.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { UsageError, numberOf, only, reasonOf } from './typed.ts'
import type { Values } from './typed.ts'

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

/** Throws UsageError. */
export function boardCommandOf(verb: string, given: string[], values: Values): BoardCommand {
  const name = `leaderboard ${verb}`
  const [board, ...rest] = given
  const about = {
    do: 'leaderboard' as const,
    board: only(name, 'a leaderboard', board === undefined ? [] : [board]),
    realmId: values.realm,
    reason: reasonOf(values),
  }
  const season = numberOf('--season', values.season, 999_999)
  switch (verb) {
    case 'submit': {
      const score = Number(values.score ?? Number.NaN)
      if (!Number.isSafeInteger(score)) throw new UsageError('--score is a whole number.')
      return { ...about, verb, name: only(name, 'the name of a character', rest), score }
    }
    case 'remove':
      return { ...about, verb, who: only(name, 'a character or an id', rest), season }
    case 'archive':
    case 'reset':
      only(name, 'a leaderboard', given)
      return { ...about, verb }
    case 'rebuild':
      only(name, 'a leaderboard', given)
      return { ...about, verb, season }
  }
  throw new UsageError(`There is no command \`${name.trim()}\`.`)
}

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
