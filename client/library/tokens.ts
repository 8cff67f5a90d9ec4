// The tokens of who is logged in, in the page and in its storage.
//
// Several pages of one browser share a storage and may play different accounts. So tokens are stored under
// their account. The account that logged in last is stored beside them, for the next start.
import type { PasswordSession, Session } from '#shared/api/auth.ts'
import { accessTokenMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { KeyStore } from './storage.ts'

/** An access token is renewed this long before it runs out. */
const renewBeforeMs = 60_000
/** The id of the account that logged in last. */
const lastKey = 'session'
const tokensKey = (accountId: string) => `session.${accountId}`
/** What the server gave this device for a login name. */
const knownKey = (loginName: string) => `known.${loginName.toLowerCase()}`

/** The answer of the server, and when it came by our own clock. */
export type Kept = Session & { receivedAt: number }

export type Tokens = {
  current(): Kept | undefined
  /** After a log-in: the next start begins with this account. `loginName`: by which it was opened. */
  begin(session: Session & Partial<PasswordSession>, loginName?: string): Kept
  /** Keeps what the server gave this device for a log-in name. It stays after a log-out: the device is known by it. */
  know(loginName: string, deviceToken: string): void
  /** After a renewal. */
  renew(session: Session): void
  forget(): void
  /** Takes over what another page has renewed. Returns whether there was something newer. */
  adopt(): boolean
  /** Whether the access token runs out soon. */
  isStale(): boolean
  /** Whether another page has logged this account out. It is forgotten here then. */
  goneElsewhere(): boolean
  /** What the server gave this device at the last log-in to the name. */
  deviceTokenOf(loginName: string): string | undefined
}

export function createTokens(storage: KeyStore, runtime: Pick<Runtime, 'now'>): Tokens {
  let kept = readLast(storage)
  const keep = (session: Session): Kept => {
    kept = { ...session, receivedAt: runtime.now() }
    storage.set(tokensKey(kept.accountId), JSON.stringify(kept))
    return kept
  }
  const know = (loginName: string, deviceToken: string) => {
    storage.set(knownKey(loginName), deviceToken)
  }
  return {
    current: () => kept,
    begin({ deviceToken, ...session }, loginName) {
      if (loginName !== undefined && deviceToken !== undefined) know(loginName, deviceToken)
      storage.set(lastKey, session.accountId)
      return keep(session)
    },
    know,
    renew: (session) => void keep(session),
    forget() {
      if (kept === undefined) return
      storage.remove(tokensKey(kept.accountId))
      if (storage.get(lastKey) === kept.accountId) storage.remove(lastKey)
      kept = undefined
    },
    adopt() {
      const stored = kept === undefined ? readLast(storage) : readKept(storage, kept.accountId)
      if (stored === undefined || stored.refreshToken === kept?.refreshToken) return false
      if (kept !== undefined && stored.receivedAt < kept.receivedAt) return false
      kept = stored
      return true
    },
    isStale() {
      if (kept === undefined) return false
      // The device's clock may be off by hours. The life of a token is known, so its length decides.
      const lifeByDevice = kept.accessExpiresAt - kept.receivedAt
      const life = Math.min(accessTokenMs, Math.max(accessTokenMs / 2, lifeByDevice))
      const age = runtime.now() - kept.receivedAt
      return age < 0 || age > life - renewBeforeMs
    },
    goneElsewhere() {
      if (kept === undefined || storage.get(tokensKey(kept.accountId)) !== undefined) return false
      kept = undefined
      return true
    },
    deviceTokenOf: (loginName) => storage.get(knownKey(loginName)),
  }
}

function readLast(storage: KeyStore): Kept | undefined {
  const accountId = storage.get(lastKey)
  return accountId === undefined ? undefined : readKept(storage, accountId)
}

/** Only this code writes it. With a damaged or older one the player logs in again. */
function readKept(storage: KeyStore, accountId: string): Kept | undefined {
  try {
    const text = storage.get(tokensKey(accountId)) ?? 'null'
    const value = JSON.parse(text) as Partial<Kept> | null
    const whole =
      value?.accountId === accountId &&
      typeof value.accessToken === 'string' &&
      typeof value.refreshToken === 'string' &&
      typeof value.accessExpiresAt === 'number' &&
      typeof value.receivedAt === 'number' &&
      Array.isArray(value.realms)
    return whole ? (value as Kept) : undefined
  } catch {
    return undefined
  }
}
