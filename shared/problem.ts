// The one table of refusals: stable code, HTTP status, title (RFC 9457).
// A code is part of the API: it may be added, never renamed. `detail` never echoes input.

export const PROBLEMS = {
  'request.malformed': { status: 400, title: 'The request could not be read' },
  'request.invalid': { status: 400, title: 'The request does not fit its schema' },
  'request.cursor': { status: 422, title: 'The cursor is not one of this list' },
  'request.too_large': { status: 413, title: 'The request body is too large' },
  'request.media_type': { status: 415, title: 'The body must be application/json' },
  'request.rate_limited': { status: 429, title: 'Too many requests' },
  'route.not_found': { status: 404, title: 'There is no such route' },
  'route.method_not_allowed': { status: 405, title: 'The route does not take this method' },

  'operation.missing': { status: 400, title: 'This request needs an Idempotency-Key (UUIDv7)' },
  'operation.invalid': { status: 400, title: 'The Idempotency-Key is not a UUIDv7' },
  'operation.too_old': { status: 409, title: 'The Idempotency-Key is older than 30 days' },
  'operation.from_future': {
    status: 409,
    title: 'The Idempotency-Key is more than 5 minutes ahead of the server',
  },
  'operation.mismatch': {
    status: 409,
    title: 'This Idempotency-Key was used with another request',
  },
  'operation.superseded': {
    status: 409,
    title: 'The session of this request has moved on; send a new request',
  },

  'auth.required': { status: 401, title: 'A valid access token is required' },
  'auth.expired': { status: 401, title: 'The access token has expired' },
  'auth.invalid_credentials': { status: 401, title: 'Login name or password is wrong' },
  'auth.name_taken': { status: 409, title: 'This login name is taken' },
  'auth.name_refused': { status: 422, title: 'This login name is not allowed' },
  'auth.password_refused': { status: 422, title: 'This password is too easy to guess' },
  'auth.refresh_refused': { status: 401, title: 'The refresh token is not valid' },
  'auth.busy': { status: 503, title: 'Too many log-ins at once; try again' },
  'auth.session_revoked': { status: 401, title: 'The session was ended' },
  'auth.forbidden': { status: 403, title: 'This needs an operator' },
  'auth.banned': { status: 403, title: 'This account is banned' },
  'auth.erasing': { status: 403, title: 'This account is being erased' },
  'auth.proof_refused': {
    status: 403,
    title: 'The password or the device secret is not that of this account',
  },
  'auth.device_refused': { status: 401, title: 'The account of this device has another way in' },
  'auth.second_factor': { status: 401, title: 'A code of the second factor is needed' },
  'auth.ticket_refused': { status: 401, title: 'The log-in took too long; log in again' },
  'auth.code_refused': { status: 401, title: 'The code is wrong or was used' },
  'auth.second_factor_on': { status: 409, title: 'The account has a second factor' },
  'auth.second_factor_off': { status: 409, title: 'The account has no second factor' },
  'auth.has_login_name': { status: 409, title: 'The account has a log-in name' },
  'auth.no_login_name': { status: 409, title: 'The account has no log-in name yet' },
  'auth.email_off': { status: 409, title: 'E-mail is not set up here' },
  'auth.email_unavailable': { status: 503, title: 'The e-mail could not be sent; try again' },
  'auth.email_taken': { status: 409, title: 'Another account has this e-mail address' },
  'auth.secret_refused': { status: 401, title: 'The link was used, or has expired' },
  'auth.provider_unknown': { status: 404, title: 'There is no such way to sign in here' },
  'auth.provider_refused': { status: 401, title: 'The sign-in was not confirmed' },
  'auth.provider_unavailable': { status: 503, title: 'The provider does not answer; try again' },
  'auth.provider_linked': { status: 409, title: 'The account has an identity of this provider' },
  'auth.identity_taken': { status: 409, title: 'This identity belongs to another account' },
  'auth.identity_unknown': { status: 404, title: 'The account has no identity of this provider' },
  'auth.last_way_in': { status: 409, title: 'This is the last way into the account' },
  'auth.session_unknown': { status: 404, title: 'The account has no such session' },

  'realm.unknown': { status: 404, title: 'There is no such realm' },
  'realm.elsewhere': { status: 421, title: 'This realm is served at another address' },

  'character.not_found': { status: 404, title: 'There is no such character' },
  'character.name_taken': { status: 409, title: 'This name is taken in this realm' },
  'character.name_refused': { status: 422, title: 'This name is not allowed' },
  'character.renamed_lately': { status: 409, title: 'It was renamed less than 30 days ago' },
  'character.not_deleted': { status: 409, title: 'The character is not deleted' },
  'character.restore_late': { status: 409, title: 'It was deleted more than 30 days ago' },
  'character.limit': { status: 409, title: 'No more characters fit into this account' },
  'character.unknown_race': { status: 422, title: 'There is no such race' },
  'character.unknown_job': { status: 422, title: 'There is no such job, or not for this race' },
  'character.in_play': { status: 409, title: 'The character is in the world' },

  'friend.unknown': { status: 422, title: 'Nobody here has this name' },
  'friend.not_asked': { status: 409, title: 'This player has not asked you' },
  'friend.self': { status: 422, title: 'This is your own character' },
  'friend.already': { status: 409, title: 'You are friends, or have asked already' },
  'friend.not_found': { status: 404, title: 'There is no such friend, request or block' },
  'friend.blocked': { status: 409, title: 'You have blocked this player; unblock first' },
  'friend.limit': { status: 409, title: 'No more fit into your list' },
  'friend.full': { status: 409, title: 'No more fit into the list of the other player' },

  'report.unknown': { status: 422, title: 'You can read no such thing here' },
  'report.self': { status: 422, title: 'This is your own' },
  'report.text': {
    status: 422,
    title: 'The text has characters that hide, pile up or turn around',
  },
  'report.not_found': { status: 404, title: 'There is no such report' },
  'report.decided': { status: 409, title: 'This was decided before' },
  'report.remove': { status: 422, title: 'Only a text of a guild can be removed' },
  'report.time': { status: 422, title: 'A mute and a ban last for a time, nothing else does' },
  'sanction.not_found': { status: 404, title: 'There is no such sanction' },
  'sanction.appealed': { status: 409, title: 'There is an appeal of this sanction already' },
  'sanction.over': { status: 409, title: 'This sanction is over' },

  'chat.muted': { status: 403, title: 'You may write nothing to others for a time' },

  'mail.unknown': { status: 422, title: 'Nobody here has this name' },
  'mail.self': { status: 422, title: 'This is the character who writes' },
  'presence.text': {
    status: 422,
    title: 'The status is blank, or has characters that hide, pile up or turn around',
  },
  'mail.text': { status: 422, title: 'The text has characters that hide, pile up or turn around' },
  'mail.blocked': { status: 409, title: 'You have blocked this player; unblock first' },
  'mail.unread': { status: 409, title: 'Your earlier letters there are still unread' },
  'mail.full': { status: 409, title: 'The inbox is full' },
  'mail.not_found': { status: 404, title: 'There is no such letter' },
  'chat.not_found': { status: 404, title: 'The character has no such channel' },
  'chat.elsewhere': { status: 409, title: 'The character is in another zone' },
  'chat.slow': { status: 429, title: 'Not so fast in this channel' },
  'chat.text': { status: 422, title: 'The text has characters that hide, pile up or turn around' },
  'chat.unknown': { status: 422, title: 'Nobody here has this name' },
  'chat.self': { status: 422, title: 'This is your own character' },
  'chat.blocked': { status: 409, title: 'You have blocked this player; unblock first' },
  'party.not_found': { status: 404, title: 'There is no such party or member' },
  'party.not_invited': { status: 404, title: 'There is no such invite, or it has expired' },
  'party.already': { status: 409, title: 'The character is in a party' },
  'party.self': { status: 422, title: 'This is your own character' },
  'party.not_leader': { status: 403, title: 'Only the leader of the party may do that' },
  'party.full': { status: 409, title: 'The party is full' },
  'party.limit': { status: 409, title: 'Too many invites of this party wait for an answer' },
  'party.not_asked': { status: 409, title: 'Nobody asks whether you are ready' },

  'guild.not_found': { status: 404, title: 'There is no such guild' },
  'guild.unknown': { status: 422, title: 'Nobody here has this name' },
  'guild.name_taken': { status: 409, title: 'A guild of this realm has this name' },
  'guild.name_refused': { status: 422, title: 'This name is not allowed' },
  'guild.text_refused': { status: 422, title: 'This text is not allowed' },
  'guild.not_member': { status: 403, title: 'Your character is not in this guild' },
  'guild.forbidden': { status: 403, title: 'Your rank does not allow this' },
  'guild.rank_too_low': { status: 403, title: 'This needs a rank above it' },
  'guild.member_unknown': { status: 422, title: 'The guild has no such member' },
  'guild.in_guild': { status: 409, title: 'The character is in a guild' },
  'guild.waiting': { status: 409, title: 'An invite or an application of this character waits' },
  'guild.not_waiting': { status: 409, title: 'There is no such invite or application' },
  'guild.expired': { status: 409, title: 'The invite or application has expired' },
  'guild.full': { status: 409, title: 'No more members fit into the guild' },
  'guild.limit': { status: 409, title: 'No more invites or applications fit' },
  'guild.unreachable': { status: 409, title: 'The other one cannot be reached now' },
  'guild.blocked': { status: 409, title: 'You have blocked this player; unblock first' },
  'guild.leader': { status: 409, title: 'The leader hands over first, or disbands the guild' },
  'guild.rank_unknown': { status: 422, title: 'The guild has no such rank' },
  'guild.rank_in_use': { status: 409, title: 'A rank that goes has members' },
  'guild.ranks_refused': {
    status: 422,
    title: 'Ranks need the leader first, another one, and no id twice',
  },

  'leaderboard.not_found': { status: 404, title: 'There is no such leaderboard' },
  'leaderboard.season_unknown': { status: 422, title: 'This season is not kept, or never was' },
  'leaderboard.unranked': { status: 404, title: 'This one is not on the leaderboard' },
  'leaderboard.of_guilds': { status: 409, title: 'This is a leaderboard of guilds' },
  'leaderboard.unavailable': { status: 503, title: 'Ranks cannot be told now' },
  'leaderboard.rebuilding': { status: 503, title: 'Ranks are being rebuilt; ask again soon' },
  'leaderboard.unknown': { status: 422, title: 'Nobody here has this name' },
  'leaderboard.over': { status: 409, title: 'This season is over' },
  'leaderboard.no_guild': { status: 409, title: 'The character is in no guild' },
  'leaderboard.full': { status: 409, title: 'The sum would be no safe integer' },

  'play.session_active': { status: 409, title: 'The character is still in play elsewhere' },
  'social.unavailable': { status: 503, title: 'There is no social socket here' },
  'play.version': { status: 409, title: 'The client does not speak a version served here' },
  'queue.unknown': { status: 404, title: 'There is no such queue' },
  'queue.choice': { status: 422, title: 'A member has not chosen what the queue asks for' },
  'queue.too_many': { status: 409, title: 'Your party fits in no team' },
  'queue.unfit': { status: 422, title: 'No match of this queue could ever hold this ticket' },
  'queue.waiting': { status: 409, title: 'A member is in a queue, or in a match that begins' },
  'queue.penalty': { status: 409, title: 'A member has left a match, and has to wait' },
  'queue.closed': { status: 409, title: 'The queue is closed for now' },
  'queue.none': { status: 404, title: 'You are in no queue' },
  'match.found': { status: 409, title: 'Your ticket is in a match: accept or decline it' },
  'sns.signature': { status: 403, title: 'SNS has not signed this message' },
  'sns.unavailable': { status: 503, title: 'SNS does not answer; send it again' },
  'match.over': { status: 409, title: 'This match asks nobody any more' },
  'instance.unknown': {
    status: 404,
    title: 'There is no such private zone, or the instance is over',
  },
  'instance.too_many': { status: 409, title: 'Your party is larger than the instance' },
  'world.maintenance': { status: 503, title: 'The realm is closed for maintenance' },
  'login_queue.over': { status: 409, title: 'This place in the login queue is gone; enter anew' },
  'world.full': { status: 503, title: 'The world is full' },
  'world.busy': { status: 503, title: 'Others changed the same thing at once; try again' },

  'admin.player_unknown': { status: 404, title: 'There is no such player' },
  'admin.ambiguous': { status: 409, title: 'This names more than one player' },
  'admin.outranked': { status: 403, title: 'This player has a role that is not below yours' },
  'admin.yourself': { status: 409, title: 'Nobody does this to his own account' },
  'admin.ban_too_long': { status: 403, title: 'A ban of this length is a matter of operators' },
  'admin.maintenance_stands': { status: 409, title: 'A maintenance is planned or under way' },
  'admin.maintenance_unknown': { status: 404, title: 'No maintenance is planned' },
  'admin.maintenance_long': { status: 422, title: 'The maintenance would last too long' },
  'admin.zone_unknown': { status: 422, title: 'The game has no such zone' },
  'admin.announcements_full': { status: 409, title: 'No more announcements fit' },
  'admin.announcement_unknown': { status: 404, title: 'There is no such announcement' },
  'admin.zone_private': {
    status: 409,
    title: 'Instances of this zone are opened for their members',
  },
  'admin.instance_unknown': { status: 404, title: 'There is no such instance' },
  'admin.instance_closed': { status: 409, title: 'The instance takes nobody in' },
  'admin.already_there': { status: 409, title: 'The player is there' },
  'admin.not_in_play': { status: 409, title: 'The player has no character in the world' },
  'admin.ticket_over': { status: 409, title: 'The ticket waits no more' },
  'admin.no_penalty': { status: 404, title: 'The player may queue' },
  'admin.queue_open': { status: 409, title: 'The queue is open' },
  'admin.host_unknown': { status: 404, title: 'The fleet has no such host' },

  'content.not_found': { status: 404, title: 'There is no such content file' },

  // For routes of a game, which cannot add codes of its own: `detail` says what it is about.
  'game.not_found': { status: 404, title: 'There is no such thing in this game' },
  'game.refused': { status: 409, title: 'The game does not allow this now' },

  'store.unavailable': { status: 503, title: 'The store does not answer' },
  'internal.error': { status: 500, title: 'Something went wrong here' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

export type ProblemOptions = {
  /** One sentence for the developer who reads it. Never contains input, secrets or a stack. */
  detail?: string | undefined
  /** Seconds until a repeat makes sense; sent as Retry-After. */
  retryAfterS?: number
  /** Paths of the fields that were refused, with the reason. Never their values. */
  fields?: { path: string; reason: string }[]
  /** Opaque: to be sent back with the next request (`play.session_active`). */
  observed?: string | undefined
  cause?: unknown
}

/** A refusal with a stable code. Thrown by domains, turned into problem+json at the edge. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly detail: string | undefined
  readonly retryAfterS: number | undefined
  readonly fields: { path: string; reason: string }[] | undefined
  readonly observed: string | undefined

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(PROBLEMS[code].title, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = PROBLEMS[code].status
    this.detail = options.detail
    this.retryAfterS = options.retryAfterS
    this.fields = options.fields
    this.observed = options.observed
  }

  /** The document of RFC 9457. */
  toDocument() {
    return {
      type: `urn:waystone:problem:${this.code}`,
      code: this.code,
      status: this.status,
      title: this.message,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...(this.fields === undefined ? {} : { fields: this.fields }),
      ...(this.observed === undefined ? {} : { observed: this.observed }),
    }
  }
}
