// The tab of mail: the inbox, a letter, and a new one.
import { letterSubjectMaxLength, letterTextMaxLength } from '#shared/limits.ts'
import { button, element, field } from '../element.ts'
import { openReport } from './report.ts'
import { line } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

export function mailTab({ api, playing, act }: TabContext): Tab {
  const { realmId, characterId } = playing
  const params = { realmId, characterId }
  const to = field('To', { name: 'to', autocomplete: 'off' })
  const subject = field('Subject', {
    name: 'subject',
    autocomplete: 'off',
    maxlength: String(letterSubjectMaxLength),
  })
  const text = element('textarea', {
    attributes: { rows: '4', maxlength: String(letterTextMaxLength), 'aria-label': 'Letter' },
  })
  const form = element(
    'form',
    {},
    to.label,
    subject.label,
    text,
    element('button', { class: 'main', text: 'Send' }),
  )
  const writing = element('details', {}, element('summary', { text: 'Write a letter' }), form)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const written = {
      as: characterId,
      to: to.input.value.trim(),
      subject: subject.input.value.trim(),
      text: text.value,
    }
    act(async () => {
      await api.mail.send({ params: { realmId }, body: written })
      for (const each of [to.input, subject.input, text]) each.value = ''
      writing.open = false
    })
  })
  const opened = element('article', { class: 'letter' })
  const list = element('div')

  const open = async (letterId: string) => {
    const of = { params: { ...params, letterId } }
    const letter = await api.mail.open(of)
    const from = letter.from.kind === 'game' ? 'From the game' : `From ${letter.from.name}`
    opened.replaceChildren(
      element('h2', { text: letter.subject }),
      element('small', { text: `${from}, ${new Date(letter.at).toLocaleString()}` }),
      element('pre', { text: letter.text }),
      ...(letter.from.kind === 'game'
        ? []
        : [
            button('Report', () =>
              openReport({ api, playing }, { kind: 'letter', letterId }, 'this letter'),
            ),
          ]),
      button('Close', () => opened.replaceChildren()),
    )
    await api.mail.markRead(of)
  }

  return {
    title: 'Mail',
    element: element('div', {}, writing, opened, list),
    async refresh() {
      const { entries, unread } = await api.mail.list({ params, query: { limit: 140 } })
      const rows = entries.map(({ letterId, from, subject: about, read }) => {
        const who = from.kind === 'game' ? 'The game' : from.name
        const of = { params: { ...params, letterId } }
        const row = line(about, `${who}${read ? '' : ', unread'}`, [
          { label: 'Read', choose: () => act(() => open(letterId)) },
          { label: 'Delete', choose: () => act(() => api.mail.delete(of)) },
        ])
        if (!read) row.classList.add('unread')
        return row
      })
      const none = element('p', { text: 'No letters.' })
      list.replaceChildren(...(rows.length > 0 ? rows : [none]))
      return unread
    },
  }
}
