// A fault of the game is printed for the developer, and repeats do not flood.
import { mkdtemp, rm, appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFaults } from '#gameserver/instance/faults.ts'
import { archetype, Players } from '#gameserver/sim/archetype.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import { followHostFaults } from '#local/host-faults.ts'
import { message } from '#shared/protocol/message.ts'
import { systemRuntime } from '#shared/system.ts'
import { tooLong } from '#shared/telemetry/fault.ts'
import { createLog, silentLog } from '#shared/telemetry/log.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { stage } from './view-kit.ts'

function collected() {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return {
    lines,
    log: createLog({ level: 'info', write, now: () => 0, fields: { instance: 'f-1' } }),
  }
}

test('a fault in each tick is one line, with the system, the file and the line; then one each minute', () => {
  const { lines, log } = collected()
  const unicorn = archetype('unicorn', { body: 'walker' })
  const rules = zoneGame({
    systems: [
      {
        name: 'unicorns',
        after: 'cells',
        run: (zone) => void zone.spawn(unicorn, { x: 1, y: 1 }),
      },
    ],
  })
  const { tick } = stage(1, 20, rules, log)
  for (let i = 0; i < 1300; i++) tick()
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatchObject({
    level: 'error',
    what: 'system unicorns',
    at: expect.stringMatching(/faults\.test\.ts:\d+$/),
    times: 1,
    error: { message: 'the archetype unicorn is not registered' },
  })
  expect(lines[1]).toMatchObject({ what: 'system unicorns', times: 1200 })
})

/** A body as a game might send it, and what of it clients get; undefined: a fault, and clients get nothing. */
const bodies: { of: string; body: object; heard?: object }[] = [
  {
    of: 'a field that is not there',
    body: { gold: undefined, to: { gold: undefined } },
    heard: { to: {} },
  },
  { of: 'a hole in a list', body: { list: [undefined] } },
  { of: 'a date', body: { at: new Date(0) } },
  { of: 'a number beyond 2^53', body: { gold: 2n ** 60n } },
  { of: 'a symbol', body: { gold: Symbol('gold') } },
]

test.each(bodies)('a message with $of: clients can read it, or the log names it', (example) => {
  const { lines, log } = collected()
  const loose = {
    safeParse: (data: unknown) => ({ success: true, data }) as const,
  }
  const kind = 'game.drop'
  const drop = message(kind, { toClient: loose })
  const rules = zoneGame({
    messages: [drop],
    systems: [
      {
        name: 'drops',
        after: 'input',
        run: (zone) => {
          for (const player of zone.all(Players)) zone.send(player, drop, example.body)
        },
      },
    ],
  })
  const { tick, enter } = stage(1, 20, rules, log)
  const ann = enter(10, 10)
  const before = ann.snapshots
  for (let i = 0; i < 40; i++) tick()
  expect(ann.snapshots).toBeGreaterThan(before)
  const faults = lines.filter(({ level }) => level === 'error')
  if (example.heard === undefined) {
    expect(ann.controls).toEqual([])
    expect(faults).toMatchObject([{ what: `message ${kind}` }])
  } else {
    expect(ann.controls[0]).toEqual({ kind, ...example.heard })
    expect(faults).toEqual([])
  }
})

test('two faults in one system are two lines, and what is thrown need not be an error', () => {
  const { lines, log } = collected()
  const faults = createFaults(log)
  faults.report('system a', new Error('one'), 0)
  faults.report('system a', new Error('two'), 0)
  faults.report('message game.b', 'text', 0)
  expect(lines.map(({ what }) => what)).toEqual(['system a', 'system a', 'message game.b'])
})

test('a fault that a host logs is printed within a second, whatever else is in its file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waystone-faults-'))
  const stop = new AbortController()
  const printed: string[] = []
  const { lines, log } = collected()
  try {
    createFaults(log).report('system a', new Error('from before'), 0)
    await appendFile(join(folder, 'old.log'), `${JSON.stringify(lines[0])}\n`)
    const { signal } = stop
    const print = (line: string) => void printed.push(line)
    const game = import.meta.dirname
    void followHostFaults({ folder, game, print, runtime: systemRuntime, log: silentLog, signal })
    createFaults(log).report('system flock', new Error('ö planned'), 0)
    const text = `plain text\n{"half":\n${JSON.stringify(lines[1])}`
    await appendFile(join(folder, 'new.log'), text)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(printed).toEqual(['new: plain text', 'new: {"half":'])
    await appendFile(join(folder, 'new.log'), '\n')
    await expect.poll(() => printed).toHaveLength(3)
    expect(printed[2]).toMatch(/^f-1: system flock failed at faults\.test\.ts:\d+: ö planned$/)
  } finally {
    stop.abort()
    await rm(folder, { recursive: true, force: true })
  }
})

/** What is printed of a log to which this is written. */
async function printedOf(file: string, write: (log: Log) => string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'waystone-faults-'))
  const stop = new AbortController()
  const printed: string[] = []
  const { lines, log } = collected()
  try {
    const print = (line: string) => void printed.push(line)
    const game = import.meta.dirname
    const { signal } = stop
    void followHostFaults({ folder, game, print, runtime: systemRuntime, log: silentLog, signal })
    const plain = write(log)
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    await appendFile(join(folder, file), `${text}${plain}{"level":"error","message":"the end"}\n`)
    await expect.poll(() => printed.some((line) => line.includes('the end'))).toBe(true)
    return printed.filter((line) => !line.includes('the end'))
  } finally {
    stop.abort()
    await rm(folder, { recursive: true, force: true })
  }
}

test('what a game prints in a zone is shown, with the host, and no more than can be read', async () => {
  const many = Array.from({ length: 40 }, (_, i) => `{ line: ${i} }\n`).join('')
  const printed = await printedOf('pit-a1b2c.log', () => many)
  expect(printed).toHaveLength(21)
  expect(printed[0]).toBe('pit-a1b2c: { line: 0 }')
  expect(printed[20]).toBe('pit-a1b2c: 20 more lines, in logs/pit-a1b2c.log')
  expect(await printedOf('bots.log', () => '5 s | 5/5 in the world\n')).toEqual([])
})

test('an error of a host that is no fault of a part is shown once', async () => {
  const printed = await printedOf('pit-a1b2c.log', (log) => {
    for (let i = 0; i < 3; i++) log.error('an effect is not registered', { kind: 'game.lap' })
    log.error('a step failed', { error: new RangeError('planned') })
    log.info('stats')
    return ''
  })
  expect(printed).toEqual([
    'f-1: an effect is not registered (game.lap)',
    'f-1: a step failed: planned',
  ])
})

test('a step that is too long names no line, for none is to blame', () => {
  const { lines, log } = collected()
  createFaults(log).report(`${tooLong}system flock`, '60 of 61 ms; a tick is 50 ms', 0)
  expect(lines[0]).not.toHaveProperty('at')
})
