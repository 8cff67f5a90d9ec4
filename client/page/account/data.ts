// The tab of the player's data: a copy of it, and its end.
import { collectExport } from '../../library/export.ts'
import { button, element, sureButton } from '../element.ts'
import { sendForm } from '../form.ts'
import type { Tab } from '../tabs.ts'
import type { AccountContext } from './context.ts'
import { saveFile } from './file.ts'
import { presentPassword } from './fields.ts'
import { eraseWarning } from './words.ts'

export function dataTab({ session, realm, act, overview, erased }: AccountContext): Tab {
  const status = element('p', { attributes: { role: 'status' } })
  const download = button('Download my data', () => {
    download.disabled = true
    status.textContent = 'One moment…'
    act(async () => {
      try {
        const entries = await collectExport(realm.api({}))
        saveFile('my-data.json', 'application/json', JSON.stringify(entries, undefined, 2))
        status.textContent = `Your browser saves ${entries.length} entries as my-data.json.`
      } catch (failure) {
        status.textContent = ''
        throw failure
      } finally {
        download.disabled = false
      }
    })
  })

  const password = presentPassword('erasePassword')
  const { form } = sendForm({
    parts: [password.label],
    submit: 'Erase my account',
    act,
    send: async () => erased(await session.erase(password.input.value)),
  })
  const asGuest = sureButton('Erase my account', () =>
    act(async () => erased(await session.erase())),
  )
  const needsName = element('p', {
    text: 'To ask for it you show your password. Add a log-in name and a password first, under Log-in.',
  })

  return {
    title: 'Data',
    element: element(
      'div',
      {},
      element('p', { text: 'A copy of all that is kept of you, without passwords and secrets.' }),
      download,
      status,
      element('h2', { text: 'Erase the account' }),
      element('p', { text: eraseWarning }),
      form,
      asGuest,
      needsName,
    ),
    async refresh() {
      const { loginName, guest } = await overview()
      form.hidden = loginName === undefined
      asGuest.hidden = !guest
      needsName.hidden = guest || loginName !== undefined
      return 0
    },
  }
}
