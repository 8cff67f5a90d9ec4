// The tab of the log-in: who is logged in, a log-in name for who has none, the e-mail address, the password.
import { element, field } from '../element.ts'
import { sendForm } from '../form.ts'
import type { Tab } from '../tabs.ts'
import type { AccountContext } from './context.ts'
import { newPassword, presentPassword } from './fields.ts'
import { emailWords, guestWarning, whoWords } from './words.ts'

export function loginTab(context: AccountContext): Tab {
  const { overview, ways } = context
  const who = element('p')
  const warning = element('p', { class: 'hint', text: guestWarning })
  const upgrade = upgradeForm(context)
  const email = emailPart(context)
  const password = passwordPart(context)
  return {
    title: 'Log-in',
    element: element('div', {}, who, warning, upgrade.part, email.part, password.part),
    async refresh() {
      const [account, { email: sends }] = await Promise.all([overview(), ways()])
      const { loginName } = account
      who.textContent = whoWords(account)
      warning.hidden = !account.guest
      upgrade.part.hidden = loginName !== undefined
      upgrade.email.hidden = !sends
      upgrade.forget.hidden = !account.device
      email.part.hidden = !sends || loginName === undefined
      email.draw(account)
      password.part.hidden = loginName === undefined
      password.draw(loginName)
      return 0
    },
  }
}

function upgradeForm({ session, act }: AccountContext) {
  const name = field('Log-in name', {
    name: 'loginName',
    autocomplete: 'username',
    pattern: '[A-Za-z0-9][A-Za-z0-9._@+\\-]{2,63}',
    title: '3 to 64 letters, digits and . _ @ + -',
    required: '',
  })
  const password = newPassword('upgradePassword')
  const email = field('E-mail, for a lost password (may be empty)', {
    name: 'upgradeEmail',
    type: 'email',
    autocomplete: 'email',
  })
  const forget = field('This browser forgets it: only name and password open it', {
    name: 'forgetDevice',
    type: 'checkbox',
  })
  const { form } = sendForm({
    parts: [name.label, password.label, email.label, forget.label],
    submit: 'Keep this account',
    act,
    async send() {
      const [secret, address] = [password.input.value, email.input.value.trim()]
      await session.upgrade(name.input.value.trim(), secret, forget.input.checked)
      // The account is kept from here on, whatever becomes of the e-mail.
      form.reset()
      if (address !== '') await session.api.auth.setEmail({ body: { address, password: secret } })
    },
  })
  const part = element('div', {}, element('h2', { text: 'Add a log-in name' }), form)
  return { part, email: email.label, forget: forget.label }
}

function emailPart({ session, act }: AccountContext) {
  const status = element('p', { attributes: { role: 'status' } })
  const address = field('E-mail', {
    name: 'email',
    type: 'email',
    autocomplete: 'email',
    required: '',
  })
  const password = presentPassword('emailPassword')
  const summary = element('summary')
  const { form, submit } = sendForm({
    parts: [address.label, password.label],
    submit: 'Send the link',
    act,
    async send() {
      const body = { address: address.input.value.trim(), password: password.input.value }
      await session.api.auth.setEmail({ body })
      details.open = false
    },
  })
  const details = element('details', {}, summary, form)
  let pending: string | undefined
  const name = () => {
    const again = address.input.value.trim() === pending
    submit.textContent = again ? 'Send the e-mail again' : 'Send the link'
  }
  address.input.addEventListener('input', name)
  return {
    part: element('div', {}, element('h2', { text: 'E-mail' }), status, details),
    draw({ email }: Parameters<typeof emailWords>[0]) {
      status.textContent = emailWords({ email })
      pending = email?.pending
      summary.textContent =
        pending !== undefined
          ? 'Send the e-mail again, or to another address'
          : email?.address === undefined
            ? 'Add an address'
            : 'Change the address'
      if (pending !== undefined && address.input.value === '') address.input.value = pending
      name()
    },
  }
}

function passwordPart({ session, act }: AccountContext) {
  let loginName = ''
  const present = presentPassword('present')
  const next = newPassword('next')
  const done = element('p', { attributes: { role: 'status' } })
  const { form } = sendForm({
    parts: [present.label, next.label],
    submit: 'Change the password',
    act,
    async send() {
      done.textContent = ''
      await session.changePassword(loginName, present.input.value, next.input.value)
      details.open = false
      done.textContent = 'Your password is changed. All other sessions have ended.'
    },
  })
  const details = element('details', {}, element('summary', { text: 'Change the password' }), form)
  return {
    part: element('div', {}, element('h2', { text: 'Password' }), details, done),
    draw(name: string | undefined) {
      loginName = name ?? ''
    },
  }
}
