// Codes of refusals in words for players. A code without words of its own gets its title.
import { ApiError } from '#shared/api/client.ts'
import { passwordMinLength } from '#shared/limits.ts'

const WORDS: Record<string, string> = {
  network: 'The server does not answer. Check your connection and try again.',
  unexpected: 'The answer did not come from the game server. Check your connection and try again.',
  'request.invalid': 'The server does not accept what you entered. Please check it.',
  'request.rate_limited': 'You did that too often. Please wait a moment.',
  'store.unavailable': 'The server cannot save or load just now. Please try again in a moment.',
  'auth.invalid_credentials': 'Name or password is wrong.',
  'auth.name_taken': 'This log-in name is taken.',
  'auth.name_refused': 'This log-in name is not allowed.',
  'auth.password_refused': 'This password is easy to guess. Take a phrase of your own.',
  'auth.session_revoked': 'You were logged out elsewhere. Please log in again.',
  'auth.refresh_refused': 'You were away for a long time. Please log in again.',
  'auth.banned': 'This account has been banned from the world.',
  'auth.required': 'Please log in again.',
  'auth.expired': 'Please log in again.',
  'auth.second_factor': 'This account needs a code of its authenticator.',
  'auth.device_refused':
    'The account of this browser is opened by its log-in name and password now. Log in with them, or play as guest ' +
    'once more to begin anew.',
  'auth.busy': 'Many people are logging in just now. Please try again in a moment.',
  'auth.erasing': 'This account is being erased.',
  'auth.proof_refused': 'The password is wrong, or another browser has this account.',
  'auth.ticket_refused': 'The log-in took too long. Please log in again.',
  'auth.code_refused': 'This code is wrong, or it was used.',
  'auth.second_factor_on': 'This account has an authenticator already.',
  'auth.second_factor_off': 'This account has no authenticator.',
  'auth.has_login_name': 'This account has a log-in name already.',
  'auth.no_login_name': 'This account has no log-in name yet.',
  'auth.email_off': 'This server sends no e-mail.',
  'auth.email_unavailable': 'The e-mail could not be sent. Please try again in a moment.',
  'auth.email_taken': 'Another account has this e-mail address.',
  'auth.secret_refused': 'This link was used, or it is too old.',
  'auth.provider_unknown': 'One cannot sign in that way here.',
  'auth.provider_refused': 'The sign-in was not confirmed.',
  'auth.provider_unavailable': 'The other service does not answer. Please try again in a moment.',
  'auth.provider_linked': 'This account has such a sign-in already.',
  'auth.identity_taken': 'This sign-in belongs to another account.',
  'auth.identity_unknown': 'This account has no such sign-in.',
  'auth.last_way_in': 'This is the last way into the account. Add another one first.',
  'auth.session_unknown': 'This session has ended already.',
  'character.renamed_lately': 'It was renamed less than 30 days ago.',
  'character.not_deleted': 'This character is not deleted.',
  'character.restore_late': 'It was deleted more than 30 days ago.',
  'chat.muted': 'You may not write to others just now. See People, Rules.',
  'request.cursor': 'The list has changed meanwhile. Please try again.',
  'realm.unknown': 'This realm is no longer there. Please reload the page.',
  'character.name_taken': 'This name is taken.',
  'character.name_refused': 'This name is not allowed.',
  'character.unknown_race': 'This people is not in the game any more. Please choose another.',
  'character.unknown_job': 'This calling is not in the game any more. Please choose another.',
  'character.limit': 'You cannot have more characters. Delete one first.',
  'character.in_play': 'This character is still in the world.',
  'character.not_found': 'This character is no longer there.',
  'play.session_active': 'This character is still in the world. You enter as soon as it has left.',
  'play.version': 'There is a newer version of the game. Please reload the page.',
  'protocol.version': 'There is a newer version of the game. Please reload the page.',
  'world.maintenance': 'The realm is closed for maintenance. Please come back later.',
  'chat.not_found': 'You are in no such channel just now.',
  'chat.elsewhere': 'You are in another zone by now. Your line was not sent.',
  'chat.slow': 'Not so fast here. Wait a moment, then say it again.',
  'chat.text': 'This line is not allowed.',
  'chat.unknown': 'Nobody here has this name.',
  'chat.self': 'That is yourself.',
  'chat.blocked': 'You have blocked this player. Unblock first.',
  'leaderboard.season_unknown': 'This season is not kept any more.',
  'leaderboard.unavailable': 'Ranks cannot be told just now. Please try again in a moment.',
  'leaderboard.rebuilding': 'The ranks are being counted. Please try again in a moment.',
  'login_queue.over': 'Your place in the login queue is gone. Enter again.',
  'world.full': 'The world is full. You will be let in as soon as there is room.',
  'queue.unknown': 'This queue is not there any more.',
  'queue.closed': 'This queue is closed for now.',
  'queue.choice': 'Choose what you play first.',
  'queue.too_many': 'Your party is too large for this queue.',
  'queue.unfit': 'Your party can never be matched like this. Choose otherwise.',
  'queue.waiting': 'You, or one of your party, wait in a queue already.',
  'queue.penalty': 'You, or one of your party, did not come to a match. Wait a minute.',
  'queue.none': 'You are in no queue.',
  'match.found': 'A match is found. Accept or decline it.',
  'match.over': 'This match is over.',
  'instance.unknown': 'This place is over.',
  'party.not_leader': 'Only the leader of your party can do that.',
  'instance.too_many': 'Your party is too large for this place.',
  'world.busy': 'Many people are coming in just now. Please try again in a moment.',
  'content.not_found': 'A part of the world is missing on the server. Please try again later.',
  'internal.error': 'The server made a mistake. Please try again in a moment.',
  'operation.superseded': 'This request was answered before. Please try again.',
  replaced: 'You now play this character in another window. Enter to play here again.',
  'social.replaced': 'Another window shows what is new. Reload this one to see it here.',
  'logged-out': 'You logged out in another window.',
  kicked: 'An operator has removed you from the world.',
  maintenance: 'The realm is closed for maintenance. Everything is saved.',
  unreachable: 'The world could not be reached for a long time. Enter to try again.',
  'client.defect': 'Something went wrong in the page. Please reload it.',
  'host.shutdown': 'The world moves to another machine. You come back in a moment.',
}

/** What a player reads for a code. */
export function words(code: string): string {
  return WORDS[code] ?? `Something went wrong (${code}).`
}

/** What a player reads for an error. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError && error.code === 'request.rate_limited') {
    const minutes = Math.ceil((error.retryAfterS ?? 0) / 60)
    return minutes > 1
      ? `You did that too often. Please wait ${minutes} minutes.`
      : words(error.code)
  }
  if (error instanceof ApiError) return WORDS[error.code] ?? `${error.message}.`
  console.error(error)
  return 'Something went wrong in the page. Please reload it.'
}

/** The same where the player is known, and shows his password again. */
export function ownWordsOf(error: unknown): string {
  const isWrong = error instanceof ApiError && error.code === 'auth.invalid_credentials'
  return isWrong ? 'The password is wrong.' : wordsOf(error)
}

export const passwordHint = `At least ${passwordMinLength} characters; a phrase is best.`
