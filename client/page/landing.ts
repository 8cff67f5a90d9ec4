// The first screen: play as a guest with one click, log in, or register.
import { page } from '#game/page'
import { passwordMinLength } from '#shared/limits.ts'
import type { Session } from '../library/session.ts'
import { button, element, field, show } from './element.ts'
import { passwordHint, words, wordsOf } from './words.ts'

/** Shows the screen; `done` when somebody is logged in. `why` is shown first, if there is a reason. */
export function showLanding(session: Session, done: () => void, why?: string): void {
  const error = element('p', {
    class: 'error',
    text: why === undefined ? '' : words(why),
    attributes: { role: 'alert' },
  })
  const name = field('Log-in name or e-mail', { name: 'username', autocomplete: 'username' })
  const password = field('Password', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
  })
  const hint = element('p', { class: 'about', text: '' })
  let registering = false

  const attempt = async (act: () => Promise<unknown>) => {
    for (const each of buttons) each.disabled = true
    error.textContent = ''
    try {
      await act()
      done()
    } catch (failure) {
      error.textContent = wordsOf(failure)
    } finally {
      for (const each of buttons) each.disabled = false
    }
  }
  const submit = () => {
    const loginName = name.input.value.trim()
    const secret = password.input.value
    const wrong = wrongInput(loginName, secret, registering)
    if (wrong !== undefined) {
      error.textContent = wrong
      return
    }
    void attempt(() =>
      registering ? session.register(loginName, secret) : session.logIn(loginName, secret),
    )
  }
  const turn = () => {
    registering = !registering
    go.textContent = registering ? 'Register' : 'Log in'
    other.textContent = registering ? 'I have an account' : 'Make an account'
    hint.textContent = registering ? passwordHint : ''
    password.input.autocomplete = registering ? 'new-password' : 'current-password'
    error.textContent = ''
  }

  const guest = button('Play as guest', () => void attempt(() => session.guest()), 'main full')
  guest.id = 'guest'
  const go = element('button', { text: 'Log in', attributes: { type: 'submit', id: 'log-in' } })
  const other = button('Make an account', turn, 'plain')
  other.id = 'other'
  const buttons = [guest, go, other]
  const form = element(
    'form',
    {},
    name.label,
    password.label,
    hint,
    element('div', { class: 'row' }, go, other),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
  })
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: page.title }),
      element('p', { text: page.about ?? '' }),
      guest,
      element('p', { class: 'about', text: 'No sign-up. This browser keeps your characters.' }),
      element('p', { class: 'or', text: 'or' }),
      form,
      error,
    ),
  )
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
