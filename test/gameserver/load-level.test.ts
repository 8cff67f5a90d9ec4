import { expect, test } from 'vitest'
import { createLoadLevel } from '#gameserver/instance/load-level.ts'
import { details } from '#gameserver/net/detail.ts'

/** The level of detail after so many ticks, each done `ms` after it was due. */
function after(load: ReturnType<typeof createLoadLevel>, ticks: number, ms: number) {
  for (let i = 1; i < ticks; i++) load.note(ms)
  return load.note(ms)
}

test('a host that is late in tick after tick lowers the level of detail, step by step, to the last', () => {
  const load = createLoadLevel(50)
  expect(after(load, 9, 45)).toBe(details[0])
  expect(after(load, 1, 45)).toBe(details[1])
  expect(after(load, 10, 45)).toBe(details[2])
  expect(after(load, 100, 45)).toBe(details[2])
})

test('a tick that is late now and then lowers nothing', () => {
  const load = createLoadLevel(50)
  for (let i = 0; i < 200; i++) {
    load.note(200)
    expect(after(load, 4, 5)).toBe(details[0])
  }
})

test('the level rises again only after seconds of light load, one step at a time', () => {
  const load = createLoadLevel(50)
  after(load, 30, 45)
  expect(after(load, 99, 10)).toBe(details[2])
  expect(load.note(10)).toBe(details[1])
  // Neither late nor early: it stays as it is.
  expect(after(load, 1000, 30)).toBe(details[1])
  expect(after(load, 100, 10)).toBe(details[0])
})
