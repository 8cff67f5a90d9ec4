// The browser half: what keys do, what messages show, and how things look that content does not say.
import { pageGame } from 'waystone/page'
import { hail } from './protocol.ts'

export const page = pageGame({
  title: 'game-name',
  about: 'A clearing, and its moths.',
  bind: { Digit1: { label: 'hail', act: ({ world }) => world.send({ kind: hail.kind }) } },
  colors: { wanderer: '#c77d3a' },
  shapes: { moth: { paint: 'creature', length: 1.2, width: 2, head: 0.3, marks: ['ears'] } },
  message({ say }, message) {
    const heard = hail.toClient!.safeParse(message)
    if (message.kind !== hail.kind || !heard.success) return
    say(heard.data.from, `Hail, ${heard.data.moths} moths!`)
  },
})
