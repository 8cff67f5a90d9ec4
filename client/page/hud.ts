// What lies over the world: chat, state of the connection, figures, the way out.
import { chatMaxLength } from '#shared/limits.ts'
import { cutText } from '#shared/protocol/control.ts'
import { commandHelp, targets } from './chat-words.ts'
import type { Target } from './chat-words.ts'
import { button, element, show } from './element.ts'
import type { Row } from './shown.ts'

const logMax = 40
/** What may stand before a line: a command and a name. */
const commandMaxLength = 24

export type Hud = {
  /** `channel`: how it is called; nothing for a line that was said nearby. */
  line(name: string, text: string, channel?: string): void
  note(text: string): void
  /** Empty hides it. */
  banner(text: string): void
  arrival(zone: string): void
  figures(text: string): void
  /** The game's panel; without rows it is hidden. */
  panel(rows: readonly Row[]): void
  /** How much of the wait for a button's ability is left, 0 to 1. */
  waiting(code: string, left: number): void
  /** How many people wait for an answer. */
  people(waiting: number): void
  /** Puts the cursor into the chat line. */
  talk(): void
}

export type HudOptions = {
  /** The player uses fingers: there is no Enter key. */
  touches: boolean
  /** Buttons: beside the chat line, or for the thumb. */
  actions: readonly { code: string; label: string; key: string }[]
  act(code: string): void
  /** The line, and the channel that is chosen. */
  say(text: string, channel: Target): void
  people(): void
  leave(): void
  logOut(): void
}

export function createHud(options: HudOptions): Hud {
  const log = element('div', { class: 'log', attributes: { role: 'log', id: 'log' } })
  const input = element('input', {
    attributes: {
      id: 'chat',
      placeholder: options.touches ? 'Say something' : 'Enter to talk',
      autocomplete: 'off',
      enterkeyhint: 'send',
      'aria-label': 'Chat',
    },
  })
  const chooser = element(
    'select',
    { attributes: { id: 'channel', 'aria-label': 'Channel', title: commandHelp } },
    ...targets.map(({ target, label }) =>
      element('option', { text: label, attributes: { value: target } }),
    ),
  )
  // Keys typed here do not walk.
  chooser.addEventListener('keydown', (event) => event.stopPropagation())
  chooser.addEventListener('change', () => input.focus())
  const banner = element('div', { class: 'banner', attributes: { role: 'status', id: 'banner' } })
  const arrival = element('div', { class: 'arrival' })
  const figures = element('div', { class: 'figures' })
  // `maxlength` counts UTF-16 units, the server code points.
  const cut = () => {
    const fits = cutText(input.value, chatMaxLength + commandMaxLength)
    if (fits !== input.value) input.value = fits
  }
  input.addEventListener('input', (event) => {
    // A change of the text while it is composed would end the composition.
    if (!event.isComposing) cut()
  })
  input.addEventListener('compositionend', cut)
  input.addEventListener('keydown', (event) => {
    // Keys typed here are no commands: the Enter that ends a line must not open the next one.
    event.stopPropagation()
    if (event.key === 'Escape') input.blur()
    if (event.key !== 'Enter' || event.isComposing) return
    event.preventDefault()
    if (input.value.trim() !== '') options.say(input.value, chooser.value as Target)
    input.value = ''
    input.blur()
  })
  const people = button('People', options.people)
  const corner = element(
    'div',
    { class: 'corner' },
    people,
    button('Characters', options.leave),
    button('Log out', options.logOut),
  )
  const actions = options.actions.map(({ code, label, key }) => {
    const made = button(label, () => {
      options.act(code)
      // Enter opens the chat line again. It must not press this button.
      made.blur()
    })
    if (!options.touches) made.append(element('kbd', { text: key }))
    return made
  })
  const buttons = element('div', { class: 'actions' }, ...actions)
  const line = element('div', { class: 'say' }, chooser, input)
  const talk = element('div', { class: 'talk' }, log, line)
  const panel = element('dl', { class: 'panel', attributes: { id: 'panel' } })
  const hud = element('div', { class: 'hud' }, figures, panel, corner, banner, arrival, talk)
  if (options.touches) hud.append(buttons)
  else line.append(buttons)
  show(hud)
  const showRows = createRows(panel)

  const add = (line: HTMLElement) => {
    log.append(line)
    while (log.childElementCount > logMax) log.firstElementChild!.remove()
  }
  return {
    line(name, text, channel) {
      const line = element('div', {}, element('b', { text: `${name}: ` }))
      if (channel !== undefined) line.prepend(element('small', { text: `${channel} ` }))
      line.append(text)
      add(line)
    },
    note: (text) => add(element('div', { class: 'note', text })),
    banner(text) {
      if (banner.textContent !== text) banner.textContent = text
    },
    arrival(zone) {
      arrival.textContent = zone
      arrival.classList.remove('shown')
      // A read of the layout restarts the animation.
      void arrival.offsetWidth
      arrival.classList.add('shown')
    },
    figures(text) {
      figures.textContent = text
    },
    panel: showRows,
    waiting(code, left) {
      const made = actions[options.actions.findIndex((each) => each.code === code)]
      const text = left.toFixed(2)
      if (made && made.style.getPropertyValue('--left') !== text) {
        made.style.setProperty('--left', text)
      }
    },
    people(waiting) {
      people.textContent = waiting > 0 ? `People (${waiting})` : 'People'
    },
    talk: () => input.focus(),
  }
}

/** Writes rows into a list. It touches only what has changed, for it is called at each frame. */
function createRows(list: HTMLElement): (rows: readonly Row[]) => void {
  let shown: { label: HTMLElement; value: HTMLElement }[] = []
  const put = (to: HTMLElement, text: string) => {
    if (to.textContent !== text) to.textContent = text
  }
  return (rows) => {
    if (rows.length !== shown.length) {
      shown = rows.map(() => ({ label: element('dt'), value: element('dd') }))
      list.replaceChildren(...shown.flatMap(({ label, value }) => [label, value]))
    }
    for (const [at, { label, text }] of rows.entries()) {
      put(shown[at]!.label, label)
      put(shown[at]!.value, text)
    }
  }
}
