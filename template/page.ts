// The browser half: how things look that content does not say, and what keys send.
import { pageGame } from 'waystone/page'
import { hail } from './protocol.ts'

export const page = pageGame({
  title: 'game-name',
  jobColors: { wanderer: '#c77d3a' },
  creatureShapes: { moth: { length: 1.2, width: 2, head: 0.3, marks: ['ears'] } },
  actions: { Digit1: { label: 'hail', message: { kind: hail.kind } } },
  bubbleOf(message) {
    const heard = hail.toClient!.safeParse(message)
    if (message.kind !== hail.kind || !heard.success) return undefined
    return { entity: heard.data.from, text: `Hail, ${heard.data.moths} moths!` }
  },
})
