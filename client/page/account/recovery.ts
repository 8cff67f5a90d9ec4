// A lost password: a link is asked for, and the link sets a new one.
import type { Session } from '../../library/session.ts'
import { button, element, field, show } from '../element.ts'
import { createAct, sendForm } from '../form.ts'
import { newPassword } from './fields.ts'

export function showForgotten(session: Session, back: () => void): void {
  const { error, act } = createAct()
  const address = field('E-mail', {
    name: 'address',
    type: 'email',
    autocomplete: 'email',
    required: '',
  })
  const status = element('p', { attributes: { role: 'status' } })
  const { form } = sendForm({
    parts: [address.label],
    submit: 'Send a link',
    act,
    async send() {
      status.textContent = ''
      await session.api.auth.recover({ body: { address: address.input.value.trim() } })
      status.textContent =
        'If an account has this address, an e-mail is on its way. Its link is good for half an hour, once.'
    },
  })
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: 'A new password' }),
      element('p', { text: 'You get a link by e-mail, if your account has a verified address.' }),
      form,
      status,
      button('Back', back, 'plain'),
      error,
    ),
  )
  address.input.focus()
}

/** `done` gets the log-in name of the account. */
export function showRecovery(
  session: Session,
  secret: string,
  { done, back }: { done: (loginName: string) => void; back: () => void },
): void {
  const { error, act } = createAct()
  const password = newPassword('password')
  const { form } = sendForm({
    parts: [password.label],
    submit: 'Set the password',
    act,
    async send() {
      const body = { secret, password: password.input.value }
      done((await session.api.auth.finishRecovery({ body })).loginName)
    },
  })
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: 'A new password' }),
      element('p', { text: 'It ends all sessions of your account. Then you log in with it.' }),
      form,
      button('Leave it as it is', back, 'plain'),
      error,
    ),
  )
  password.input.focus()
}
