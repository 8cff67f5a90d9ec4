// The browser half of the sample game. No I/O.
import { pageGame, read, toMetres } from 'waystone/page'
import type { Drawn, Own, Page, Pen } from 'waystone/page'
import { cairns, Delved, emote, Fight, Held, Opened, ringRadius, Side } from './protocol.ts'

// Words, for pictures of this kind need a font that not every machine has.
const signs = { wave: '*waves*', bow: '*bows*', dance: '*dances*' } as const

const show = (shown: keyof typeof signs) => ({
  label: shown,
  act: ({ world }: Pick<Page, 'world'>) => world.send({ kind: emote.kind, emote: shown }),
})

const sideColors = { red: '#c0392b', blue: '#2f6db5' } as const
const nobody = '#e8dcc0'

/** How the fight stands, in the arena. */
function fightRows(own: Own) {
  const [side, fight] = [own.read(Side)?.side, own.read(Fight)]
  if (fight === undefined || side === undefined || side === 'none') return {}
  const label = { waits: 'Begins in', fights: 'Time left', over: 'Closes in' }[fight.state]
  return {
    'You are': side,
    Red: `${fight.red} %`,
    Blue: `${fight.blue} %`,
    [label]: `${fight.seconds} s`,
  }
}

/** The ring by who holds it, a circle around each who fights, and a chest. */
function drawEntity(pen: Pen, entity: Drawn): void {
  const [x, y] = [toMetres(entity.x), toMetres(entity.y)]
  const by = read(entity, Held)?.by
  if (by !== undefined) {
    const color = by === 'red' || by === 'blue' ? sideColors[by] : nobody
    pen.disc(x, y, ringRadius, { color, opacity: 0.15 })
    pen.ring(x, y, ringRadius, { color, width: by === 'both' ? 0.3 : 0.15 })
  }
  const side = read(entity, Side)?.side
  if (side === 'red' || side === 'blue') pen.ring(x, y, 0.6, { color: sideColors[side] })
  const opened = read(entity, Opened)?.opened
  if (opened !== undefined) {
    pen.ring(x, y, 1, { color: opened ? '#6b6775' : '#ffd24a', width: 0.2 })
  }
}

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
  panel: (own) => ({ Dungeons: own.total(Delved) || undefined, ...fightRows(own) }),
  draw({ world }, pen) {
    const self = world.self()
    const me = self && world.entity(self.id)
    if (self && me) drawEntity(pen, { ...me, ...self })
    for (const entity of world.seen()) drawEntity(pen, entity)
  },
  shapes: {
    chest: { paint: 'disc', color: '#8a5a2b', radius: 0.6 },
    ring: { paint: 'disc', color: '#a8976f', radius: 0.2 },
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
