// The tab of chat: the lines of a channel, and one more.
import type { ChannelLine } from '#shared/api/chat-line.ts'
import { chatMaxLength } from '#shared/limits.ts'
import { cutText } from '#shared/protocol/control.ts'
import type { Chat } from '../../library/chat.ts'
import { labelOf, readLine } from '../chat-words.ts'
import type { Target } from '../chat-words.ts'
import { button, element } from '../element.ts'
import { openReport } from './report.ts'
import type { Tab } from '../tabs.ts'
import type { TabContext } from './tab.ts'

/** How a player speaks, here and in the world. */
export type Speaking = {
  /** The channels that are read now. */
  channels(): readonly string[]
  /** With whom the player whispered last. */
  last(): string | undefined
  /** Says a line where it goes. Fails with ApiError. */
  say(target: Target, text: string): Promise<void>
}

export function chatTab(
  { act, api, playing }: TabContext,
  accountId: string,
  chat: Chat,
  speaking: Speaking,
): Tab {
  const chooser = element('select', { attributes: { 'aria-label': 'Channel', name: 'channel' } })
  const log = element('div', {
    class: 'lines',
    attributes: { role: 'log', tabindex: '0', 'aria-label': 'Lines' },
  })
  const status = element('p', { class: 'about', attributes: { role: 'status' } })
  const input = element('input', {
    attributes: { name: 'line', autocomplete: 'off', enterkeyhint: 'send', 'aria-label': 'Line' },
  })
  const form = element(
    'form',
    { class: 'row' },
    input,
    element('button', { class: 'main', text: 'Say' }),
  )
  const earlier = button('Earlier lines', () =>
    act(async () => {
      if (!(await chat.older(chooser.value))) status.textContent = 'There are no earlier lines.'
    }),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const found = readLine(cutText(input.value, chatMaxLength + 40), chosen(), speaking.last())
    if (typeof found === 'string') {
      status.textContent = found
      return
    }
    if (found.text === '') return
    input.value = ''
    status.textContent = ''
    act(() => speaking.say(found.target, found.text))
  })
  chooser.addEventListener('change', draw)

  /** What the chosen channel is to who speaks. */
  function chosen(): Target {
    const { value } = chooser
    if (value === 'whisper') return { whisper: speaking.last() ?? '' }
    return value.startsWith('zone:') ? 'zone' : (value as Target)
  }

  function draw(): void {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 20
    log.replaceChildren(...chat.lines(chooser.value).map((line) => shown(line)))
    if (atEnd) log.scrollTop = log.scrollHeight
  }

  function shown({ lineId, channel, from, to, text }: ChannelLine): HTMLElement {
    const mine = from.playerId === accountId
    const who = mine && to !== undefined ? `To ${to.name}` : from.name
    const line = element('div', {}, element('b', { text: `${who}: ` }))
    line.append(text)
    if (!mine) {
      const what = { kind: 'line', channel, lineId } as const
      const report = () => openReport({ api, playing }, what, `this line of ${from.name}`)
      line.append(' ', button('Report', report, 'plain'))
    }
    return line
  }

  function drawChannels(): void {
    const before = chooser.value
    const names = [...speaking.channels()]
    if (names.join() !== [...chooser.options].map(({ value }) => value).join()) {
      const make = (name: string) =>
        element('option', { text: labelOf(name), attributes: { value: name } })
      chooser.replaceChildren(...names.map(make))
      if (names.includes(before)) chooser.value = before
    }
  }

  let drawing = false
  function drawSoon(): void {
    if (drawing) return
    drawing = true
    requestAnimationFrame(() => {
      drawing = false
      drawChannels()
      draw()
    })
  }
  chat.on('line', ({ channel }) => {
    if (channel === chooser.value) drawSoon()
  })
  chat.on('left', drawSoon)
  chat.on('missed', ({ channel, count, skipped, more }) => {
    if (channel !== chooser.value) return
    status.textContent = missedWords(channel, count, skipped, more)
  })

  return {
    title: 'Chat',
    element: element(
      'div',
      { class: 'chat' },
      element('div', { class: 'row' }, chooser, earlier),
      log,
      form,
      status,
    ),
    async refresh() {
      drawChannels()
      draw()
      return await Promise.resolve(0)
    },
  }
}

/** What a reader is told of lines that did not come when they were said. */
export function missedWords(
  channel: string,
  count: number,
  skipped: number,
  more: boolean,
): string {
  const many = more ? `More than ${count}` : `${count}`
  const rest = skipped === 0 ? '' : ` ${skipped} of them are not shown.`
  return `${many} lines (${labelOf(channel)}) came late.${rest}`
}
