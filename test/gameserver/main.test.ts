// The process of a zone host ends cleanly at SIGTERM, also in the middle of its start.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGameServer } from '#local/agones/game-server.ts'
import { startSidecar } from '#local/agones/sidecar.ts'
import { compiledCode } from '#local/compiled-code.ts'
import { startDynamo } from '#local/dynamodb.ts'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystone-main-'))
let dynamo: EmbeddedDynamo
beforeAll(async () => {
  dynamo = await startDynamo({ file: join(folder, 'db'), tablePrefix: 'waystone-', runtime })
})
afterAll(async () => {
  await dynamo.stop()
  rmSync(folder, { recursive: true })
})

/** Starts a host, sends SIGTERM at the line that `at` finds; returns how it ended. */
async function run(sidecarPort: number, at: (line: string) => boolean) {
  const child = spawn(process.execPath, ['gameserver/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: compiledCode,
      WAYSTONE_LOG: 'debug',
      WAYSTONE_ZONES: 'hub',
      WAYSTONE_DYNAMODB_URL: dynamo.endpoint,
      AGONES_SDK_GRPC_PORT: String(sidecarPort),
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    },
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const begun: string[] = []
  const undone: string[] = []
  const said: string[] = []
  let toldAt = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { msg, message = msg, step } = JSON.parse(line) as Record<string, string>
    said.push(message!)
    if (message === 'starting') begun.push(step!)
    if (message === 'undoing') undone.push(step!)
    if (toldAt > 0 || !at(line)) return
    toldAt = performance.now()
    child.kill('SIGTERM')
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const code = await ended
  return { code, errors, begun, undone, said, tookMs: performance.now() - toldAt }
}

const steps = ['content', 'sidecar', 'worker', 'lease', 'host', 'ready']

test.each([...steps, 'nothing any more'])(
  'SIGTERM while it starts %s undoes all that was started, in reverse',
  async (step) => {
    const gameServer = createGameServer({
      name: 'hub-a',
      labels: {},
      address: '127.0.0.1',
      ports: [{ name: 'default', port: 0 }],
      runtime,
      log,
    })
    const sidecar = await startSidecar({ gameServer, queueMs: 20, runtime, log })
    const at = (line: string) =>
      step === 'nothing any more' ? line.includes('"ready"') : line.includes(`"${step}"`)
    const { code, errors, begun, undone, said } = await run(sidecar.port, at)
    sidecar.stop()
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(said).toContain('stopped')
    const reached = step === 'nothing any more' ? steps : steps.slice(0, steps.indexOf(step) + 1)
    // It may have gone on while the signal was under way.
    expect(begun.slice(0, reached.length)).toEqual(reached)
    expect(undone).toEqual(begun.slice(1).toReversed())
  },
  20_000,
)

test('SIGTERM before a sidecar has answered ends the wait for it', async () => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await new Promise((listening) => silent.once('listening', listening))
  const { port } = silent.address() as AddressInfo
  const { code, errors, tookMs } = await run(port, (line) => line.includes('"sidecar"'))
  silent.close()
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(tookMs).toBeLessThan(5000)
}, 20_000)
