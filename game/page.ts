// The browser half of the sample game. No I/O.
import { pageGame } from 'waystone/page'
import type { Page } from 'waystone/page'
import { cairns, emote } from './protocol.ts'

// Words, for pictures of this kind need a font that not every machine has.
const signs = { wave: '*waves*', bow: '*bows*', dance: '*dances*' } as const

const show = (shown: keyof typeof signs) => ({
  label: shown,
  act: ({ world }: Pick<Page, 'world'>) => world.send({ kind: emote.kind, emote: shown }),
})

export const page = pageGame({
  title: 'Waystone',
  about: 'A small world to walk and talk in.',
  api: { game: cairns },
  bind: { Digit1: show('wave'), Digit2: show('bow'), Digit3: show('dance') },
  colors: {
    guardian: '#4a6fa5',
    ranger: '#4f7942',
    mage: '#8e5ba6',
    healer: '#e0c868',
  },
  shapes: {
    badger: { paint: 'creature', length: 2, width: 1.3, head: 0.42, marks: ['mask', 'ears'] },
    boar: { paint: 'creature', length: 2.1, width: 1.35, head: 0.5, marks: ['tusks', 'ears'] },
    deer: { paint: 'creature', length: 2.1, width: 1, head: 0.36, marks: ['antlers', 'ears'] },
    fox: { paint: 'creature', length: 1.9, width: 0.9, head: 0.4, marks: ['brush', 'ears'] },
    hen: {
      paint: 'creature',
      length: 1.6,
      width: 1.2,
      head: 0.38,
      marks: ['tail', 'comb', 'beak'],
    },
  },
  message({ say }, message) {
    const shown = emote.toClient!.safeParse(message)
    if (message.kind === emote.kind && shown.success) say(shown.data.from, signs[shown.data.emote])
  },
})
