import { expect, test } from 'vitest'
import { characterName } from '#shared/api/names.ts'
import { passwordMinLength } from '#shared/limits.ts'
import { identityOf } from '#client/bots/identity.ts'
import { readOptions } from '#client/bots/options.ts'
import { createRandom } from '#client/bots/random.ts'
import { createWalker } from '#client/bots/walker.ts'
import { meadow } from './fake-server.ts'

test('names of bots are valid and all different, and follow from seed and index', () => {
  const names = new Set<string>()
  for (let index = 0; index < 4096; index++) {
    const name = identityOf('test', index).characterName(0)
    expect(characterName.safeParse(name).success, name).toBe(true)
    names.add(name.toLowerCase())
  }
  expect(names.size).toBe(4096)
  expect(identityOf('test', 7).characterName(0)).toBe(identityOf('test', 7).characterName(0))
  expect(identityOf('test', 7).characterName(0)).not.toBe(identityOf('other', 7).characterName(0))
  for (let attempt = 0; attempt < 6; attempt++) {
    expect(characterName.safeParse(identityOf('test', 7).characterName(attempt)).success).toBe(true)
  }
})

test('secrets and accounts of bots follow from seed and index and differ between bots', () => {
  const one = identityOf('test', 1)
  expect(one.deviceSecret).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(one.password.length).toBeGreaterThanOrEqual(passwordMinLength)
  expect(identityOf('test', 1)).toMatchObject({
    deviceSecret: one.deviceSecret,
    password: one.password,
  })
  expect(identityOf('test', 2).deviceSecret).not.toBe(one.deviceSecret)
  expect(identityOf('test', 2).loginName).not.toBe(one.loginName)
})

test('a walker turns every 1.5 to 2.5 s, the same way for the same seed', () => {
  const run = () => {
    const walker = createWalker(createRandom('seed'), {})
    const self = { id: 1, x: 0, y: 0, heading: 0, speed: 0, drawX: 0, drawY: 0 }
    const turns: [number, unknown][] = []
    for (let now = 0; now < 60_000; now += 20) {
      const decision = walker.decide(self, meadow, now)
      if (decision !== undefined) turns.push([now, decision])
    }
    return turns
  }
  const turns = run()
  expect(run()).toEqual(turns)
  for (let i = 1; i < turns.length; i++) {
    expect(turns[i]![0] - turns[i - 1]![0]).toBeGreaterThanOrEqual(1500)
    expect(turns[i]![0] - turns[i - 1]![0]).toBeLessThanOrEqual(2520)
  }
  expect(turns.some(([, what]) => what === 'stand')).toBe(true)
})

test('a wrong option is named', () => {
  expect(readOptions(['--count', 'many'])).toMatch('--count')
  expect(readOptions(['--url', 'ftp://x'])).toMatch('--url')
  expect(readOptions(['--what'])).toMatch('--what')
  expect(readOptions([])).toMatchObject({
    count: 50,
    url: 'http://127.0.0.1:8080',
    seconds: undefined,
  })
})
