// The first screen: play as a guest with one click, log in, or register.
import { page } from '#game/page'
import { ApiError } from '#shared/api/client.ts'
import { passwordMinLength } from '#shared/limits.ts'
import { beginSignIn } from '../library/provider-sign-in.ts'
import type { Session } from '../library/session.ts'
import type { KeyStore } from '../library/storage.ts'
import { showCode } from './account/code.ts'
import { returnTo } from './account/provider.ts'
import { showForgotten } from './account/recovery.ts'
import { dayOf } from './countdown.ts'
import { button, element, field, show } from './element.ts'
import type { Act } from './tabs.ts'
import { passwordHint, words, wordsOf } from './words.ts'

export type Landing = {
  session: Session
  /** Lives with the tab. */
  tabStore: KeyStore
  /** Somebody is logged in. */
  done: () => void
  /** The code that brought the player here. */
  why?: string | undefined
  /** What the player is told first, if it is good news. */
  note?: string
  loginName?: string
}

export function showLanding(landing: Landing): void {
  const { session, done, why } = landing
  const error = element('p', {
    class: 'error',
    text: why === undefined ? '' : words(why),
    attributes: { role: 'alert' },
  })
  const attempt = async (act: () => Promise<unknown>) => {
    for (const each of buttons) each.disabled = true
    error.textContent = ''
    try {
      await act()
      done()
    } catch (failure) {
      if (failure instanceof ApiError && failure.code === 'auth.second_factor') {
        showCode(session, done, back)
      } else error.textContent = wordsOf(failure)
    } finally {
      for (const each of buttons) each.disabled = false
    }
  }
  const guest = button('Play as guest', () => void attempt(() => session.guest()), 'main full')
  guest.id = 'guest'
  const named = namedForm(landing, { attempt: (act) => void attempt(act), error })
  const buttons = [guest, ...named.buttons]
  const back = (again?: string) => {
    const { tabStore } = landing
    showLanding({ session, tabStore, done, why: again, loginName: named.loginName() })
  }
  const more = element('div', { class: 'ways' })
  void showOtherWays(landing, { more, error, back })
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: page.title }),
      element('p', { text: page.about ?? '' }),
      element('p', { class: 'hint', text: landing.note ?? '', attributes: { role: 'status' } }),
      guest,
      element('p', { class: 'about', text: guestWords(session.guestErasedAt()) }),
      element('p', { class: 'or', text: 'or' }),
      named.form,
      more,
      error,
    ),
  )
}

/** Logs in by name and password, or registers with them. */
function namedForm(
  { session, loginName = '' }: Landing,
  { attempt, error }: { attempt: Act; error: HTMLElement },
) {
  const name = field('Log-in name or e-mail', { name: 'username', autocomplete: 'username' })
  name.input.value = loginName
  const password = field('Password', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
  })
  const hint = element('p', { class: 'about', text: '' })
  let registering = false
  const go = element('button', { text: 'Log in', attributes: { type: 'submit', id: 'log-in' } })
  const other = button(
    'Make an account',
    () => {
      registering = !registering
      go.textContent = registering ? 'Register' : 'Log in'
      other.textContent = registering ? 'I have an account' : 'Make an account'
      hint.textContent = registering ? passwordHint : ''
      password.input.autocomplete = registering ? 'new-password' : 'current-password'
      error.textContent = ''
    },
    'plain',
  )
  other.id = 'other'
  const row = element('div', { class: 'row' }, go, other)
  const form = element('form', {}, name.label, password.label, hint, row)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const [entered, secret] = [name.input.value.trim(), password.input.value]
    const wrong = wrongInput(entered, secret, registering)
    if (wrong !== undefined) error.textContent = wrong
    else if (registering) attempt(() => session.register(entered, secret))
    else attempt(() => session.logIn(entered, secret))
  })
  return { form, buttons: [go, other], loginName: () => name.input.value }
}

function guestWords(erasedAt: number | undefined): string {
  return erasedAt === undefined
    ? 'No sign-up. This browser keeps your characters.'
    : `The guest of this browser is erased on ${dayOf(erasedAt)}. To play as guest keeps it.`
}

/** What only some servers have: sign-in by other services, and a link for a lost password. */
async function showOtherWays(
  { session, tabStore }: Landing,
  { more, error, back }: { more: HTMLElement; error: HTMLElement; back: () => void },
): Promise<void> {
  const begin = async (provider: string) => {
    try {
      location.assign(await beginSignIn(session.api, tabStore, { provider, returnTo }))
    } catch (failure) {
      error.textContent = wordsOf(failure)
    }
  }
  try {
    const { email, providers } = await session.api.auth.ways()
    for (const { kind, provider, title } of providers) {
      if (kind !== 'redirect') continue
      more.append(button(`Sign in with ${title}`, () => void begin(provider), 'full'))
    }
    if (email)
      more.append(button('Forgot the password?', () => showForgotten(session, back), 'plain'))
  } catch {
    // Who needs one of these sees that the server does not answer when he tries another way.
  }
}

function wrongInput(loginName: string, secret: string, registering: boolean): string | undefined {
  if (loginName === '' || secret === '') return 'Please enter a name and a password.'
  if (!registering) return undefined
  if (!/^[A-Za-z0-9][A-Za-z0-9._@+-]{2,63}$/.test(loginName)) {
    return 'The name takes 3 to 64 letters, digits and . _ @ + -'
  }
  if (secret.length < passwordMinLength) {
    return `The password needs at least ${passwordMinLength} characters.`
  }
  return undefined
}
