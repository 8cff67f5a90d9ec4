// The link of an e-mail that verifies an address. A click counts, not the look: programs look at links in e-mails too.
import type { Session } from '../../library/session.ts'
import { button, element, show } from '../element.ts'
import { createAct } from '../form.ts'

export function showVerify(session: Session, secret: string, done: () => void): void {
  const { error, act } = createAct()
  const text = element('p', {
    text: 'Is this e-mail address yours? It then gets a link when you have lost your password.',
    attributes: { role: 'status' },
  })
  const verify = button(
    'Verify',
    () => {
      verify.disabled = true
      act(async () => {
        try {
          await session.api.auth.confirmEmail({ body: { secret } })
        } finally {
          verify.disabled = false
        }
        text.textContent = 'Your e-mail address is verified.'
        verify.replaceWith(button('Go on', done, 'main'))
        leave.remove()
      })
    },
    'main',
  )
  const leave = button('Leave it as it is', done, 'plain')
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: 'Your e-mail address' }),
      text,
      element('div', { class: 'row' }, verify, leave),
      error,
    ),
  )
  verify.focus()
}
