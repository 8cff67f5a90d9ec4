// The browser half.
import { pageGame } from 'waystone/page'
import { whistled } from './protocol.ts'

export const page = pageGame({
  title: 'Tiny',
  jobColors: { shepherd: '#8a6d3b' },
  creatureShapes: {},
  actions: { Digit1: { label: 'whistle', message: { kind: 'game.whistle', loud: true } } },
  bubbleOf(message) {
    const heard = whistled.safeParse(message)
    if (message.kind !== 'game.whistle' || !heard.success) return undefined
    return { entity: heard.data.from, text: `♪ ${heard.data.came}` }
  },
})
