// The refusal for a banned account, and what a decision does to the bans of one. An account may have several by
// decisions. The one that lasts longest counts; the others wait beside it. So each is lifted alone. A ban by hand takes
// the place of all of them.
import { bansBesideMax } from '#shared/limits.ts'
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

/** The bans of an account with one more, by a decision. */
export function withBan(before: Ban | undefined, given: Ban, now: number): Ban {
  return oneOf([...(before === undefined ? [] : allOf(before)), given], now)!
}

/** The bans of an account without that of a decision; as they are when it has none of it. */
export function withoutBan(
  before: Ban | undefined,
  sanctionId: string,
  now: number,
): Ban | undefined {
  if (before === undefined) return undefined
  const all = allOf(before)
  const rest = all.filter((one) => one.sanctionId !== sanctionId)
  return rest.length === all.length ? before : oneOf(rest, now)
}

function allOf({ beside = [], ...longest }: Ban): Ban[] {
  return [longest, ...beside]
}

function oneOf(all: readonly Ban[], now: number): Ban | undefined {
  const [longest, ...others] = all
    .filter(({ until }) => until > now)
    .toSorted((a, b) => b.until - a.until)
  if (longest === undefined || others.length === 0) return longest
  return { ...longest, beside: others.slice(0, bansBesideMax) }
}
