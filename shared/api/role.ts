// The roles of those who run a game, the least first. Each may do all that the one before it may.
import * as z from 'zod'

export const roles = ['support', 'moderator', 'operator'] as const

export const role = z.enum(roles)
export type Role = z.infer<typeof role>

/** Whether an account with this role, or with none, may do what needs `least`. */
export function reaches(has: Role | undefined, least: Role): boolean {
  return has !== undefined && roles.indexOf(has) >= roles.indexOf(least)
}

/** The roles above which somebody with this one stands. An operator stands above all. */
export function rolesBelow(has: Role): readonly Role[] {
  return has === 'operator' ? roles : roles.slice(0, roles.indexOf(has))
}
