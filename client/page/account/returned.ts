// A player comes back from another service to log in.
import { ApiError } from '#shared/api/client.ts'
import type { Returned } from '../../library/provider-sign-in.ts'
import type { Session } from '../../library/session.ts'
import { element, show } from '../element.ts'
import { showCode } from './code.ts'

/** `back`: to the first screen, with what went wrong. */
export async function finishSignIn(
  session: Session,
  { provider, proof }: Returned,
  { done, back }: { done: () => void; back: (why?: string) => void },
): Promise<void> {
  if (proof === undefined) return back('auth.provider_refused')
  show(element('section', { class: 'card' }, element('p', { text: 'One moment…' })))
  try {
    await session.signIn(provider, proof)
    done()
  } catch (failure) {
    if (!(failure instanceof ApiError)) return back('client.defect')
    if (failure.code === 'auth.second_factor') return showCode(session, done, back)
    back(failure.code)
  }
}
