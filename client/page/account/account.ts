// The panel of the account: how it is opened, who is logged in to it, and what is kept of the player.
import type { AccountOverview } from '#shared/api/auth-account.ts'
import { button, element } from '../element.ts'
import { createTabs } from '../tabs.ts'
import { ownWordsOf } from '../words.ts'
import type { AccountOptions, Ways } from './context.ts'
import { dataTab } from './data.ts'
import { factorTab } from './factor.ts'
import { identitiesTab } from './identities.ts'
import { loginTab } from './login.ts'
import { sessionsTab } from './sessions.ts'

export type AccountPanel = {
  /** What opens it. */
  opener: HTMLElement
  /** What a guest has to know. */
  hint: HTMLElement
  close(): void
}

export function createAccount(options: AccountOptions): AccountPanel {
  const { session } = options
  let overview: Promise<AccountOverview>
  let ways: Promise<Ways>
  const hint = element(
    'p',
    { class: 'hint' },
    element('span', { text: 'You play as a guest: only this browser opens your characters.' }),
    button('Keep them', () => tabs.open()),
  )
  const showHint = () => {
    hint.hidden = session.account?.guest !== true
  }
  showHint()
  let identities: ReturnType<typeof identitiesTab> | undefined
  const tabs = createTabs({
    label: 'Account',
    words: ownWordsOf,
    asking() {
      overview = session.api.auth.account()
      ways = session.api.auth.ways()
    },
    asked: showHint,
    tabs(act) {
      const context = { ...options, act, overview: () => overview, ways: () => ways }
      identities = identitiesTab(context)
      return [
        loginTab(context),
        factorTab(context),
        identities,
        sessionsTab(context),
        dataTab(context),
      ]
    },
  })
  if (options.returned !== undefined) {
    tabs.choose(identities!)
    tabs.open()
  }
  return {
    opener: button('Account', () => tabs.open(), 'plain'),
    hint,
    close: () => tabs.dialog.remove(),
  }
}
