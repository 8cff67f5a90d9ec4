// The browser half.
import { pageGame } from 'waystone/page'
import { whistle } from './protocol.ts'

export const page = pageGame({
  title: 'Tiny',
  jobColors: { shepherd: '#8a6d3b' },
  creatureShapes: {},
  actions: { Digit1: { label: 'whistle', message: { kind: whistle.kind, loud: true } } },
  bubbleOf(message) {
    const heard = whistle.toClient!.safeParse(message)
    if (message.kind !== whistle.kind || !heard.success) return undefined
    return { entity: heard.data.from, text: `♪ ${heard.data.came}` }
  },
})
