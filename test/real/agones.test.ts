// Agones' own sdk-server, in its local mode, where AGONES_SDK_SERVER names the program: the transcript with
// which our emulator is compared (test/agones) must be its answers. AGONES_RECORD=1 records it anew.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { startDynamo } from '#local/dynamodb.ts'
import { freePort } from '#local/fleet/free-port.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { runCalls, start } from '../agones/sdk-calls.ts'
import { until } from '../e2e/player.ts'

const program = process.env['AGONES_SDK_SERVER']

const transcript = join(import.meta.dirname, '../agones/sdk-server-1.60.json')
type Ports = { grpc: number; http: number }

test('Agones’ sdk-server answers as the transcript says', async ({ skip }) => {
  if (program === undefined) {
    console.log(
      'AGONES_SDK_SERVER is not set: the recorded transcript stands in for the sdk-server.',
    )
    skip()
  }
  await inFolder(async (folder) => {
    const ports = await freePorts()
    const server = await startSdkServer(folder, ports, gameServer())
    try {
      const answers = await runCalls(ports, () => runtime.sleep(25))
      if (process.env['AGONES_RECORD'] === '1') {
        writeFileSync(transcript, `${JSON.stringify(answers, null, 2)}\n`)
      }
      expect(answers).toEqual(JSON.parse(readFileSync(transcript, 'utf8')))
    } finally {
      server.child.kill('SIGKILL')
    }
  })
})

test.skipIf(program === undefined)(
  'the zone host lives beside Agones’ sdk-server, and through its restart',
  async () => {
    await inFolder(async (folder) => {
      const dynamo = await startDynamo({
        file: join(folder, 'test.db'),
        tablePrefix: 'waystone-',
        runtime,
      })
      const ports = await freePorts()
      const zonePort = await freePort('127.0.0.1', new Set([ports.grpc, ports.http]))
      const described = gameServer(zonePort)
      const host = spawn(
        process.execPath,
        ['--disallow-code-generation-from-strings', 'gameserver/main.ts'],
        {
          env: {
            WAYSTONE_ZONES: 'hub',
            WAYSTONE_DYNAMODB_URL: dynamo.endpoint,
            AGONES_SDK_GRPC_PORT: String(ports.grpc),
          },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      let output = ''
      host.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      const ended = new Promise<number | null>((resolve) => {
        host.on('exit', resolve)
      })
      // The sidecar may start after the game server.
      await runtime.sleep(500)
      let server = await startSdkServer(folder, ports, described)
      try {
        const read = async () => {
          const answer = await fetch(`http://127.0.0.1:${ports.http}/gameserver`)
          return (await answer.json()) as {
            object_meta: { labels: Record<string, string> }
            status: { state: string }
          }
        }
        await until('Ready, with its boot id', async () => {
          const { object_meta: meta, status } = await read()
          return (
            status.state === 'Ready' && meta.labels['agones.dev/sdk-waystone-boot'] !== undefined
          )
        })
        await until('it pings', () => server.output().includes('Health Ping Received'))
        await fetch(`http://127.0.0.1:${ports.http}/allocate`, { method: 'POST', body: '{}' })
        await until('it opens', () => output.includes('"open"'))

        server.child.kill('SIGKILL')
        await runtime.sleep(1500)
        server = await startSdkServer(folder, ports, described)
        await until('it pings again', () => server.output().includes('Health Ping Received'))
        host.kill('SIGTERM')
        expect(await ended, output).toBe(0)
      } finally {
        host.kill('SIGKILL')
        server.child.kill('SIGKILL')
        await dynamo.stop()
      }
    })
  },
)

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'waystone-sdk-server-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function freePorts(): Promise<Ports> {
  const grpc = await freePort('127.0.0.1', new Set())
  return { grpc, http: await freePort('127.0.0.1', new Set([grpc])) }
}

async function startSdkServer(
  folder: string,
  ports: Ports,
  described: object,
): Promise<{ child: ChildProcess; output: () => string }> {
  const file = join(folder, 'game-server.yaml')
  writeFileSync(file, stringify(described))
  const arguments_ = ['--local', '-f', file, '--address', 'localhost']
  arguments_.push('--grpc-port', String(ports.grpc), '--http-port', String(ports.http))
  const child = spawn(program!, arguments_, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until('the sdk-server listens', async () => {
    const answer = await fetch(`http://127.0.0.1:${ports.http}/gameserver`).catch(() => undefined)
    return answer?.ok === true
  })
  return { child, output: () => output }
}

function gameServer(zonePort?: number) {
  const { name, labels, health, address, counters, lists } = start
  const ports = zonePort === undefined ? start.ports : [{ name: 'zone', port: zonePort }]
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
