// What is typed after `npm run waystone --`, in parts that many commands have: who is meant, why, for how long.
import { roles } from '#shared/api/role.ts'
import type { Role } from '#shared/api/role.ts'
import { isUuid } from '#shared/runtime.ts'

/** What was typed is no command. The message is one sentence. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message} See \`npm run waystone -- --help\`.`)
    this.name = 'UsageError'
  }
}

type Name =
  | 'to'
  | 'beside'
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
/** The options. */
export type Values = Partial<Record<Name, string>> & { countdown?: boolean; closed?: boolean }

export function only(command: string, what: string, given: string[]): string {
  const [one, ...more] = given
  if (one === undefined || one === '') throw new UsageError(`\`${command}\` needs ${what}.`)
  if (more.length > 0) {
    throw new UsageError(`\`${command}\` takes one name; put it in quotes if it has blanks.`)
  }
  return one
}

/** A command that changes something takes no name whose kind is unknown. */
export function named(command: string, given: string[]): string {
  const who = only(command, 'a player', given)
  if (/^(account|login|character):./.test(who) || isUuid(who.toLowerCase())) return who
  throw new UsageError(
    `\`${command}\` needs the kind of the name: login:${who}, character:${who}, or an id.`,
  )
}

export function reasonOf({ reason }: Values): string {
  if (reason === undefined || reason.trim().length < 3) {
    throw new UsageError('A reason is needed, for the audit: --reason "..." of 3 letters or more.')
  }
  return reason.trim()
}

export function roleOf({ role = 'operator' }: Values): Role {
  const known = roles.find((one) => one === role)
  if (known === undefined) throw new UsageError(`--role is ${roles.join(', ')}.`)
  return known
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A length of time in seconds. */
export function secondsOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? []
  if (unit === undefined) throw new UsageError(`${name} is a time like 90s, 30m, 12h or 3d.`)
  return Number(count) * unitSeconds[unit]!
}

export function numberOf(
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
