import { expect, test } from 'vitest'
import { createIdleWatch } from '#gameserver/idle.ts'

test('a host is idle when nobody has been there for the whole time', () => {
  const isIdle = createIdleWatch(1000)
  expect(isIdle(5000, 0), 'it has just opened').toBe(false)
  expect(isIdle(5999, 0)).toBe(false)
  expect(isIdle(6000, 0)).toBe(true)
})

test('a player or a socket restarts the time', () => {
  const isIdle = createIdleWatch(1000)
  isIdle(0, 0)
  expect(isIdle(900, 1)).toBe(false)
  expect(isIdle(1500, 0)).toBe(false)
  expect(isIdle(2400, 0)).toBe(false)
  expect(isIdle(2500, 0)).toBe(true)
})

test('without a time no host is ever idle', () => {
  const isIdle = createIdleWatch(0)
  isIdle(0, 0)
  expect(isIdle(Number.MAX_SAFE_INTEGER, 0)).toBe(false)
})
