import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from '#local/data-folder.ts'
import { withEnvFile } from '#local/env-file.ts'
import { checkPort } from '#local/port-check.ts'
import { identify } from '#local/process-identity.ts'
import { systemRuntime as runtime } from '#shared/system.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'waystone-data-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a folder is made with all above it and given to one at a time', () => {
  const path = join(dir, 'a', 'b')
  const folder = openDataFolder(path, runtime)
  expect(() => openDataFolder(path, runtime)).toThrow(
    new RegExp(`in use by process ${process.pid}; end that one first, or set WAYSTONE_DATA`),
  )
  folder.release()
  openDataFolder(path, runtime).release()
  expect(readdirSync(path)).toEqual([])
})

test('a lock whose process has ended is taken over', async () => {
  const child = spawn('true')
  const was = { pid: child.pid!, started: 'some time ago' }
  await new Promise((resolve) => child.on('exit', resolve))
  for (const text of [JSON.stringify(was), '', 'nonsense', '{"pid":-1}']) {
    writeFileSync(join(dir, 'lock'), text)
    openDataFolder(dir, runtime).release()
  }
})

test('a lock with the pid of a process that is not the one that wrote it is taken over', () => {
  const another = { ...identify(process.pid)!, started: 'another time' }
  writeFileSync(join(dir, 'lock'), JSON.stringify(another))
  openDataFolder(dir, runtime).release()
})

test('releasing does not remove the lock of a process that has taken the folder since', () => {
  const folder = openDataFolder(dir, runtime)
  rmSync(join(dir, 'lock'))
  const next = openDataFolder(dir, runtime)
  folder.release()
  expect(readdirSync(dir)).toEqual(['lock'])
  next.release()
})

test('a data folder that is a file is refused with cause and cure', () => {
  const path = join(dir, 'file')
  writeFileSync(path, '')
  expect(() => openDataFolder(path, runtime)).toThrow(/is a file.*set WAYSTONE_DATA/)
  expect(() => openDataFolder(join(path, 'under'), runtime)).toThrow(/is a file, or lies under one/)
})

// Root may write anywhere, so it cannot be shown there.
test.skipIf(process.getuid?.() === 0)('a folder that cannot be written is refused', () => {
  const path = join(dir, 'closed')
  mkdirSync(path)
  chmodSync(path, 0o500)
  expect(() => openDataFolder(path, runtime)).toThrow(/cannot be written.*make it writable/)
})

test('a busy port is refused by name and with another to choose', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await expect(checkPort('127.0.0.1', port)).rejects.toThrow(
    /^PORT \d+ is busy: .*PORT=\d+ npm start/,
  )
  await new Promise((resolve) => server.close(resolve))
  await checkPort('127.0.0.1', port)
  await checkPort('127.0.0.1', 0)
})

test('an address of another machine is refused by name', async () => {
  await expect(checkPort('192.0.2.1', 0)).rejects.toThrow(/^HOST 192.0.2.1 cannot be listened on/)
})

test('the environment wins over .env, and an empty variable counts as absent', () => {
  const path = join(dir, '.env')
  writeFileSync(path, '# hello\nPORT=1234\nHOST="::1"\nWAYSTONE_BOTS=3\nAWS_REGION=eu-north-1\n')
  expect(withEnvFile({ PORT: '80', HOST: '' }, path)).toMatchObject({
    PORT: '80',
    HOST: '::1',
    WAYSTONE_BOTS: '3',
    AWS_REGION: 'eu-north-1',
  })
  expect(withEnvFile({ PORT: '80' }, join(dir, 'absent'))).toEqual({ PORT: '80' })
})

test('names in .env that nothing reads are refused, without their values', () => {
  const path = join(dir, '.env')
  writeFileSync(path, 'POTR=1234\nWAYSTONE_BOT=secret\n')
  expect(() => withEnvFile({}, path)).toThrow(/sets POTR, WAYSTONE_BOT, which nothing reads/)
  expect(() => withEnvFile({}, dir)).toThrow(/cannot be read/)
})
