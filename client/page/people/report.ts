// A small dialog in which a player reports what he reads to the moderators.
import { rules } from '#shared/api/moderation.ts'
import type { ReportedThing, Rule } from '#shared/api/moderation.ts'
import { reportNoteMaxLength } from '#shared/limits.ts'
import { button, element, field } from '../element.ts'
import { wordsOf } from '../words.ts'
import type { TabContext } from './tab.ts'

export const ruleWords: Record<Rule, string> = {
  harassment: 'Harassment',
  hate: 'Hate',
  sexual: 'Sexual',
  threat: 'A threat',
  spam: 'Spam or selling',
  cheating: 'Cheating',
  name: 'A bad name',
  other: 'Something else',
}

/** `about`: what is reported, in words. */
export function openReport(
  { api, playing }: Pick<TabContext, 'api' | 'playing'>,
  what: ReportedThing,
  about: string,
): void {
  const { realmId, characterId } = playing
  const select = element('select', { attributes: { 'aria-label': 'Why' } })
  for (const rule of rules) {
    select.append(element('option', { text: ruleWords[rule], attributes: { value: rule } }))
  }
  const note = field('Note (may be empty)', {
    autocomplete: 'off',
    maxlength: String(reportNoteMaxLength),
  })
  const said = element('p', { attributes: { role: 'status' } })
  const send = element('button', { class: 'main', text: 'Report' })
  const form = element('form', {}, select, note.label, send)
  const dialog = element(
    'dialog',
    { class: 'card', attributes: { 'aria-label': 'Report' } },
    element('h2', { text: `Report ${about}` }),
    form,
    said,
    button('Close', () => dialog.close(), 'plain'),
  )
  const submit = async () => {
    const text = note.input.value.trim()
    const rule = rules.find((one) => one === select.value) ?? 'other'
    const body = { as: characterId, what, rule, ...(text === '' ? {} : { note: text }) }
    try {
      await api.moderation.report({ params: { realmId }, body })
      form.remove()
      said.textContent = 'Thank you. You are told when it was looked at.'
    } catch (failure) {
      said.textContent = wordsOf(failure)
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  // Keys typed here do not walk.
  dialog.addEventListener('keydown', (event) => event.stopPropagation())
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
