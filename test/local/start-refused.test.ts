import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDataFolder } from '#local/data-folder.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { until } from './until.ts'

const program = fileURLToPath(new URL('../../local/start.ts', import.meta.url))
const dev = fileURLToPath(new URL('../../local/dev.ts', import.meta.url))
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'waystone-start-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Runs a start that should fail, in a folder of its own with an optional .env. */
async function refused(name: string, env: Record<string, string>, dotEnv?: string) {
  const child = run(program, name, env, dotEnv)
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, output, errors: errors.trim().split('\n') }
}

function run(what: string, name: string, env: Record<string, string>, dotEnv?: string) {
  const cwd = join(dir, name)
  mkdirSync(cwd, { recursive: true })
  if (dotEnv !== undefined) writeFileSync(join(cwd, '.env'), dotEnv)
  return spawn(process.execPath, [what], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      WAYSTONE_QUIET_START: '1',
      WAYSTONE_BOTS: '0',
      WAYSTONE_DATA: join(cwd, 'data'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function dataWith(name: string, file: string, text: string): string {
  const data = join(dir, name, 'data')
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, file), text)
  return data
}

describe.concurrent('a start that cannot go on says why in one sentence and exits with 1', () => {
  test('the port is busy', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const { code, errors } = await refused('port', { PORT: String(port) })
    server.close()
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [expect.stringMatching(new RegExp(`^PORT ${port} is busy: .*PORT=\\d+ npm start`))],
    })
  })

  test('the data folder is in use, and stays as it was', async () => {
    const path = join(dir, 'used', 'data')
    const folder = openDataFolder(path, runtime)
    const { code, errors } = await refused('used', {})
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [expect.stringContaining(`in use by process ${process.pid}`)],
    })
    expect(() => openDataFolder(path, runtime)).toThrow('in use')
    folder.release()
  })

  test('the data folder is a file', async () => {
    const file = join(dir, 'file')
    writeFileSync(file, '')
    const { code, errors } = await refused('is-a-file', { WAYSTONE_DATA: file })
    expect({ code, errors }).toEqual({ code: 1, errors: [expect.stringContaining('is a file')] })
  })

  test('the database is damaged', async () => {
    const data = dataWith('damaged', 'dynamodb.sqlite', 'this is no database '.repeat(500))
    const { code, errors } = await refused('damaged', { WAYSTONE_DATA: data })
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [expect.stringMatching(/dynamodb\.sqlite is damaged .*: put a copy in its place/)],
    })
  })

  test('the record of zone hosts is damaged', async () => {
    const data = dataWith('record', 'fleet.json', '{')
    const { code, errors } = await refused('record', { WAYSTONE_DATA: data })
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [expect.stringMatching(/fleet\.json is damaged: .*delete the file/)],
    })
  })

  test('the database elsewhere does not answer', async () => {
    const env = { WAYSTONE_DYNAMODB_URL: 'http://127.0.0.1:1' }
    const { code, errors } = await refused('elsewhere', env)
    expect({ code, errors: errors.at(-1) }).toEqual({
      code: 1,
      errors: expect.stringMatching(
        /^WAYSTONE_DYNAMODB_URL .* check that it is a DynamoDB endpoint/,
      ),
    })
  })

  test('variables are unknown or wrong, in the environment and in .env, all named at once', async () => {
    const { code, errors } = await refused('variables', { WAYSTONE_FLEAT: 'hub:1', PORT: 'eighty' })
    expect(code).toBe(1)
    expect(errors).toHaveLength(2)
    expect(errors.join()).toMatch(/WAYSTONE_FLEAT is not a variable.*PORT is wrong/)
    const second = await refused('dot-env', {}, 'WAYSTONE_FLEAT=hub:1\n')
    expect(second).toMatchObject({ code: 1, errors: [expect.stringContaining('WAYSTONE_FLEAT')] })
  })

  test('the folder of the game has no game, or one that does not load', async () => {
    const { code, errors } = await refused('no-game', { WAYSTONE_GAME: '.' })
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [expect.stringMatching(/^The game folder .*no-game has no game\.ts; WAYSTONE_GAME/)],
    })
    // By .env: the game is loaded only when the file has been read.
    const broken = join(dir, 'broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'game.ts'), 'const a = 1\nconst b = = 2\n')
    const second = await refused('broken', {}, 'WAYSTONE_GAME=.\n')
    expect(second).toMatchObject({
      code: 1,
      errors: ['The game does not load. game.ts:2: Expression expected.'],
    })
  })

  test('the fleet names a zone that the content does not have', async () => {
    const { code, errors } = await refused('zone', { WAYSTONE_FLEET: 'moon:1' })
    expect({ code, errors }).toEqual({
      code: 1,
      errors: [expect.stringMatching(/^WAYSTONE_FLEET names the zone moon; the content has .*hub/)],
    })
  })

  test('Redis is named without its token', async () => {
    const env = { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1' }
    const { code, errors } = await refused('redis', env)
    expect({ code, errors }).toEqual({ code: 1, errors: [expect.stringContaining('set both')] })
  })
})

test('`npm run dev` tries again when .env is mended, and when code or content of the game is', async () => {
  const folder = join(dir, 'mended')
  const game = join(folder, 'game')
  mkdirSync(join(game, 'content'), { recursive: true })
  writeFileSync(join(game, 'game.ts'), 'export const game = = 1\n')
  const child = run(dev, 'mended', {}, 'WAYSTONE_GAME=gane\n')
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  // Each is a start of its own.
  const says = (text: string) => until(() => errors.includes(text), 30_000)
  try {
    await says('gane has no game.ts')
    await says('It ended. It is started again when .env or a file changes.')
    writeFileSync(join(folder, '.env'), 'WAYSTONE_GAME=game\n')
    await says('changed: .env; starting anew')
    await says('game.ts:1: Expression expected')
    const content = 'import.meta.dirname + "/content"'
    const text = `export const game = { content: ${content}, zone: {}, routes: [] }\n`
    writeFileSync(join(game, 'game.ts'), text)
    await says('game.json: cannot be read')
    writeFileSync(join(game, 'content/game.json'), '{}')
    await says('game.json: startZone: ')
  } finally {
    child.kill('SIGTERM')
  }
  await new Promise((resolve) => child.on('close', resolve))
})
