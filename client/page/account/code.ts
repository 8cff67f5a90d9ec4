// The second step of a log-in to an account that has an authenticator.
import { ApiError } from '#shared/api/client.ts'
import type { Session } from '../../library/session.ts'
import { button, element, show } from '../element.ts'
import { createAct, sendForm } from '../form.ts'
import { codeField } from './fields.ts'

/** `back`: to the first step, with the code that tells why if it was not the player. */
export function showCode(session: Session, done: () => void, back: (why?: string) => void): void {
  const { error, act } = createAct()
  const code = codeField('code')
  const { form } = sendForm({
    parts: [code.label],
    submit: 'Go on',
    act,
    async send() {
      try {
        await session.enterCode(code.input.value.trim())
      } catch (failure) {
        const again = failure instanceof ApiError && isWrongCode(failure.code)
        if (again || !(failure instanceof ApiError)) throw failure
        return back(failure.code)
      }
      done()
    },
  })
  show(
    element(
      'section',
      { class: 'card' },
      element('h1', { text: 'Your code' }),
      element('p', {
        text: 'Enter the six digits that your authenticator shows, or one of your recovery codes.',
      }),
      form,
      button('Back', () => back(), 'plain'),
      error,
    ),
  )
  code.input.focus()
}

/** The player can try again here. */
function isWrongCode(code: string): boolean {
  return [
    'auth.code_refused',
    'request.invalid',
    'request.rate_limited',
    'network',
    'store.unavailable',
  ].includes(code)
}
