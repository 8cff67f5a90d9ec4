// The browser half: how things look that content does not say, and what keys send.
import { pageGame } from 'waystone/page'
import { calledOut, hailKind } from './protocol.ts'

export const page = pageGame({
  title: 'game-name',
  jobColors: { wanderer: '#c77d3a' },
  creatureShapes: { moth: { length: 1.2, width: 2, head: 0.3, marks: ['ears'] } },
  actions: { Digit1: { label: 'hail', message: { kind: hailKind } } },
  bubbleOf(message) {
    const heard = calledOut.safeParse(message)
    if (message.kind !== hailKind || !heard.success) return undefined
    return { entity: heard.data.from, text: `Hail, ${heard.data.moths} moths!` }
  },
})
