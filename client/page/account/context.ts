// What the parts of the panel of the account share.
import type { Api } from '#shared/api/api.ts'
import type { AccountOverview } from '#shared/api/auth-account.ts'
import type { AnswerOf } from '#shared/api/endpoint.ts'
import type { Returned } from '../../library/provider-sign-in.ts'
import type { InRealm, Session } from '../../library/session.ts'
import type { KeyStore } from '../../library/storage.ts'
import type { Act } from '../tabs.ts'

export type Ways = AnswerOf<Api['auth']['endpoints']['ways']>

export type AccountOptions = {
  session: Session
  realm: InRealm
  /** Lives with the tab. */
  tabStore: KeyStore
  /** What a sign-in has brought back that is to be linked. */
  returned: Returned | undefined
  /** Logs the player out, here or on every device. */
  logOut: (everywhere: boolean) => Promise<void>
  /** The erase was asked for; the player is logged out. `at`: Unix ms. */
  erased: (at: number) => void
}

/** What the tabs share. */
export type AccountContext = AccountOptions & {
  act: Act
  /** What the account has, as of this drawing. */
  overview: () => Promise<AccountOverview>
  ways: () => Promise<Ways>
}
