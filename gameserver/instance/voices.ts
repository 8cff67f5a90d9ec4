// Who may say something to others in the zones of a host. A mute is of an account: the host reads it with each claim
// and hears of changes through its inbox, in any order. The change with the higher number counts.
import { allowancesRememberedMax } from '#shared/limits.ts'

/** A change of an account's mute (shared/moderation/mute.ts). */
export type MuteChange = { until: number; version: number }

export type Voices = {
  take(accountId: string, change: MuteChange): void
  /** `now`: Unix ms. */
  isMuted(accountId: string, now: number): boolean
}

/** For one host. A claim under way misses no change: the command is remembered although nobody is here yet. */
export function createVoices(remembered = allowancesRememberedMax): Voices {
  const accounts = new Map<string, MuteChange>()
  return {
    take(accountId, change) {
      const known = accounts.get(accountId)
      if (known !== undefined && known.version >= change.version) change = known
      // A Map keeps the order in which keys were added: those that came in last are forgotten last.
      accounts.delete(accountId)
      accounts.set(accountId, change)
      for (const oldest of accounts.keys()) {
        if (accounts.size <= remembered) break
        accounts.delete(oldest)
      }
    },
    isMuted: (accountId, now) => (accounts.get(accountId)?.until ?? 0) > now,
  }
}
