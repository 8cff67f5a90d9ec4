// The allowances of accounts: how much an account may still send of each kind of control message. An
// allowance belongs to the account, not to the stay. It survives leaving, a gate, a resume and a change of
// character; otherwise each of them would fill it up.
//
// A host remembers its accounts. An unknown account comes from another host, or was here long ago. Its
// allowances begin with the amount of one second and fill from there. So a change of host gives at most the
// amount of one second, and takes about a second. A character that was never saved has not played yet; its
// account begins with full allowances.
import { allowancesRememberedMax } from '#shared/limits.ts'
import { createTokenBucket, spend } from '../net/token-bucket.ts'
import type { TokenBucket } from '../net/token-bucket.ts'

export type Rate = { burst: number; perSecond: number }

/** Of one account. */
export type Allowance = {
  /** Takes one message of a kind out, if it may be sent. `now`: monotonic ms. */
  take(kind: string, rate: Rate, now: number): boolean
}

export type Allowances = {
  /** Those of the account whose character comes in. `now`: monotonic ms. */
  of(account: { accountId: string; saveNumber: number }, now: number): Allowance
}

/** For one host. Beyond `remembered` accounts the one that came in longest ago is forgotten. */
export function createAllowances(remembered = allowancesRememberedMax): Allowances {
  const accounts = new Map<string, Allowance>()
  return {
    of({ accountId, saveNumber }, now) {
      const since = saveNumber === 0 ? Number.NEGATIVE_INFINITY : now
      const allowance = accounts.get(accountId) ?? createAllowance(since)
      // A Map keeps the order in which keys were added.
      accounts.delete(accountId)
      accounts.set(accountId, allowance)
      for (const oldest of accounts.keys()) {
        if (accounts.size <= remembered) break
        accounts.delete(oldest)
      }
      return allowance
    },
  }
}

/** `since`: when it began to fill, monotonic ms. */
function createAllowance(since: number): Allowance {
  const buckets = new Map<string, TokenBucket>()
  return {
    take(kind, { burst, perSecond }, now) {
      let bucket = buckets.get(kind)
      if (bucket === undefined) {
        bucket = createTokenBucket(burst, perSecond, now)
        if (since > Number.NEGATIVE_INFINITY) {
          bucket.tokens = Math.min(burst, perSecond * (1 + (now - since) / 1000))
        }
        buckets.set(kind, bucket)
      }
      return spend(bucket, 1, now)
    },
  }
}
