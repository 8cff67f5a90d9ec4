// Each limit stands once: unit, why this number, how it relates to its neighbours (rule 8).

/** Largest request body, bytes. The largest legitimate one is a character creation, under 1 KB. */
export const bodyMaxBytes = 16 * 1024
/** A request, headers and body, has arrived by then, or its connection is ended. 16 KB take a second. */
export const requestReadMs = 5000
/**
 * An answer has been read by then, or its connection is ended. The largest, the page's script of 0.7 MB,
 * then needs 130 kbit/s.
 */
export const answerReadMs = 45_000
/**
 * Requests that a client has sent ahead on one connection while an answer is under way. Browsers send none
 * ahead; with more, the connection is ended.
 */
export const pipelinedMax = 256
/** Connections of one process to the API at once: a thousand players with a few each. */
export const httpConnectionsMax = 4096

/** How old the birth time of an operation id may be. Rows of operations stay that long, and cost money. */
export const operationMaxAgeMs = 30 * 24 * 60 * 60 * 1000
/**
 * How far ahead a client's clock may be. After this refusal a client makes its ids by the server's clock
 * (`Date`). The bound keeps ids from outliving their rows.
 */
export const operationMaxAheadMs = 5 * 60 * 1000
/** How long the row of an operation is kept: longer than its id can still be accepted. */
export const operationKeptMs = operationMaxAgeMs + operationMaxAheadMs + 24 * 60 * 60 * 1000

/**
 * How far the clocks of two of our machines may differ, ms. A machine that judges a time that another one
 * wrote allows for so much. A machine without NTP drifts by a minute in some weeks; half a minute is for the
 * way.
 */
export const clockSlackMs = 90_000
/** A host whose clock is off by more is named to operators, ms. Below it everything works. */
export const clockOffMaxMs = 60_000

/** NIST SP 800-63B-4, 3.1.1.2: 15 characters where the password is the only factor. */
export const passwordMinLength = 15
/** Long enough for any phrase, short enough that hashing it costs nothing extra. */
export const passwordMaxLength = 128
/** OWASP's Argon2id minimum: 19 MiB, 2 passes, 1 lane. */
export const argon2 = { memoryKiB: 19_456, passes: 2, parallelism: 1, tagBytes: 32, saltBytes: 16 }
/** Log-ins that wait for their hash at most: about a second of work for two cores. */
export const passwordsWaitingMax = 64
/**
 * Guests that one process logs in at once: they keep the store busy. More would only make each other wait,
 * so that in a launch all of them come in last. The others wait in order of arrival, about 10 s of work.
 */
export const guestsAtOnceMax = 8
export const guestsWaitingMax = 2000

/** Access tokens cannot be taken back, so they are short. */
export const accessTokenMs = 15 * 60 * 1000
/**
 * Access tokens that were found genuine, remembered by one process: a token comes with every request of
 * its player for 15 minutes. About half a megabyte; who is forgotten costs one more check of a signature.
 */
export const tokensRememberedMax = 1024
/** An operator's token from the command line: one command, with a slow network and a slow operator. */
export const operatorTokenMs = 5 * 60 * 1000
/** A host signs a token of its own for each call to `/internal`; none may be valid for longer. */
export const hostTokenMs = 60 * 1000
/** How long a host key that was read from a lease row is used: then a stolen key of a dead host is void. */
export const hostKeyFreshMs = 10 * 1000
/** A key id that is not known makes the keys be read again; a flood of forged ones reads no more often. */
export const keysRereadMs = 1000
/** A player who comes back within a month stays logged in. */
export const refreshTokenMs = 30 * 24 * 60 * 60 * 1000
/**
 * Login sessions of an account: a person has some devices, each with a browser or two. One more ends the
 * session that was renewed longest ago. With the account they are under 4 KB, one read unit.
 */
export const sessionsPerAccountMax = 20
/** How long a link that verifies an e-mail address is good. Mail may take an hour, and its reader a night. */
export const emailLinkMs = 24 * 60 * 60 * 1000
/** A link that gives a new password is worth an account: as long as a person needs who waits for it. */
export const recoveryLinkMs = 30 * 60 * 1000
/** A request for a new password is answered after this time, so that it does not tell whether there is an account. */
export const recoveryAnswerMs = 1000
/** From the password to the code of the second factor: to find the phone and unlock it. */
export const secondFactorTicketMs = 5 * 60 * 1000
/** Recovery codes of a second factor: as many as authenticators are lost in years. */
export const recoveryCodesCount = 10
/** How long a repeat of the request that switched a second factor on gets the recovery codes again. */
export const recoveryCodesShownMs = 10 * 60 * 1000
/** From the way to a provider and back: to log in there, perhaps with a new account. */
export const signInFlowMs = 15 * 60 * 1000
/** Keys and addresses of a provider are read again after this time; unknown keys earlier. */
export const providerFreshMs = 60 * 60 * 1000
/** An answer of a provider is waited for so long. */
export const providerAnswerMs = 5000
/** Bytes of an answer of a provider: a list of keys is a few KB. */
export const providerAnswerMaxBytes = 256 * 1024
/** A signing key is published this long before it signs; rings are read again each minute. */
export const keyPublishMs = 10 * 60 * 1000
/** How long one key signs: a leaked key is of little use, and rotation happens often enough to be tested. */
export const keyRotateMs = 30 * 24 * 60 * 60 * 1000
/** A refresh token sent again within this time gets the same successor, later another one. */
export const refreshRepeatMs = 30 * 1000

/**
 * An account that its player wants erased waits so long: a log-in takes it back. By then all copies of its names that
 * go by themselves are gone (letters, notifications, chat, logs of guilds), so nothing is left of them either.
 */
export const eraseGraceDays = 30
/** A closed account is erased after its last access token has ended, and every request that it began. */
export const eraseSettlesMs = accessTokenMs + 60 * 1000
/** Accounts that one run works on, and how long it begins with another one: a Lambda has 15 s, and a store may be slow. */
export const erasuresPerRun = 20
export const erasureRunMs = 5000
/** How often the clock looks for accounts whose time has come: 2,880 a day at most. A look at none is one read. */
export const erasuresEveryMinutes = 10
/** What one answer of an export holds: 6 MB is what a Lambda may answer, and a phone may ask. */
export const exportPartBytes = 1_000_000
/** The same, in entries. */
export const exportPartEntries = 1000

/** Players of a match: FlexMatch's cap, and what a player session list of GameLift takes. */
export const matchPlayersMax = 200
/** A rule set whose teams hold more is for large matches, with fewer kinds of rules. FlexMatch's border. */
export const smallMatchPlayersMax = 40
/** Players of a matchmaking ticket: FlexMatch's largest party. */
export const ticketPlayersMax = 10
/** Players of a backfill ticket: all but one of the largest match. */
export const backfillPlayersMax = matchPlayersMax - 1
/** Attributes that a player brings, as FlexMatch has it; a rule set declares no more that are needed. */
export const matchAttributesMax = 10
/** Strings of an attribute, as FlexMatch has it: a block list. */
export const matchStringsMax = 100
/** Entries of a map attribute, as FlexMatch has it. */
export const matchMapMax = 10
/** Characters of a string in an attribute, as FlexMatch has it. */
export const matchStringMaxLength = 100
/** Regions that a player tells his latency to: there are about 30 at AWS. */
export const matchRegionsMax = 40
/** Rules, and expansions, of a rule set: several times what the largest published one has. */
export const matchRulesMax = 50
/** Different ages at which a rule set relaxes. Each has its rules ready, so this bounds memory and loading. */
export const matchStagesMax = 32
/** Team definitions of a rule set: they are bits of one number. */
export const matchKindsMax = 30
/** Characters of one property expression or statement, and how deep it may nest: ten times what examples have. */
export const matchExpressionMaxLength = 1000
export const matchExpressionDepthMax = 16
/** Tickets that one search for a match examines before it gives up, and is asked again with twice as many. */
export const matchSearchMax = 2000
/** No search examines more, however often it was given up: about 0.2 s. */
export const matchSearchCeiling = 32_000
/** Tickets that a pass examines, if it is not told otherwise: less than half a second of a core. */
export const matchPassMax = 100_000
/** Tickets of one kind that are sorted, or tried in every combination, around one: FlexMatch calls it a batch. */
export const matchBatchMax = 256
/**
 * Other tickets that are looked at to tell one why it waits: under 10 ms, for many ask. Beyond that the answer says
 * "at least".
 */
export const matchWhyMax = 256

/** Characters that an account may have in one realm. So many fit on a selection screen. */
export const charactersPerRealm = 12
/** Deleted ones included, which keep their names: else deleting and making would grow for ever. */
export const charactersKeptPerRealm = 60
/** A player renames a character so often: friends must be able to follow. */
export const renameEveryMs = 30 * 24 * 60 * 60 * 1000
/** A name of before is free for others after that: nobody poses as somebody who was known by it yesterday. */
export const nameHeldMs = 30 * 24 * 60 * 60 * 1000
/** A deleted character can be restored so long. */
export const restoreMs = 30 * 24 * 60 * 60 * 1000
export const characterNameMinLength = 3
/** 16 Latin letters fit over a head at the default zoom. */
export const characterNameMaxLength = 16

/** Friends of a player: as many as one list shows without being searched. */
export const friendsMax = 200
/** Requests that a player has made and that wait, and as many that were made to him. */
export const friendRequestsMax = 50
export const blockedMax = 200
/** Who have blocked a player, in one read: some three read units. Few are blocked by more. */
export const blockersAtOnce = 100
/** Who knows a player by his old name, of whom the new one is written at once: ten thousand in some seconds. */
export const renamesAtOnce = 50

/**
 * Letters from players that an inbox holds. Their heads are read together, at most 50 KB with those of the game.
 * Letters have slots, so this and the next two cannot shrink: what lies beyond would not be found.
 */
export const lettersMax = 100
/** Letters from the game have slots of their own: who fills an inbox keeps none of them out. */
export const systemLettersMax = 20
/** Letters to all of a realm that are kept at once. Each character has a row for each that he has read or deleted. */
export const realmLettersMax = 20
/** Letters of one player that wait in one inbox unread: who gets no answer may say so much. */
export const lettersUnreadOfOneMax = 5
/** A letter is gone so long after it came, read or not: a month's holiday. */
export const letterKeptDays = 30
export const letterSubjectMaxLength = 60
/** A page. In UTF-8 it takes 8 KB at most, half a request. */
export const letterTextMaxLength = 2000
export const letterLinesMax = 60
/** Characters of a party: as many as a dungeon takes. */
export const partyMembersMax = 5
/** Invites of a party that wait: twice what fits, for some do not answer. */
export const partyInvitesMax = 10
/** Long enough to be read and answered in the middle of a fight. */
export const partyInviteMs = 2 * 60 * 1000
/** Invites that a character is shown. */
export const invitesKeptMax = 50
export const readyCheckMs = 30 * 1000

/** Members of a guild. Its roster is one page of 125 KB. */
export const guildMembersMax = 500
/** Rosters that a process remembers for lines of chat: 20 KB each when they are full. */
export const guildRostersKept = 200
export const guildNameMinLength = 3
/** Two lines over a head at the default zoom. */
export const guildNameMaxLength = 24
/** Ranks of a guild, the leader's among them. Their permissions are read with the guild in one row. */
export const guildRanksMax = 10
export const guildRankNameMaxLength = 24
/** Invites of a guild that wait, and as many applications to it. */
export const guildWaitingMax = 100
/** Invites of a character that wait: who gets more does not read them. */
export const guildInvitesPerCharacterMax = 20
/** Guilds to which a character has applied at once. */
export const guildApplicationsPerCharacterMax = 5
/** An invite or an application waits a week: who plays at weekends alone sees it. */
export const guildWaitingMs = 7 * 24 * 60 * 60 * 1000
/** One line of chat, so that a client can show it as one. */
export const guildMessageMaxLength = 200
/** Entries of a guild's log. What is older is deleted `guildLogSlack` at a time: a write for each act would cost more. */
export const guildLogMax = 500
export const guildLogSlack = 50
/** It holds names as they were, so it is kept no longer than letters and notifications, which do too. */
export const guildLogKeptMs = 30 * 24 * 60 * 60 * 1000
/** What a disbanded guild was called is known for so long, while what it left is cleared. */
export const guildGoneKeptMs = 30 * 24 * 60 * 60 * 1000
/** The line that friends see beside a player, characters: half a line of chat. */
export const statusMaxLength = 80
/** The presence of a host's players ends so long after the host has renewed it last, ms: gone within 10 s. */
export const presenceKeptMs = 9000
/** A renewal is one command. One may be lost, and the next is in time. */
export const presenceRenewMs = 3000
/** How often a host writes what has changed, at most, ms. Friends hear of it within a second. */
export const presenceGapMs = 200
/** Which host a player is on is known for so long. It is written again each 100th renewal, so every 5 minutes. */
export const presencePlaceMs = 15 * 60 * 1000
export const presenceRounds = 100
/** Players in one command of a host: 150 KB, where a request may have a megabyte. */
export const presenceWrittenAtOnce = 500
/** Rows of players that a host reads side by side for their presence. A hub fills with ten joins a second. */
export const presenceReadsMax = 16
/** Friends that wait to be told: 100 players at once with all friends they may have. The rest is not told. */
export const presenceToldMax = 20_000

/**
 * Lines for everybody in a zone that a host hands out at once, each `presenceGapMs`: 50 a second, more than anybody
 * reads. Each is a message to each of its players.
 */
export const linesAtOnceMax = 10
/** Events for some of its players that a host's worker hands to its tick thread at once: 1,250 a second at most. */
export const toldAtOnceMax = 250
/** Events that wait for a player whose socket is slow: the latest half minute of a busy channel. */
export const toldWaitingMax = 50
/** A client of the social socket says this often that it is there; the proxies of AWS end what is silent for 10 minutes. */
export const socialPingMs = 60 * 1000
/** Without a ping for so long a player outside zones is not seen: one may be lost. */
export const socialKeptMs = 150 * 1000
/** A social socket says whose it is within this time after it was opened. */
export const socialHelloMs = 10 * 1000
/** A social socket ends after this time and is opened again: AWS allows no more. Its rows are kept a little longer. */
export const socialLastsMs = 2 * 60 * 60 * 1000
export const socialRowsKeptMs = socialLastsMs + 10 * 60 * 1000
/** Largest frame of a client of the social socket, bytes: eight channels by name. */
export const socialFrameMaxBytes = 2048
/** Frames of one social socket in a second: a hello, channels and a ping, many times over. */
export const socialFramesPerSecond = 10
/** Channels for everybody that one social socket listens to: global, and the zones of its player's friends. */
export const socialChannelsMax = 8
/** Social sockets of one process: as many as requests; and those of them that have not said whose they are. */
export const socialConnectionsMax = 10_000
export const socialUnknownMax = 256
/** Messages waiting in a social socket of our own, bytes, at which it is cut: its client reads by cursor when it is back. */
export const socialBacklogMaxBytes = 256 * 1024
/** Sockets that are told of one thing; more of them read by cursor. Each is a request of its own on AWS. */
export const socialToldMax = 500
/** Requests to sockets under way at once, of one process. */
export const socialPostsAtOnce = 32
/** A socket that takes no message within this time gets none. */
export const socialPostMs = 2000
/** Sockets that listen to a channel are told once in this time that there is something new in it, however much it is. */
export const socialPaceMs = 1000

/** What a player must not miss is kept for so long: a month's holiday. */
export const notificationKeptMs = 30 * 24 * 60 * 60 * 1000
/** A row may come to lie before one that was read already: a commit takes up to 5 s, clocks are some seconds off. */
export const mailboxSettlesMs = 60 * 1000

/** A ticket is used at once or never: a slow phone needs a few seconds for the socket. */
export const ticketMs = 30 * 1000
/**
 * A host releases a place of a character who does not play there so long after it has first read the
 * reservation, by its monotonic clock. It reads 50 places each 4 s. So a place is free 40 to 44 s after its
 * ticket was given, in an instance of 500 after 80 s at most, whatever time it is at the host. The 10 s are
 * for a claim in flight.
 */
export const placeLapsesMs = ticketMs + 10 * 1000
/**
 * Rows of places stay this long after their reservation has ended: nothing else deletes the rows of a host
 * that has ended. No player plays that long without a break; for one that does, his host enters a new row.
 */
export const placeKeptMs = 7 * 24 * 60 * 60 * 1000
/** How long a host keeps a character in the world after its socket has closed, and waits for a resume. */
export const resumeMs = 60 * 1000

/** Lease: renewed each second, void for its holder after 5 s. */
export const leaseRenewMs = 1000
export const leaseDeadlineMs = 5000
/**
 * A lease is dead that was seen unchanged for so long: the deadline, and 1 s for clocks that do not run alike.
 * Functions take turns in observing it, each by its own clock. With the pauses of the client in between that
 * takes 7 s.
 */
export const leaseDeadAfterMs = 6000
/** The same for a host that watches another one. */
export const leaseSuspectAfterMs = 6000
/**
 * Reads of an observer farther apart than this say nothing about the time between them: 1 s until a
 * refused client comes again, 1 s for the clocks of functions, and the way. With a smaller gap, a client
 * whose enters meet functions with unlike clocks would never see a lease die.
 */
export const leaseReadGapMs = 2500
/** How long `enter` waits for a living owner to let a character go. */
export const letGoWaitMs = 3000
/**
 * How often it polls meanwhile, and after the first second, in which a host that was hinted has answered:
 * all players of a silent host poll together.
 */
export const letGoPollMs = 250
export const letGoPollLaterMs = 500
/** How long an operator's kick waits for its end: 3 s that it may take, and one more round of the inbox. */
export const removalWaitMs = 4000
/** Length of an operator's reason: from a word to one line. */
export const reasonMinLength = 3
export const reasonMaxLength = 200
/** A minute to ten years; beyond that, for good. */
export const banMinS = 60
export const banMaxS = 3650 * 24 * 60 * 60
/** The longest ban that a moderator gives, changes or lifts: a month is time enough for an operator to look at it. */
export const moderatorBanMaxMs = 30 * 24 * 60 * 60 * 1000
/** A maintenance is planned a week ahead at most, and lasts a minute to a day: what is longer is a move, not a pause. */
export const maintenanceAheadMaxMs = 7 * 24 * 60 * 60 * 1000
export const maintenanceMinMs = 60_000
export const maintenanceMaxMs = 24 * 60 * 60 * 1000
/** Who is in the world is warned so long before, besides at once. */
export const maintenanceWarningsMs = [600_000, 300_000, 60_000, 30_000] as const
/** How old what a function or a host knows of maintenance and announcements may be. */
export const bulletinFreshMs = 3000
/** Kept announcements that stand in a realm at once. They are read whole, and nobody reads more. */
export const announcementsMax = 20
/** A kept announcement begins within three months and stands for up to three months: a season. */
export const announcementMaxMs = 92 * 24 * 60 * 60 * 1000
/** An announcement, as a line of chat and a half. */
export const announcementMaxLength = 300
/** A repeated announcement is sent again within this time, for hosts that were missed; later it is over. */
export const announcementFreshMs = 60 * 1000
/**
 * A host that stops has this long until every character has left. Then it ends; checkpoints hold the rest.
 * A fleet's grace between SIGTERM and SIGKILL is longer (agones/fleets.yaml).
 */
export const hostDrainMs = 5000
/** Rows of a host outlive any pause of a machine. */
export const hostRowsKeptMs = 24 * 60 * 60 * 1000
/** Checkpoint every 4 s, so that with its write no more than 5 s are lost. */
export const checkpointMs = 4000
/**
 * A checkpoint that is larger is split. DynamoDB takes 400 KB a row; each take-over after a crash reads
 * a part whole, so parts are smaller: this is 32 read units, and 2,700 characters as they are now.
 */
export const checkpointPartBytes = 128 * 1024
/**
 * An instance whose host has left out three checkpoints gets no more players. A function knows it 12 s after
 * it has first read the card as it stands. One that has never read the card before goes by the host's clock,
 * with `clockSlackMs`: it takes a card that is older than 102 s for silent at once.
 */
export const instanceSilentMs = 3 * checkpointMs
/** Cards that one process remembers to judge whether their hosts live: about 2 MB. */
export const cardsKnownMax = 8192
/**
 * The state of a realm is remembered this long by one process: cards change each 4 s. A zone of a thousand
 * instances costs 38 read units a search.
 */
export const statusRememberedMs = 5000
/** How many hosts a zone needs is looked at anew after so long. Agones asks each 10 s (agones/autoscalers.yaml). */
export const scalingRememberedMs = 5000
/**
 * As many players as have come within this time are expected within the same time again. A new host is there within a
 * second or two, or a minute or more where a node has to start first.
 */
export const scalingAheadMs = 2 * 60 * 1000
/** How often it is looked whether an instance is to be opened ahead of players: as often as Agones asks for hosts. */
export const warmEveryMs = 10 * 1000
/**
 * As many as have come within this time are expected before one more instance is open: a look, the start of a host
 * that waits, and a look that found none.
 */
export const warmAheadMs = 30 * 1000
/** Hosts for an event wait so long before its beginning, and as long after it: by then those who come are there. */
export const scalingEventMs = 10 * 60 * 1000
/** Hosts that wait are taken away when they were not needed for so long. Longer than players come and go by chance. */
export const scalingHoldMs = 10 * 60 * 1000
/** What was needed is not known where nobody has looked for so long: six of Agones' reviews. */
export const scalingUnseenMs = 60 * 1000
/** A copy of a card that was not renewed for so long belongs to a host that has ended. Far above silence and slack. */
export const instanceLongGoneMs = 60 * 1000 + clockSlackMs
/** How often a host deletes such copies. */
export const sweepEveryMs = 60 * 1000
/**
 * A private instance in which nobody is ends after so long: a member whose ticket was just given has a place for less
 * (`placeLapsesMs` and a checkpoint), and one who was cut off has time to come back.
 */
export const privateEmptyMs = 60 * 1000
/** So long the director leads a character to the instance that an operator sent it to: its client enters within seconds. */
export const sentToMs = 60 * 1000
/** So long a private instance without a card is taken for one that its host still opens. Clocks are not the same. */
export const privateOpensMs = 10 * 1000 + clockSlackMs
/** Instances are filled to here one after the other, so that friends still find room. Percent. */
export const instanceFillPercent = 80
/** Placement sends no newcomer to an instance this full: the rest is for players who return. Percent. */
export const instanceClosedPercent = 95
/**
 * Partitions of the cards of a zone. A partition takes 1,000 write units a second. With a thousand
 * instances, 250 of them a partition, heartbeats take 63, which leaves room for 450 places a second in each.
 * It cannot change while hosts run: their cards would not be found.
 */
export const zoneShards = 4
/** A character's own row is saved at most this often while it changes. */
export const stateSaveMs = 60 * 1000
/** How long worlds tick without saving while the store cannot be reached. */
export const unsavedWorldMs = 60 * 1000

/** Largest frame a client may send, bytes: a ticket of 1 KB is the largest legitimate one. */
export const clientFrameMaxBytes = 4096
/** Sockets of one process that have not yet joined: a flood of them must not starve players. */
export const unjoinedSocketsMax = 256
/**
 * Connections of one zone host at once: a crowd of 1,500, as many again that come back before their old
 * socket is found dead, and those that have not joined.
 */
export const zoneConnectionsMax = 4096
/** After so many failed ticks in a row an instance closes: a second of 20 Hz. */
export const stepFailuresMax = 20
/** A socket that has not joined by then is closed. */
export const joinTimeoutMs = 5000
/** Bytes waiting in a socket at which its viewer gets no more snapshots until it has drained. */
export const socketBacklogBytes = 64 * 1024
/** Bytes waiting in a socket, or the time without draining, at which it is closed. */
export const socketBacklogMaxBytes = 1024 * 1024
export const socketStalledMs = 10_000
/** Commands waiting for their tick, per player. Eight are 400 ms at 20 Hz: beyond, drop the oldest. */
export const inputBacklogMax = 8
/** Ticks for which a missing command repeats the last one; then the player stands. */
export const inputRepeatTicks = 10
/** A command this far ahead of the tick that takes it is dropped: a minute at 20 Hz, a defect beyond. */
export const inputAheadMax = 1200
/** Frames of one socket: one a tick at 30 Hz, pings and chat, twice over; a burst after a stall. */
export const clientFramesPerSecond = 80
export const clientFramesBurst = 240
/** Bytes of one socket: full input packets at that rate take under 2 KB/s; the burst holds a ticket. */
export const clientBytesPerSecond = 8 * 1024
export const clientBytesBurst = 32 * 1024
/** A socket from which nothing came for this long is dead: clients send inputs or answer pings. */
export const socketSilentMs = 30_000
/**
 * A change of a player's movement takes effect so much later at most: a round trip of 250 ms, two or three
 * commands that wait, two in a packet, one for the pace. Who claims more gains no more.
 */
export const imposedAheadMaxMs = 500
/**
 * Bytes of all components of one entity that those near are told of, each text at its longest. They are sent
 * whole to who meets the entity: a crowd of 500 then fills a frame of 512 KB.
 */
export const partsMaxBytes = 1024
/** Bytes of all components that a player alone is told of; and of those that his party is. */
export const ownPartsMaxBytes = 2048
/** Players of a party in a zone: a raid. A byte counts them in a snapshot. */
export const partyMax = 40
/** A fault that comes back in each tick is logged once, and then each minute with its count. */
export const faultAgainMs = 60_000
/** Faults of a game that one step reports: a handler may fail for each of thousands of entities. */
export const faultsPerStepMax = 32
/** Timers that wait in one zone: a respawn for each of its creatures, many times over. */
export const timersPerZoneMax = 10_000
/** What one timer keeps, as JSON, in characters: with all timers 10 MB at the very most. */
export const timerDataMaxChars = 1024
/** Turns (`zone.every`) that are told apart for one entity: attacks, shouts, regrowth. */
export const turnsPerEntityMax = 16
/** Faults that an instance distinguishes, by part and line of code. Beyond, it forgets the logged ones. */
export const faultsMax = 100
/** A client is sent a frame at least this often. */
export const frameEveryMs = 500
/** Changes of components of low priority are told once in so many steps of a zone. */
export const lowPriorityTicks = 10
/**
 * Accounts whose allowances one host remembers: ten crowds of 1,500. About 4 MB; who is forgotten begins
 * with a second's worth.
 */
export const allowancesRememberedMax = 16_384
/** A moderator reads it: what is wrong is in the evidence. */
export const reportNoteMaxLength = 300
/** Said once, so with room to say all. */
export const appealMaxLength = 1000
/** Bans by decisions that an account has beside the longest one. Of more, those that end first are dropped. */
export const bansBesideMax = 20
/** A mute and a ban by a report: up to 30 days, as long as a moderator may ban (`moderatorBanMaxMs`). */
export const muteMaxS = 30 * 24 * 60 * 60
/**
 * Reports and appeals are kept so long, open or closed, the latter from their decision on: half a year, so that a
 * moderator sees who does it again.
 */
export const reportKeptMs = 180 * 24 * 60 * 60 * 1000
/** What a moderator sees of a player's history, of reports and sanctions each. */
export const historyMax = 50
/** Nearby chat: length of a line in characters, and a bucket of 5 lines refilled one a second. */
export const chatMaxLength = 200
export const chatBurst = 5
export const chatRefillMs = 1000

/**
 * How long lines are kept. Of a guild, a party and a whisper, which nobody is to miss: who plays at weekends alone sees
 * them. Of everybody, and of a zone: long enough to be reported.
 */
export const chatKeptMs = 7 * 24 * 60 * 60 * 1000
export const chatOpenKeptMs = 24 * 60 * 60 * 1000
/** As `mailboxSettlesMs`, for channels that many speak in: all that is younger is read again each time. */
export const chatOpenSettlesMs = 15 * 1000
/**
 * Slow mode: lines that a player may say at once in a kind of channel, and the time after which he may say one more.
 * The more read it, the slower. Half a line a second is more than anybody types for long.
 */
export const chatSlow = {
  global: { burst: 3, refillMs: 5000 },
  zone: { burst: 5, refillMs: 2000 },
  guild: { burst: 10, refillMs: 1000 },
  party: { burst: 10, refillMs: 1000 },
  whisper: { burst: 10, refillMs: 1000 },
} as const
/** What a player said last, and when, is kept for longer than any bucket fills and any clock is off. */
export const speakerKeptMs = 60 * 60 * 1000
/** Lines that are looked through for the players with whom one whispers: 80 KB at most. */
export const whispersLookedAt = 200

/**
 * Characters of the id and of the kind of an effect, and bytes of its body. They are saved with the
 * character: a version that raises a bound must be everywhere before one that uses it.
 */
export const effectIdMaxChars = 100
export const effectKindMaxChars = 45
/** Of those, what names a stay before the id. */
export const effectStayMaxChars = 17
export const effectBodyMaxBytes = 512
/**
 * Effects that one character, and one instance, wait for. A character's are 7 KB in the state row at most;
 * an instance's are two parts of its checkpoint.
 */
export const effectsPerCharacterMax = 8
export const effectsPerInstanceMax = 256

/** Rows that an effect reads before it writes. Its transaction holds 98 writes. */
export const effectReadsMax = 25
/** JSON of an effect's answer. It is kept with the id for good, which makes the row twice as long. */
export const effectAnswerMaxBytes = 256
/**
 * Tries of an effect whose rows others change each time: half a minute. Each try costs its write units, whether
 * it happens or not.
 */
export const effectTriesMax = 20
/**
 * Tallies of a game. The deletion of a character takes it from all their lists in one transaction, two writes
 * each beside ten of its own.
 */
export const talliesMax = 40
/**
 * Partitions of the list of a tally. A change is a delete and a put in a transaction, 4 write units, and a
 * partition takes 1,000 a second: so 1,000 changes a second of one tally. A page reads each of them. It
 * cannot change: rows would not be found.
 */
export const tallyShards = 4

/** Leaderboards of a game. All their seasons are listed in one answer: two reads each. */
export const boardsMax = 32
/**
 * Scores of a character that change at once when it is renamed, deleted or restored. It has 1,700 at most, one for each
 * board and season: 110 rounds of some 25 ms, so within what a request may take.
 */
export const boardChangesAtOnce = 16
/** Places of a leaderboard that anybody can walk through: twenty pages. Nobody reads more, robots apart. */
export const boardSizeMax = 1000
/** Past seasons that a board keeps: a year of weeks. They are listed in one answer, 70 bytes each. */
export const boardSeasonsKeptMax = 52
/**
 * Partitions of a season. A result is a check, two puts and a delete: with 8 partitions a board takes 1,000 results
 * a second. The first page of a board reads each of them when it cannot come from Redis. It cannot change: rows would
 * not be found.
 */
export const boardShards = 8
/** Places on either side that `around` shows at most. */
export const boardAroundMax = 25
/**
 * Rows of a board that go from the store into Redis at once: 200 KB from the store, and a request to Redis of
 * 100 KB, of the 1 MB that it takes.
 */
export const boardCopyRows = 1000
/** A copy of a board in Redis is made anew after a day. So what was lost on the way there is right again by then. */
export const boardCopyMaxMs = 24 * 60 * 60 * 1000
/** Who makes a copy says so at least this often; after it, somebody else goes on. A page takes a tenth of it. */
export const boardCopierMs = 10_000
/** Rows of a season that is not kept any more, deleted by one request of an operator: under a second. */
export const boardTidyRows = 400

/** Calls that wait for the worker thread at most: a minute of a busy hub, a few megabytes. */
export const workerCallsMax = 4096

/** Bytes of one key and of one value in the embedded Redis. Its values are small (hints, counts). */
export const cacheKeyMaxBytes = 1024
export const cacheValueMaxBytes = 256 * 1024
/** Bytes of all keys and values of the embedded Redis together; beyond it, growth is refused. */
export const cacheMaxBytes = 64 * 1024 * 1024
/** Bytes of one request to it, as Upstash limits it on small plans; holds the largest value. */
export const cacheRequestMaxBytes = 1024 * 1024
/** Subscriptions it holds at once: a zone host needs one or two. */
export const cacheSubscriptionsMax = 1024
/** Bytes waiting for a subscriber that does not read, at which it is cut off. */
export const cacheSubscriberBacklogBytes = 1024 * 1024
/** Commands under way to a real Redis. It answers so many in a tenth of a second; with more, it hangs. */
export const cachePendingMax = 10_000
/** After a failure of the cache, callers leave it alone this long instead of waiting for each time-out. */
export const cachePauseMs = 2000

/**
 * A process judges cheap reads (`read.*`) by its own count, and reports it to the others at each 20th part
 * of the limit. So each process lets through at most a 20th part more than the limit, in one window.
 */
export const rateReportPart = 20
/** Subjects that one process counts itself, for each rate: about 2 MB. Beyond, it reports each request. */
export const rateSubjectsMax = 10_000

/**
 * Request rates. `strict` is what production runs; `generous` is the local profile, where fifty
 * bots log in from one address. A limit counts by address (before log-in), account, or route.
 */
export const RATES = {
  // Guessing: 10 tries a minute from one address; at one login name 5 in five minutes from one address
  // and 100 an hour from all, so that no address alone fills the count of all. Who has logged in to that
  // name before counts for his device alone (functions/auth/device-token.ts).
  'password.address': {
    strict: { count: 10, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'password.pair': {
    strict: { count: 5, windowMs: 300_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'password.device': {
    strict: { count: 10, windowMs: 300_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // NIST SP 800-63B-4, 3.2.2: at most 100 tries in a row at one account.
  'password.name': {
    strict: { count: 100, windowMs: 3_600_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Who is logged in shows the password again for what matters: counted apart from strangers' guesses.
  'password.account': {
    strict: { count: 10, windowMs: 300_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Codes of the second factor, of who knows the password: three of a million are right at a time, so the daily
  // count lets one in 11,000 guessers in.
  'factor.account': {
    strict: { count: 5, windowMs: 300_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'factor.day': {
    strict: { count: 30, windowMs: 86_400_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // E-mails that an account asks for, and that a mailbox gets, whoever asks: nobody is flooded by us.
  'email.account': {
    strict: { count: 10, windowMs: 86_400_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'email.mailbox': {
    strict: { count: 5, windowMs: 3_600_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Apart from the count before, which would tell that somebody has an account with the address.
  'recovery.mailbox': {
    strict: { count: 5, windowMs: 3_600_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'recovery.address': {
    strict: { count: 10, windowMs: 3_600_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Sign-ins by a provider: each asks it once or twice.
  'provider.address': {
    strict: { count: 30, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Accounts made, not tries: a household makes a few, a farm makes thousands.
  'register.address': {
    strict: { count: 10, windowMs: 3_600_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Guests who come back: 50 devices of a school behind one address, each a time or two.
  'guest.address': {
    strict: { count: 120, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'refresh.address': {
    strict: { count: 120, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Changing requests of one account.
  'write.account': {
    strict: { count: 60, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Parts of an export: one of everything, now and then.
  'export.account': {
    strict: { count: 60, windowMs: 3_600_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Letters: the guild of a leader who writes to each by hand. A seller of gold wants thousands.
  'mail.account': {
    strict: { count: 100, windowMs: 86_400_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Lines of chat; slow mode holds for each kind of channel.
  'chat.account': {
    strict: { count: 120, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Frames on social sockets: a ping a minute, and channels.
  'social.account': {
    strict: { count: 60, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  // Reports: an evening among a crowd of sellers. Each is read by a person.
  'report.account': {
    strict: { count: 20, windowMs: 86_400_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'enter.account': {
    strict: { count: 30, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'read.account': {
    strict: { count: 300, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
  'read.address': {
    strict: { count: 600, windowMs: 60_000 },
    generous: { count: 100_000, windowMs: 60_000 },
  },
} as const satisfies Record<
  string,
  Record<'strict' | 'generous', { count: number; windowMs: number }>
>

export type RateName = keyof typeof RATES
export type RateProfile = 'strict' | 'generous'

/**
 * Members of a match that is played in a private instance. Its opening writes two rows a member, and a match up to two
 * a ticket: a transaction takes 100.
 */
export const matchMembersMax = 40
/**
 * The result of a match counts for so long after its opening: who was cut off when it ended may bring it when he is
 * back. Ratings stay.
 */
export const resultKeptMs = 90 * 24 * 60 * 60 * 1000
/** Tickets of a queue lie in so many partitions: each takes 1,000 write units a second. */
export const queueShards = 4
/** Rows of tickets and matches stay so long after their end, for who asks late. */
export const ticketKeptMs = 60 * 60 * 1000
/** Who declines a match, or does not answer, may queue again after so long. */
export const declinePenaltyMs = 60 * 1000
/** A match whose time to accept is over ends so long later: an answer may be under way, clocks are some seconds off. */
export const acceptGraceMs = 3000
/** A match for which no host has room goes back into its queue after so long. */
export const openGraceMs = 60 * 1000
/** How often a queue is matched. */
export const matchEveryMs = 1000
/** And one in which nobody waits: each look costs five read units. */
export const matchIdleEveryMs = 3000
/** The process that matches a queue says so often that it does; another one takes over after `matcherDeadMs`. */
export const matcherRenewMs = 3000
export const matcherDeadMs = 10_000
/** An operator closes a queue for at least and at most so long: it opens by itself. */
export const queueClosedMinMs = 60 * 1000
export const queueClosedMaxMs = 7 * 24 * 60 * 60 * 1000
/** New rows of a queue are looked for so far back each time: a commit takes up to 5 s. */
export const queueOverlapMs = 5000
/** And so far each `queueOverlapMs`: clocks of writers are off. */
export const queueFarBackMs = 60_000
/** Tickets in one question to FlexMatch: what DescribeMatchmaking takes. */
export const flexDescribedMax = 10
/**
 * FlexMatch is asked at most so often, and about a ticket of which it has told nothing for so long: what its guide
 * asks for.
 */
export const flexAskEveryMs = 10_000
export const flexQuietMs = 30_000
/** Tickets asked about at once: ten questions. */
export const flexAskedMax = 100
/**
 * A ticket that is in a match there, of which no event has come for so long, is sent anew. An event that SNS delivers
 * again comes within its first seconds, or after the 20 s of its first pause.
 */
export const flexLostMs = 45_000
/** A ticket that failed there is sent again after so long. */
export const flexAgainMs = 10_000
/** Largest message of SNS, bytes: 256 KB, with the fields around it. */
export const snsBodyMaxBytes = 320 * 1024

/** The login queue counts who is in play so often, and gives turns: what it costs does not grow with who waits. */
export const loginLookEveryMs = 2000
/** What a process knows of the queue is so old at most: so each process reads it once a second. */
export const loginRememberedMs = 1000
/** No look counts for more time than that, however long ago the last one was, or says that it was. */
export const loginStepMaxMs = 10_000
/** Whose turn it is has so long to come. It is three times the longest wait between two questions and more. */
export const loginTurnMs = 60_000
/** Turns that were given within this time end together, so that a turn may last so much longer. */
export const loginBatchMs = 5000
/** A place that got free is given away after so many looks: who goes through a gate is in no zone for a moment. */
export const loginHeldLooks = 5
/** Players who are lost together, in per cent of the limit, are those of a host; places are kept for them. */
export const loginLumpPercent = 5
export const loginLumpLeast = 10
/** So long, and for who left by himself too: he comes back without waiting. As long as a host waits for a resume. */
export const loginRejoinMs = 60 * 1000
/** How often who waits asks, s: each quarter of the time that is left, between these. */
export const loginAskS = { least: 5, most: 30, part: 4 }
/** What is seen of how long players stay counts less with time: half after two minutes. */
export const loginStayHalfMs = 120_000
/** Departures that are seen before an estimate is told: twelve are right within a third, mostly. */
export const loginDeparturesLeast = 12
/** Who waits longer than a day waits anew. */
export const loginWaitKeptMs = 24 * 60 * 60 * 1000
/** Numbers that were given up, read for one look. */
export const loginGoneMax = 500
/** The largest number of players that a realm may be limited to. */
export const realmPlayersMax = 1_000_000
/** Tickets of the login queue that one process remembers as genuine: some 5 MB. */
export const loginTicketsRememberedMax = 10_000
