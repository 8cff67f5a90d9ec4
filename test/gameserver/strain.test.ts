import { expect, test } from 'vitest'
import { createStrain } from '#gameserver/instance/strain.ts'
import { paces } from '#gameserver/net/pace.ts'

/** The pace after so many ticks, each done `ms` after it was due. */
function after(strain: ReturnType<typeof createStrain>, ticks: number, ms: number) {
  for (let i = 1; i < ticks; i++) strain.note(ms)
  return strain.note(ms)
}

test('a host that is late in tick after tick thins its frames, step by step, down to the last pace', () => {
  const strain = createStrain(50)
  expect(after(strain, 9, 45)).toBe(paces[0])
  expect(after(strain, 1, 45)).toBe(paces[1])
  expect(after(strain, 10, 45)).toBe(paces[2])
  expect(after(strain, 100, 45)).toBe(paces[2])
})

test('a tick that is late now and then thins nothing', () => {
  const strain = createStrain(50)
  for (let i = 0; i < 200; i++) {
    strain.note(200)
    expect(after(strain, 4, 5)).toBe(paces[0])
  }
})

test('frames are filled again only after seconds of ease, one step at a time', () => {
  const strain = createStrain(50)
  after(strain, 30, 45)
  expect(after(strain, 99, 10)).toBe(paces[2])
  expect(strain.note(10)).toBe(paces[1])
  // Neither late nor at ease: it stays as it is.
  expect(after(strain, 1000, 30)).toBe(paces[1])
  expect(after(strain, 100, 10)).toBe(paces[0])
})
