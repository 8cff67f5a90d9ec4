// The refusal for a banned account.
import { forGood } from '#shared/ownership/ban.ts'
import type { Ban } from '#shared/ownership/ban.ts'
import { Problem } from '#shared/problem.ts'
import { dateOf } from '../http/date.ts'

/** Throws auth.banned while the ban lasts. Only operators see the reason. */
export function refuseBanned(account: { ban?: Ban | undefined }, now: number): void {
  const { ban } = account
  if (ban === undefined || ban.until <= now) return
  const detail =
    ban.until >= forGood ? 'The ban has no end.' : `The ban ends at ${dateOf(ban.until)}.`
  throw new Problem('auth.banned', { detail })
}
