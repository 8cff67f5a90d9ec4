// The tab of log-in sessions: where the account is open, and their end.
import { button, element } from '../element.ts'
import { line } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import type { AccountContext } from './context.ts'
import { sessionWords } from './words.ts'

export function sessionsTab({ session, act, logOut }: AccountContext): Tab {
  const { auth } = session.api
  const list = element('div')
  const others = button('End all others', () => act(() => auth.endOtherSessions()))
  return {
    title: 'Sessions',
    element: element(
      'div',
      {},
      element('p', { text: 'Where your account is open. What you end stops within 15 minutes.' }),
      list,
      element(
        'div',
        { class: 'choices' },
        others,
        button('Log out', () => act(() => logOut(false))),
        button('Log out everywhere', () => act(() => logOut(true))),
      ),
    ),
    async refresh() {
      const { sessions } = await auth.sessions()
      const rows = sessions.map((one) => {
        const { text, about } = sessionWords(one)
        const params = { sessionId: one.sessionId }
        const end = { label: 'End', of: text, choose: () => act(() => auth.endSession({ params })) }
        return line(text, about, one.current ? [] : [end])
      })
      list.replaceChildren(...rows)
      others.hidden = sessions.length < 2
      return 0
    },
  }
}
