// What was typed after `npm run waystone --`, as a command.
import { parseArgs } from 'node:util'
import type { Role } from '#shared/api/role.ts'
import { VARIABLES } from '#shared/config.ts'
import { eraseGraceDays, letterKeptDays } from '#shared/limits.ts'
import { isUuid } from '#shared/runtime.ts'
import { instanceCommandOf } from './instances.ts'
import type { InstanceCommand } from './instances.ts'
import { boardCommandOf } from './leaderboard.ts'
import type { BoardCommand } from './leaderboard.ts'
import { moderateOf } from './moderate.ts'
import type { Moderate } from './moderate.ts'
import { queueCommandOf } from './queues.ts'
import type { QueueCommand } from './queues.ts'
import { UsageError, named, numberOf, only, reasonOf, roleOf, secondsOf } from './typed.ts'
import type { Values } from './typed.ts'

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
  | InstanceCommand
  | QueueCommand
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

const options = {
  reason: { type: 'string' },
  role: { type: 'string' },
  in: { type: 'string' },
  for: { type: 'string' },
  zone: { type: 'string' },
  to: { type: 'string' },
  beside: { type: 'string' },
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
  if (group === 'instances' || (group === 'player' && verb === 'move')) {
    return instanceCommandOf(verb ?? '', rest, values)
  }
  if (group === 'queue') return queueCommandOf(verb ?? '', rest, values)
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

function letterOf({ subject, text }: Values): Letter {
  if (!subject || !text) throw new UsageError('A letter needs --subject "..." and --text "...".')
  return { subject, text }
}

/** A role goes to a login, unless another kind is given. */
function loginOf(who: string): string {
  return /^(account|login|character):/.test(who) || isUuid(who.toLowerCase()) ? who : `login:${who}`
}
