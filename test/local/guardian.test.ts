import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identify } from '#local/process-identity.ts'
import { until } from './until.ts'

// The guarded children: some write a line when they are asked to end, and one refuses.
const guarded = fileURLToPath(new URL('./guarded.ts', import.meta.url))
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waystone-guardian-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function run(mode: string) {
  const child = spawn(process.execPath, [guarded, mode, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It may end as soon as it has said its pids.
  const ended = new Promise((resolve) => child.on('exit', resolve))
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await until(() => text.includes('\n'))
  const pids = JSON.parse(text) as Record<'host' | 'stubborn' | 'gone' | 'database', number>
  return { child, pids, ended }
}

const lives = (pid: number) => identify(pid) !== undefined

test.skipIf(process.platform === 'win32')(
  'when its parent is killed outright the hosts are ended, then the database',
  async () => {
    const { child, pids, ended } = await run('guard')
    expect(lives(pids.host) && lives(pids.database)).toBe(true)
    child.kill('SIGKILL')
    await ended
    await until(() => ![pids.host, pids.database].some(lives))
    // The host needed half a second to save; the database was there all the time.
    const lines = readFileSync(join(dir, 'log'), 'utf8').trim().split('\n')
    expect(lines).toEqual(['host asked', 'host saved', 'database asked'])
    expect(lives(pids.gone)).toBe(true)
    process.kill(pids.gone, 'SIGKILL')
  },
)

test.skipIf(process.platform === 'win32')('a guardian that is released ends nothing', async () => {
  const { pids, ended } = await run('release')
  await ended
  expect([pids.host, pids.database, pids.gone].every(lives)).toBe(true)
  for (const pid of [pids.host, pids.database, pids.gone]) process.kill(pid, 'SIGKILL')
})
