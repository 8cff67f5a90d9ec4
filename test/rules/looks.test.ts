import { describe, expect, it } from 'vitest'
import { looksOf } from '#shared/rules/looks.ts'

describe('how a name looks', () => {
  it.each([
    ['Mira Vale', 'mira-vale', "Mir'aVale", 'MIRAVALE'],
    ['Milo', 'MiIo', 'Mi1o', 'M|l0'],
    ['Marnie', 'Mamie', 'MAR NIE'],
    ['Sawy', 'Savvy', 'SAV-VY'],
    ['Odo', '0d0'],
    ['Zoe', 'Zo\u00eb', 'Zoe\u0308'],
    ['Fin', '\ufb01n', 'F\u0131n'.replace('\u0131', 'i')],
  ])('is the same for %s and its likes', (...names) => {
    expect(new Set(names.map(looksOf)).size).toBe(1)
  })

  it('differs for names that a reader does not confuse', () => {
    const names = ['Mira', 'Mara', 'Mirna', 'Vale', 'Wale', 'Vaale', 'Oda', 'Ada', 'Adda']
    expect(new Set(names.map(looksOf)).size).toBe(names.length)
  })

  it('does not change when it is taken again', () => {
    for (const name of ['Marnie Oll', 'Savvvy', 'Corrnn', "Y'llo0"]) {
      expect(looksOf(looksOf(name))).toBe(looksOf(name))
    }
  })
})
