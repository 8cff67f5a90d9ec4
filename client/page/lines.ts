// Lists of the page: lines with what can be done, under headings.
import { button, element } from './element.ts'

export type Choice = {
  label: string
  choose: () => void
  /** To what it belongs, for who hears the page: `Rename` of `Mira`. */
  of?: string
}

/** A line of a list: what it is, more about it, and what can be done. */
export function line(text: string, about: string, choices: readonly Choice[]): HTMLElement {
  const who = element('div', { class: 'who', text })
  if (about !== '') who.append(element('small', { text: about }))
  const buttons = choices.map(({ label, choose, of }) => {
    const made = button(label, choose)
    if (of !== undefined) made.setAttribute('aria-label', `${label} ${of}`)
    return made
  })
  return element('div', { class: 'character' }, who, ...buttons)
}

/** A heading with lines, or nothing when there are none. */
export function section(title: string, lines: readonly HTMLElement[]): HTMLElement[] {
  return lines.length === 0 ? [] : [element('h2', { text: title }), ...lines]
}
