import { expect, test } from 'vitest'
import { createLog } from '#shared/telemetry/log.ts'
import type { LogLevel } from '#shared/telemetry/log.ts'

function record(level: LogLevel = 'debug') {
  const lines: string[] = []
  const log = createLog({ level, write: (line) => lines.push(line), now: () => 7 })
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log, lines, parsed }
}

test('a line is one JSON object with time, level, message and the fields of all parents', () => {
  const { log, lines, parsed } = record()
  log.child({ service: 'zone' }).child({ boot: 'b' }).info('up\nand running', { port: 1 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^[^\n]*\n$/)
  expect(parsed()).toEqual([
    { time: 7, level: 'info', message: 'up\nand running', service: 'zone', boot: 'b', port: 1 },
  ])
})

test('lines below the level are not written', () => {
  const { log, parsed } = record('warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  expect(parsed().map(({ message }) => message)).toEqual(['c', 'd'])
})

test('what sounds like a secret is blotted out at any depth, ids of secrets are not', () => {
  const { log, lines, parsed } = record()
  const secrets = {
    password: 'x1',
    accessToken: 'x2',
    refresh_token: 'x3',
    Authorization: 'x4',
    ticket: 'x5',
    deep: [{ deviceSecret: 'x6', privateKey: 'x7' }],
    map: new Map([['cookie', 'x8']]),
  }
  log.child({ masterKey: 'x9' }).info('m', { ...secrets, ticketId: 'kept' })
  expect(lines[0]).not.toMatch(/x\d/)
  expect(parsed()[0]).toMatchObject({ ticketId: 'kept', ticket: '[secret]' })
})

test('no field takes the place of time, level or message', () => {
  const { log, parsed } = record()
  log.info('true', { time: 1, level: 'error', message: 'false' })
  expect(parsed()[0]).toEqual({ time: 7, level: 'info', message: 'true' })
})

test('errors are written with their causes; odd and endless values do not break a line', () => {
  const { log, parsed } = record()
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'E' }) })
  log.error('m', { error, loop, big: 1n, bytes: new Uint8Array(9), text: 'y'.repeat(100_000) })
  expect(parsed()[0]).toMatchObject({
    error: { message: 'outer', cause: { message: 'inner', code: 'E' } },
    big: '1',
    bytes: '[9 bytes]',
  })
  expect(JSON.stringify(parsed()[0]).length).toBeLessThan(20_000)
})
