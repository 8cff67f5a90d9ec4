// Codes of refusals in words for players. A code without words of its own gets its title.
import { ApiError } from '#shared/api/client.ts'
import { passwordMinLength } from '#shared/limits.ts'

const WORDS: Record<string, string> = {
  network: 'The server does not answer. Check your connection and try again.',
  unexpected: 'Something between you and the server answered strangely. Try again in a moment.',
  'request.invalid': 'Something in what you entered does not fit. Please check it.',
  'request.rate_limited': 'That was too often. Please wait a moment.',
  'store.unavailable': 'The server is busy with itself. Please try again in a moment.',
  'auth.invalid_credentials': 'Name or password is wrong.',
  'auth.name_taken': 'Somebody already plays under this log-in name.',
  'auth.password_refused': 'This password is easy to guess. Take a phrase of your own.',
  'auth.session_revoked': 'You were logged out elsewhere. Please log in again.',
  'auth.refresh_refused': 'You were away for long. Please log in again.',
  'auth.banned': 'This account has been banned from the world.',
  'auth.required': 'Please log in again.',
  'character.name_taken': 'Somebody already bears this name.',
  'character.name_refused': 'This name is not allowed.',
  'character.limit': 'No more characters fit. Delete one first.',
  'character.in_play': 'This character is still in the world.',
  'character.not_found': 'This character is no longer there.',
  'play.session_active':
    'This character is still in the world elsewhere; waiting for it to come back.',
  'play.version': 'There is a newer version of the game. Please reload the page.',
  'protocol.version': 'There is a newer version of the game. Please reload the page.',
  'world.full': 'The world is full. You will be let in as soon as there is room.',
  replaced: 'This character went on playing in another window.',
  kicked: 'An operator has removed you from the world.',
  unreachable: 'The world could not be reached for a long time.',
  'host.shutdown': 'The world moves to another machine; coming back at once.',
}

/** What to tell a player about a code. */
export function words(code: string): string {
  return WORDS[code] ?? `Something went wrong (${code}).`
}

/** What to tell a player about an error. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) return WORDS[error.code] ?? `${error.message}.`
  console.error(error)
  return 'Something went wrong in the page. Please reload it.'
}

export const passwordHint = `At least ${passwordMinLength} characters; a phrase is best.`
