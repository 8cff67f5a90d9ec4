// Agones' own sdk-server, in its local mode, where AGONES_SDK_SERVER names the program: the transcript that
// our emulator is held against (test/agones) must be what it answers. `vitest -u` records it anew.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { freePort } from '#local/fleet/free-port.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { runCalls, start } from '../agones/sdk-calls.ts'

const program = process.env['AGONES_SDK_SERVER']

test('Agones’ sdk-server answers as the transcript says', async ({ skip }) => {
  if (program === undefined) {
    console.log(
      'AGONES_SDK_SERVER is not set: the recorded transcript stands in for the sdk-server.',
    )
    skip()
  }
  const folder = mkdtempSync(join(tmpdir(), 'waystone-sdk-server-'))
  const file = join(folder, 'game-server.yaml')
  writeFileSync(file, stringify(gameServer()))
  const ports = { grpc: await freePort('127.0.0.1', new Set()), http: 0 }
  ports.http = await freePort('127.0.0.1', new Set([ports.grpc]))
  const arguments_ = ['--local', '-f', file, '--address', 'localhost']
  arguments_.push('--grpc-port', String(ports.grpc), '--http-port', String(ports.http))
  const child = spawn(program!, arguments_, { stdio: 'ignore' })
  try {
    await listening(ports.http)
    const answers = await runCalls(ports, 25)
    const text = `${JSON.stringify(answers, null, 1)}\n`
    await expect(text).toMatchFileSnapshot('../agones/sdk-server-1.60.json')
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})

function gameServer() {
  const { name, labels, health, address, ports, counters, lists } = start
  return {
    apiVersion: 'agones.dev/v1',
    kind: 'GameServer',
    metadata: { name, namespace: 'default', labels },
    spec: { health },
    status: {
      state: 'Scheduled',
      address,
      addresses: [{ type: 'InternalIP', address }],
      ports,
      counters,
      lists,
    },
  }
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/gameserver`).catch(() => undefined)
    if (answer?.ok) return
    await runtime.sleep(100)
  }
  throw new Error('the sdk-server does not listen')
}
