import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRecorder } from '#client/bots/record.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waystone-record-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bot = { accountId: 'a', characterId: 'c' }

function open() {
  let time = 5000
  const file = join(folder, 'record.jsonl')
  const recorder = createRecorder(file, () => time)
  const walkTo = (x: number) => {
    const body = { x, y: 0, heading: 0, speed: 0 }
    recorder.record(0, { what: 'position', ...bot, zone: 'hub', body, tick: 1, command: 1 })
  }
  return {
    recorder,
    walkTo,
    pass(ms: number) {
      time += ms
      recorder.flush(time)
    },
    lines: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { at: number; what: string; body?: { x: number } }),
  }
}

describe('the record of a bot', () => {
  it('has a position at most every 200 ms, and the last of a burst', () => {
    const { walkTo, pass, lines } = open()
    for (const x of [1, 2, 3]) walkTo(x)
    pass(100)
    expect(lines().map(({ body }) => body?.x)).toEqual([1])
    pass(100)
    expect(lines().map(({ body }) => body?.x)).toEqual([1, 3])
    pass(400)
    expect(lines()).toHaveLength(2)
  })

  it('has where a bot was before what happened to it there', () => {
    const { recorder, walkTo, pass, lines } = open()
    walkTo(1)
    walkTo(2)
    recorder.record(0, { what: 'state', ...bot, phase: 'reconnecting', attempt: 1, why: 'silent' })
    pass(100)
    expect(lines().map(({ what, body }) => body?.x ?? what)).toEqual([1, 2, 'state'])
  })
})
