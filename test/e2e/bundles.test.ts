// What the images carry (`npm run bundle`), run as a container would run it: no user's rights, a folder that
// cannot be written, a process that may neither write files nor start programs, signals to process and not
// to npm. No container engine is needed: no test builds the images themselves.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGameServer } from '#local/agones/game-server.ts'
import type { GameServerObject } from '#local/agones/game-server.ts'
import { startSidecar } from '#local/agones/sidecar.ts'
import { startDynamo } from '#local/dynamodb.ts'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { freePort } from '#local/fleet/free-port.ts'
import { startRedis } from '#local/redis/server.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { bootLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { startFakeKubernetes, token } from '../fleet/fake-kubernetes.ts'
import { newSession, play, realmId, until } from './player.ts'

/** A process that may switch users runs them as the user nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const top = join(import.meta.dirname, '..', '..')
const started: Program[] = []
const sidecars: { stop(): void }[] = []
let folder: string
let node: string
let tokenFile: string
let dynamo: EmbeddedDynamo
let redis: RedisServer

type Program = {
  child: ChildProcess
  output: () => string
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waystone-bundles-'))
  // From the files that the container engine gets, and nothing else.
  const context = join(folder, 'context')
  const given = readFileSync(join(top, '.dockerignore'), 'utf8').match(/(?<=^!).+$/gm)!
  for (const name of given) cpSync(join(top, name), join(context, name), { recursive: true })
  symlinkSync(join(top, 'node_modules'), join(context, 'node_modules'))
  const arguments_ = [join(context, 'local/bundle.ts'), join(folder, 'dist')]
  const bundle = run(process.execPath, arguments_, {}, { cwd: context })
  expect(await bundle.ended, bundle.output()).toMatchObject({ code: 0 })
  // The user nobody may not read the folders above ours.
  node = join(folder, 'node')
  copyFileSync(process.execPath, node)
  chmodSync(node, 0o755)
  dynamo = await startDynamo({ file: join(folder, 'test.db'), tablePrefix: 'waystone-', runtime })
  redis = await startRedis({ host: '127.0.0.1', port: 0, token: 'redis-token', runtime })
  tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const key = join(folder, 'master.key')
  writeFileSync(key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o400 })
  if (nobody.uid !== undefined) chownSync(key, nobody.uid, nobody.gid)
  const readOnly = run('chmod', ['-R', 'a+rX,a-w', join(folder, 'dist')], {}, {})
  await readOnly.ended
  chmodSync(folder, 0o555)
}, 60_000)

afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  for (const sidecar of sidecars) sidecar.stop()
  await redis?.stop()
  await dynamo?.stop()
  chmodSync(folder, 0o755)
  await run('chmod', ['-R', 'u+w', folder], {}, {}).ended
  rmSync(folder, { recursive: true, force: true })
})

function run(
  program: string,
  arguments_: string[],
  env: Record<string, string>,
  more: { cwd?: string; uid?: number; gid?: number },
): Program {
  const child = spawn(program, arguments_, { env, stdio: ['ignore', 'pipe', 'pipe'], ...more })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const made = { child, output: () => output, ended }
  started.push(made)
  return made
}

/** The command of an image, as its Dockerfile has it, for a bundle that lies elsewhere than in /app. */
function command(dockerfile: string, bundle: string): string[] {
  const text = readFileSync(join(top, dockerfile), 'utf8')
  const entry = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)![1]!) as string[]
  expect(entry.shift()).toBe('/nodejs/bin/node')
  return entry.map((part) => part.replace('/app', join(folder, 'dist', bundle)))
}

function inContainer(bundle: string, dockerfile: string, env: Record<string, string>): Program {
  // A bundle finds its files beside it, from any working directory.
  const env_ = { ...common(), ...env }
  return run(node, command(dockerfile, bundle), env_, { cwd: '/', ...nobody })
}

const common = () => ({
  HOST: '127.0.0.1',
  WAYSTONE_REALM: realmId,
  WAYSTONE_DYNAMODB_URL: dynamo.endpoint,
  UPSTASH_REDIS_REST_URL: redis.url,
  UPSTASH_REDIS_REST_TOKEN: 'redis-token',
  NODE_ENV: 'production',
})

/** A zone host beside a sidecar, Ready. */
async function startHost(publicUrl: string, env: Record<string, string> = {}) {
  const port = await freePort('127.0.0.1', new Set())
  const gameServer = createGameServer({
    name: `hub-${port}`,
    labels: { [zoneLabel]: 'hub' },
    address: '127.0.0.1',
    ports: [{ name: 'zone', port }],
    runtime,
    log,
  })
  const sidecar = await startSidecar({ gameServer, queueMs: 20, runtime, log })
  sidecars.push(sidecar)
  const host = inContainer('zone-host', 'Dockerfile', {
    WAYSTONE_ZONES: 'hub',
    WAYSTONE_PUBLIC_URL: publicUrl,
    AGONES_SDK_GRPC_PORT: String(sidecar.port),
    ...env,
  })
  await until(
    `the host is Ready: ${host.output()}`,
    () => {
      const { status, objectMeta } = gameServer.read()
      expect(host.child.exitCode, host.output()).toBeNull()
      return status.state === 'Ready' && objectMeta.labels[bootLabel] !== undefined
    },
    20_000,
  )
  return { ...host, gameServer }
}

/** The API of a cluster that allocates the given hosts to the functions. */
async function startCluster() {
  const cluster = await startFakeKubernetes([])
  sidecars.push(cluster)
  return {
    ...cluster,
    add: (gameServer: GameServerObject) => {
      const { objectMeta, status } = gameServer.read()
      const { name, labels } = objectMeta
      const { address, ports } = status
      cluster.servers.set(name, {
        metadata: { name, labels: { ...labels } },
        status: { state: 'Ready', address, ports },
      })
      void until(
        'it is allocated',
        () => cluster.servers.get(name)!.status.state === 'Allocated',
        50_000,
      ).then(() => gameServer.move('Allocated'), log.error)
    },
  }
}

test('a player lives through the end of a packed host, and the packed API ends at SIGTERM', async () => {
  const port = await freePort('127.0.0.1', new Set())
  const url = `http://127.0.0.1:${port}`
  const cluster = await startCluster()
  const functions = inContainer('functions', 'Dockerfile.functions', {
    PORT: String(port),
    WAYSTONE_PUBLIC_URL: url,
    WAYSTONE_LIMITS: 'generous',
    WAYSTONE_KEY_FILE: join(folder, 'master.key'),
    WAYSTONE_AGONES_URL: cluster.url,
    WAYSTONE_AGONES_NAMESPACE: cluster.namespace,
    WAYSTONE_AGONES_TOKEN_FILE: tokenFile,
  })
  await until(`the API is well`, async () => {
    expect(functions.child.exitCode, functions.output()).toBeNull()
    return (await fetch(`${url}/health`).catch(() => undefined))?.status === 200
  })
  expect((await fetch(`${url}/openapi.json`)).status).toBe(200)
  expect((await fetch(`${url}/docs`)).status).toBe(200)

  const first = await startHost(url)
  cluster.add(first.gameServer)
  const session = newSession(url)
  await session.guest()
  const realm = session.inRealm(realmId)
  const { characterId } = await realm.create({ name: 'Vera', race: 'human', job: 'mage' })
  const player = await play(url, session, characterId)
  expect(cluster.allocations(), 'the director asked for the host').toBe(1)
  let joins = 0
  player.client.on('state', ({ phase }) => (joins += phase === 'joined' ? 1 : 0))
  try {
    const { x, y } = player.place()
    await player.walkTo(x + 4, y)
    const walked = player.place()
    expect(Math.hypot(walked.x - x, walked.y - y)).toBeGreaterThan(1)

    const second = await startHost(url)
    cluster.add(second.gameServer)
    cluster.servers.delete(first.gameServer.read().objectMeta.name)
    first.child.kill('SIGTERM')
    expect(await first.ended, first.output()).toEqual({ code: 0, signal: null })
    await until('the player is in the other host', () => joins === 1)
    expect(cluster.allocations()).toBe(2)
    await until('the player stands where he stood', () => {
      const here = player.place()
      return Math.hypot(here.x - walked.x, here.y - walked.y) < 0.1
    })
    // The process needed nothing that a container does not have.
    for (const { output } of [first, second, functions]) {
      expect(output()).not.toMatch(/ERR_ACCESS_DENIED|EROFS|EACCES/)
    }
    await player.stop()
    second.child.kill('SIGTERM')
    expect(await second.ended, second.output()).toEqual({ code: 0, signal: null })
  } finally {
    await player.stop().catch(() => {})
  }
  functions.child.kill('SIGTERM')
  expect(await functions.ended, functions.output()).toEqual({ code: 0, signal: null })
}, 60_000)

test('a host without players returns to the fleet, and ends at SIGTERM', async () => {
  const env = { WAYSTONE_IDLE_SECONDS: '2' }
  const { gameServer, child, ended, output } = await startHost('http://127.0.0.1:9', env)
  gameServer.move('Allocated')
  await until('it asks to be shut down', () => gameServer.read().status.state === 'Shutdown')
  expect(child.exitCode, 'it waits for the signal').toBeNull()
  child.kill('SIGTERM')
  expect(await ended, output()).toEqual({ code: 0, signal: null })
}, 30_000)

test('a packed process that lacks its settings says which, and ends', async () => {
  const host = inContainer('zone-host', 'Dockerfile', {})
  expect(await host.ended).toMatchObject({ code: 1 })
  expect(host.output()).toContain('WAYSTONE_ZONES')
  const functions = inContainer('functions', 'Dockerfile.functions', { PORT: '0' })
  expect(await functions.ended).toMatchObject({ code: 1 })
  expect(functions.output()).toContain('WAYSTONE_PUBLIC_URL must be set')
})
