// What was typed after `npm run waystone --`, as a command.
import { parseArgs } from 'node:util'
import { decisions, rules } from '#shared/api/moderation.ts'
import type { Rule } from '#shared/api/moderation.ts'
import { roles } from '#shared/api/role.ts'
import type { Role } from '#shared/api/role.ts'
import { VARIABLES } from '#shared/config.ts'
import { eraseGraceDays, letterKeptDays } from '#shared/limits.ts'
import { isUuid } from '#shared/runtime.ts'
import type { Moderate } from './moderate.ts'
import type { BoardCommand } from './leaderboard.ts'

export type Command =
  | { do: 'help' }
  | { do: 'show'; who: string }
  | { do: 'kick' | 'unban'; who: string; reason: string }
  | { do: 'ban'; who: string; reason: string; forS: number | undefined }
  | { do: 'role'; who: string; role: Role | 'player'; reason: string }
  | { do: 'fleet' }
  | { do: 'stop'; name: string; reason: string }
  | {
      do: 'announce'
      text: string
      zone: string | undefined
      /** Undefined: said once, now. */
      kept: { inS: number; forS: number; countdown: boolean } | undefined
      realmId: string | undefined
      reason: string
    }
  | {
      do: 'announcement-withdraw'
      announcementId: string
      realmId: string | undefined
      reason: string
    }
  | {
      do: 'maintenance'
      verb: 'start' | 'show' | 'extend' | 'end'
      inS: number | undefined
      forS: number | undefined
      text: string | undefined
      least: Role
      realmId: string | undefined
      reason: string
    }
  | { do: 'mail'; to: string; letter: Letter; realmId: string | undefined; reason: string }
  | {
      do: 'mail-all'
      letter: Letter
      days: number | undefined
      realmId: string | undefined
      reason: string
    }
  | { do: 'mail-withdraw'; letterId: string; realmId: string | undefined; reason: string }
  | { do: 'moderate'; asked: Moderate; realmId: string | undefined }
  | BoardCommand
  | { do: 'audit'; limit: number }
  | { do: 'export'; who: string; reason: string }
  | { do: 'erase'; who: string; reason: string; days: number | undefined }
  | { do: 'erasures' }
  | { do: 'erasures-run'; reason: string }
  | {
      do: 'character-rename'
      character: string
      name: string
      realmId: string | undefined
      reason: string
    }
  | { do: 'character-restore'; character: string; realmId: string | undefined; reason: string }

type Letter = { subject: string; text: string }

export type Typed = {
  command: Command
  url: string | undefined
  /** What stands before the names of the tables, where the command goes straight to them. */
  tables: string | undefined
  json: boolean
}

/** What was typed is no command. The message is one sentence. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message} See \`npm run waystone -- --help\`.`)
    this.name = 'UsageError'
  }
}

export const help = `Waystone, for operators

  npm run waystone -- <command> [options]

  player show <who>                        account, ban, and where the characters are
  player kick <who> --reason "..."         saves and removes the player, who may come back at once
  player ban <who> --reason "..." [--for 3d]   without --for for good
  player unban <who> --reason "..."
  player export <who> --reason "..."       all that is kept of the player, as JSON
  player erase <who> --reason "..." [--days N]   closed after N days, 30 without --days,
                                           unless the player logs in before
  erasures list                            accounts that wait for that
  erasures run --reason "..."              closes and erases those whose time has come
  character rename <character> --name "..." --reason "..." [--realm id]
  character restore <character> --reason "..." [--realm id]   one that was deleted
  operator grant <login name> --reason "..." [--role support|moderator|operator]
                                           from the next log-in on
  operator revoke <login name> --reason "..."  takes any role, at once
  fleet list                               zone hosts, leases, instances, players
  fleet stop <host> --reason "..."         saves everybody there; the fleet replaces it
  announce "text" --reason "..." [--zone id] [--realm id]
                                           a line for everybody in the world, now
  announce "text" --for 2h [--in 10m] [--countdown] --reason "..." [--zone id] [--realm id]
                                           kept: shown to all who come in that time
  announcement withdraw <id> --reason "..." [--realm id]
  maintenance start --for 1h [--in 10m] [--text "..."] [--role support|moderator|operator]
                    --reason "..." [--realm id]
                                           closes the realm below that role, after a countdown
  maintenance extend --for 30m --reason "..." [--realm id]
  maintenance end --reason "..." [--realm id]      opens it now
  maintenance show [--realm id]
  mail send <character> --subject "..." --text "..." --reason "..." [--realm id]
                                           a letter from the game
  mail all --subject "..." --text "..." --reason "..." [--days N] [--realm id]
                                           one to all characters of the realm, for 30 days
  mail withdraw <letter> --reason "..." [--realm id]   takes a letter to all back
  mute <who> --for 24h --rule <rule> --reason "..." [--realm id]
                                           no text of the player reaches others
  unmute <who> --reason "..." [--realm id]
  moderation list [--closed] [--realm id]  what players report, the oldest first
  moderation show <report> [--realm id]    with a copy of what was reported, and the history
  moderation decide <report> dismiss|remove|warn|mute|ban [--for 24h] [--rule <rule>] --reason "..."
  moderation appeals [--closed] [--realm id]
  moderation appeal <sanction> uphold|lift --reason "..." [--realm id]
                                           <rule>: ${rules.join(', ')}
  leaderboard submit <board> <character> --score N --reason "..." [--realm id]
  leaderboard remove <board> <character or id> --reason "..." [--season N]
  leaderboard archive <board> --reason "..."   ends the season and keeps it
  leaderboard reset <board> --reason "..."     ends the season and keeps nothing
  leaderboard rebuild <board> --reason "..." [--season N]   makes the copy in Redis anew
  audit [--limit N]                        what operators did, newest first

  <who>   account:ID, character:ID, login:NAME, character:NAME (as it is spelled), or an
          ID alone. \`player show\` also takes a NAME alone. A command that changes
          something first prints the account that is meant, then acts on that account

  times are like 90s, 30m, 12h, 3d

  --json       the answer as JSON, for programs (with \`npm run -s\`)
  --url URL    another Waystone than the one on this machine; it takes an operator's
               token from WAYSTONE_OPERATOR_TOKEN

  --tables PREFIX   for operator grant and revoke: writes to the tables on AWS
               (waystone-<realm>-) with your AWS credentials

  new-game <folder>                        a game of your own, beside this folder
  start, dev, check, test, bundle, image, synth, deploy, destroy
                                           in the folder of a game: with that game

On this machine no password is needed: a user who can read the master key in the
data folder is an operator. WAYSTONE_DATA names the folder, as for \`npm start\`.
`

const options = {
  reason: { type: 'string' },
  role: { type: 'string' },
  in: { type: 'string' },
  for: { type: 'string' },
  zone: { type: 'string' },
  countdown: { type: 'boolean' },
  rule: { type: 'string' },
  closed: { type: 'boolean' },
  days: { type: 'string' },
  limit: { type: 'string' },
  realm: { type: 'string' },
  subject: { type: 'string' },
  name: { type: 'string' },
  text: { type: 'string' },
  score: { type: 'string' },
  season: { type: 'string' },
  url: { type: 'string' },
  tables: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Name =
  | 'reason'
  | 'role'
  | 'days'
  | 'limit'
  | 'realm'
  | 'subject'
  | 'name'
  | 'text'
  | 'in'
  | 'for'
  | 'zone'
  | 'rule'
  | 'score'
  | 'season'
type Values = Partial<Record<Name, string>> & { countdown?: boolean; closed?: boolean }

/** Throws UsageError. */
export function parseCommand(args: string[]): Typed {
  let parsed
  try {
    parsed = parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('.')[0]}.`)
  }
  const { values, positionals } = parsed
  const { url, tables, json = false } = values
  const command: Command =
    values.help || positionals.length === 0 || positionals[0] === 'help'
      ? { do: 'help' }
      : commandOf(positionals, values)
  if (tables !== undefined) checkTables(tables, url, command)
  return { command, url, tables, json }
}

function checkTables(tables: string, url: string | undefined, command: Command): void {
  if (!VARIABLES.WAYSTONE_TABLES.schema.safeParse(tables).success) {
    throw new UsageError('--tables is the prefix of the table names, like waystone-main-.')
  }
  if (url !== undefined) throw new UsageError('Use either --tables or --url.')
  if (command.do === 'help') return
  if (command.do !== 'role') {
    throw new UsageError('--tables is for `operator grant` and `operator revoke` alone.')
  }
  if (command.who.startsWith('character:')) {
    throw new UsageError('With --tables an operator is named by login name or account id.')
  }
}

function commandOf([group, verb, ...rest]: string[], values: Values): Command {
  if (group === 'announce') {
    const text = only('announce', 'the text, in quotes', verb === undefined ? [] : [verb, ...rest])
    const forS = secondsOf('--for', values.for)
    const inS = secondsOf('--in', values.in) ?? 0
    if (forS === undefined && (values.in !== undefined || values.countdown)) {
      throw new UsageError('--in and --countdown need --for: how long the announcement is kept.')
    }
    const kept =
      forS === undefined ? undefined : { inS, forS, countdown: values.countdown === true }
    const more = { realmId: values.realm, reason: reasonOf(values) }
    return { do: 'announce', text, zone: values.zone, kept, ...more }
  }
  if (group === 'audit' && verb === undefined) {
    return { do: 'audit', limit: numberOf('--limit', values.limit, 100) ?? 20 }
  }
  if (group === 'mute' || group === 'unmute' || group === 'moderation') {
    const asked = moderateOf(group, verb === undefined ? [] : [verb, ...rest], values)
    return { do: 'moderate', asked, realmId: values.realm }
  }
  if (group === 'leaderboard') return boardCommandOf(verb ?? '', rest, values)
  const name = `${group} ${verb ?? ''}`.trim()
  switch (name) {
    case 'player show':
      return { do: 'show', who: only(name, 'a player', rest) }
    case 'player kick':
      return { do: 'kick', who: named(name, rest), reason: reasonOf(values) }
    case 'player unban':
      return { do: 'unban', who: named(name, rest), reason: reasonOf(values) }
    case 'player ban': {
      const forS = secondsOf('--for', values.for)
      return { do: 'ban', who: named(name, rest), reason: reasonOf(values), forS }
    }
    case 'operator grant':
    case 'operator revoke': {
      const role = verb === 'grant' ? roleOf(values) : 'player'
      const who = only(name, 'a login name', rest)
      return { do: 'role', who: loginOf(who), role, reason: reasonOf(values) }
    }
    case 'mail send': {
      const to = only(name, 'the name of a character', rest).replace(/^character:/, '')
      const more = { realmId: values.realm, reason: reasonOf(values) }
      return { do: 'mail', to, letter: letterOf(values), ...more }
    }
    case 'mail all': {
      if (rest.length > 0) throw new UsageError('`mail all` takes its text as --text "...".')
      const days = numberOf('--days', values.days, letterKeptDays)
      const more = { realmId: values.realm, reason: reasonOf(values) }
      return { do: 'mail-all', letter: letterOf(values), days, ...more }
    }
    case 'mail withdraw': {
      const letterId = only(name, 'the id of a letter', rest)
      return { do: 'mail-withdraw', letterId, realmId: values.realm, reason: reasonOf(values) }
    }
    case 'announcement withdraw': {
      const announcementId = only(name, 'the id of an announcement', rest)
      const more = { realmId: values.realm, reason: reasonOf(values) }
      return { do: 'announcement-withdraw', announcementId, ...more }
    }
    case 'maintenance start':
    case 'maintenance show':
    case 'maintenance extend':
    case 'maintenance end':
      return maintenanceOf(verb as 'start' | 'show' | 'extend' | 'end', rest, values)
    case 'player export':
      return { do: 'export', who: named(name, rest), reason: reasonOf(values) }
    case 'player erase': {
      const days = numberOf('--days', values.days, eraseGraceDays, 0)
      return { do: 'erase', who: named(name, rest), reason: reasonOf(values), days }
    }
    case 'erasures list':
      return { do: 'erasures' }
    case 'erasures run':
      return { do: 'erasures-run', reason: reasonOf(values) }
    case 'character rename':
    case 'character restore': {
      const character = only(name, 'the name or the id of a character', rest)
      const more = { realmId: values.realm, reason: reasonOf(values) }
      if (verb === 'restore') return { do: 'character-restore', character, ...more }
      if (values.name === undefined) throw new UsageError('The new name is needed: --name "...".')
      return { do: 'character-rename', character, name: values.name, ...more }
    }
    case 'fleet list':
      return { do: 'fleet' }
    case 'fleet stop':
      return { do: 'stop', name: only(name, 'a host', rest), reason: reasonOf(values) }
  }
  throw new UsageError(`There is no command \`${name}\`.`)
}

function moderateOf(
  group: 'mute' | 'unmute' | 'moderation',
  given: string[],
  values: Values,
): Moderate {
  if (group === 'unmute') {
    return { act: 'unmute', who: named(group, given), reason: reasonOf(values) }
  }
  const forS = secondsOf('--for', values.for)
  const rule = rules.find((one) => one === values.rule)
  if (values.rule !== undefined && rule === undefined) {
    throw new UsageError(`--rule is ${rules.join(', ')}.`)
  }
  if (group === 'mute') {
    const who = named(group, given)
    if (forS === undefined) throw new UsageError('`mute` needs --for: how long, like 24h.')
    if (rule === undefined) throw new UsageError(`\`mute\` needs --rule: ${rules.join(', ')}.`)
    return { act: 'mute', who, forS, rule, reason: reasonOf(values) }
  }
  return moderationOf(given, values, { forS, rule })
}

function moderationOf(
  [verb = '', ...rest]: string[],
  values: Values,
  { forS, rule }: { forS: number | undefined; rule: Rule | undefined },
): Moderate {
  const name = `moderation ${verb}`.trim()
  const [id, chosen] = rest
  switch (verb) {
    case 'list':
    case 'appeals':
      if (rest.length > 0) throw new UsageError(`\`${name}\` takes no name.`)
      return { act: verb, state: values.closed ? 'closed' : 'open' }
    case 'show':
      return { act: verb, reportId: only(name, 'the id of a report', rest) }
    case 'decide': {
      const reportId = only(name, 'the id of a report', rest.slice(0, 1))
      const decision = decisions.find((one) => one === chosen)
      if (decision === undefined) {
        throw new UsageError(`\`${name}\` needs a decision: ${decisions.join(', ')}.`)
      }
      return { act: verb, reportId, decision, forS, rule, reason: reasonOf(values) }
    }
    case 'appeal': {
      const sanctionId = only(name, 'the id of a sanction', id === undefined ? [] : [id])
      if (chosen !== 'uphold' && chosen !== 'lift') {
        throw new UsageError(`\`${name}\` needs uphold or lift.`)
      }
      return { act: verb, sanctionId, decision: chosen, reason: reasonOf(values) }
    }
  }
  throw new UsageError(`There is no command \`${name}\`.`)
}

function maintenanceOf(
  verb: 'start' | 'show' | 'extend' | 'end',
  rest: string[],
  values: Values,
): Command {
  const name = `maintenance ${verb}`
  if (rest.length > 0) throw new UsageError(`\`${name}\` takes no name.`)
  const forS = secondsOf('--for', values.for)
  if (forS === undefined && (verb === 'start' || verb === 'extend')) {
    throw new UsageError(`\`${name}\` needs --for: how long, like 1h.`)
  }
  return {
    do: 'maintenance',
    verb,
    inS: secondsOf('--in', values.in),
    forS,
    text: values.text,
    least: roleOf(values),
    realmId: values.realm,
    reason: verb === 'show' ? '' : reasonOf(values),
  }
}

/** Throws UsageError. */
function boardCommandOf(verb: string, given: string[], values: Values): BoardCommand {
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

function only(command: string, what: string, given: string[]): string {
  const [one, ...more] = given
  if (one === undefined || one === '') throw new UsageError(`\`${command}\` needs ${what}.`)
  if (more.length > 0) {
    throw new UsageError(`\`${command}\` takes one name; put it in quotes if it has blanks.`)
  }
  return one
}

/** A command that changes something takes no name whose kind is unknown. */
function named(command: string, given: string[]): string {
  const who = only(command, 'a player', given)
  if (/^(account|login|character):./.test(who) || isUuid(who.toLowerCase())) return who
  throw new UsageError(
    `\`${command}\` needs the kind of the name: login:${who}, character:${who}, or an id.`,
  )
}

function reasonOf({ reason }: Values): string {
  if (reason === undefined || reason.trim().length < 3) {
    throw new UsageError('A reason is needed, for the audit: --reason "..." of 3 letters or more.')
  }
  return reason.trim()
}

function roleOf({ role = 'operator' }: Values): Role {
  const known = roles.find((one) => one === role)
  if (known === undefined) throw new UsageError(`--role is ${roles.join(', ')}.`)
  return known
}

function letterOf({ subject, text }: Values): Letter {
  if (!subject || !text) throw new UsageError('A letter needs --subject "..." and --text "...".')
  return { subject, text }
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A length of time in seconds. */
function secondsOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? []
  if (unit === undefined) throw new UsageError(`${name} is a time like 90s, 30m, 12h or 3d.`)
  return Number(count) * unitSeconds[unit]!
}

function numberOf(
  name: string,
  text: string | undefined,
  max: number,
  min = 1,
): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^\d{1,6}$/.test(text) && number >= min && number <= max) return number
  throw new UsageError(`${name} is a whole number from ${min} to ${max}.`)
}

/** A role goes to a login, unless another kind is given. */
function loginOf(who: string): string {
  return /^(account|login|character):/.test(who) || isUuid(who.toLowerCase()) ? who : `login:${who}`
}
