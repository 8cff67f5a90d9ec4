// The tab of rules: what the player was given for breaking one, and his appeal.
import type { Sanction } from '#shared/api/moderation.ts'
import { appealMaxLength } from '#shared/limits.ts'
import { element } from '../element.ts'
import { sanctionWords } from './news-words.ts'
import { ruleWords } from './report.ts'
import { line } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

export function rulesTab({ api, playing, act }: TabContext): Tab {
  const { realmId } = playing
  const list = element('div')

  const appealOf = ({ sanctionId, appeal, state, until }: Sanction): HTMLElement[] => {
    if (appeal !== undefined) {
      const words = { open: 'waits', upheld: 'was refused', lifted: 'was granted' }[appeal.state]
      return [element('small', { text: `Your appeal ${words}: ${appeal.text}` })]
    }
    if (state === 'lifted' || (until !== undefined && until < Date.now())) return []
    const text = element('textarea', {
      attributes: { rows: '3', maxlength: String(appealMaxLength), 'aria-label': 'Appeal' },
    })
    const send = element('button', { class: 'main', text: 'Send' })
    const form = element('form', {}, text, send)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const params = { realmId, sanctionId }
      act(async () => {
        await api.moderation.appeal({ params, body: { text: text.value } })
        text.value = ''
      })
    })
    const summary = element('summary', { text: 'Say once why it is wrong' })
    return [element('details', {}, summary, form)]
  }

  return {
    title: 'Rules',
    element: element('div', {}, element('h2', { text: 'Your sanctions' }), list),
    async refresh() {
      const { entries } = await api.moderation.sanctions({ params: { realmId }, query: {} })
      const rows = entries.flatMap((one) => {
        const lifted = one.state === 'lifted' ? ', lifted' : ''
        const about = `${ruleWords[one.rule]}, ${new Date(one.at).toLocaleString()}${lifted}`
        return [line(sanctionWords(one.kind, one.until), about, []), ...appealOf(one)]
      })
      const none = element('p', { text: 'You have none.' })
      list.replaceChildren(...(rows.length > 0 ? rows : [none]))
      return 0
    },
  }
}
