// The browser half of Emberfall.
import { pageGame } from 'waystone/page'
import { Health, Mana, Score } from './protocol.ts'

export const page = pageGame({
  title: 'Emberfall',
  bind: { Space: { ability: 'fireball', aim: 'pointer', label: 'Fireball' } },
  panel: (own) => ({
    Health: own.read(Health)?.now,
    Mana: own.read(Mana)?.now,
    Score: own.total(Score),
  }),
  bars: [Health],
  colors: { pyromancer: '#c2572b' },
  shapes: {
    imp: { paint: 'creature', length: 1.8, width: 1.1, head: 0.5, marks: ['tusks', 'ears'] },
    ember: { paint: 'disc', color: '#ffd24a' },
    fireball: { paint: 'spark', color: '#ff8c1a' },
  },
})
