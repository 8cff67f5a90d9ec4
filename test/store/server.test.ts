// The embedded server as a process: starting, stopping, dying, and files that it cannot use.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EmbeddedDynamoError } from '#local/database-file.ts'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { createTables, findBinary, localClient, startDynamo } from '#local/dynamodb.ts'
import { identify } from '#local/process-identity.ts'
import { sweep } from '#local/sweeper.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { systemRuntime } from '#shared/system.ts'

let folder: string
let running: EmbeddedDynamo[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waystone-server-'))
  running = []
})
afterEach(async () => {
  await Promise.all(running.map(async (server) => await server.stop()))
  await rm(folder, { recursive: true, force: true })
})

async function start(file: string, binary?: string): Promise<EmbeddedDynamo> {
  const server = await startDynamo({
    file: join(folder, file),
    tablePrefix: 'test-',
    runtime: systemRuntime,
    ...(binary !== undefined && { binary }),
  })
  running.push(server)
  return server
}

async function sentenceOf(starting: Promise<unknown>): Promise<string> {
  const error = await starting.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(EmbeddedDynamoError)
  const { message } = error as Error
  expect(message).not.toContain('\n')
  return message
}

const key = { pk: 'a', sk: 'b' }

/** One request with a client of its own: a stopped server leaves no socket behind. */
async function withStore<T>(
  server: EmbeddedDynamo,
  use: (store: ReturnType<typeof createDynamoStore>) => Promise<T>,
): Promise<T> {
  const store = createDynamoStore(localOptions(server.endpoint, 'test-'))
  try {
    return await use(store)
  } finally {
    store.close()
  }
}

it('listens where no page of a browser finds it: not at 127.0.0.1, and elsewhere each time', async () => {
  const servers = [await start('a.db'), await start('b.db')]
  const hosts = servers.map(({ endpoint }) => new URL(endpoint).hostname)
  for (const host of hosts) expect(host).toMatch(/^127(\.\d+){3}$/)
  if (process.platform !== 'linux') return
  expect(new Set([...hosts, '127.0.0.1']).size).toBe(3)
  const { port } = new URL(servers[0]!.endpoint)
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
})

it('a second start on the same file finds every row, and makes the tables only once', async () => {
  const first = await start('a.db')
  await withStore(first, (store) => store.put({ table: 'core', item: { ...key, n: 1 } }))
  await createTables(first.endpoint, 'test-')
  await first.stop()
  expect(await first.exited).toMatchObject({ asked: true })
  const second = await start('a.db')
  expect(await withStore(second, (store) => store.get({ table: 'core', key }))).toMatchObject({
    n: 1,
  })
})

it('a killed server loses nothing that it acknowledged, and says that nobody asked it to end', async () => {
  const first = await start('a.db')
  for (let n = 1; n <= 20; n++) {
    await withStore(first, (store) => store.put({ table: 'core', item: { ...key, n } }))
  }
  process.kill(first.pid, 'SIGKILL')
  expect(await first.exited).toMatchObject({ asked: false })
  const second = await start('a.db')
  expect(await withStore(second, (store) => store.get({ table: 'core', key }))).toMatchObject({
    n: 20,
  })
})

it('when somebody takes the port first, another one is used', async () => {
  const late = join(folder, 'late')
  const marker = join(folder, 'refused')
  const real = findBinary(process.platform, process.arch)
  await writeFile(
    late,
    `#!/bin/sh
if [ ! -e '${marker}' ]; then
  touch '${marker}'
  echo 'error: port 4711 is already in use.' >&2
  exit 1
fi
exec '${real}' "$@"
`,
    { mode: 0o755 },
  )
  const server = await start('a.db', late)
  await withStore(server, (store) => store.put({ table: 'core', item: { ...key, n: 1 } }))
  expect(await readFile(marker, 'utf8')).toBe('')
})

it('a file in use is refused with the process that uses it', async () => {
  await start('a.db')
  const sentence = await sentenceOf(start('a.db'))
  expect(sentence).toContain('in use')
  expect(sentence).toContain(String(process.pid))
})

it('a server whose owner was killed is ended by the next start', async () => {
  const program = `
    import { startDynamo } from '#local/dynamodb.ts'
    import { systemRuntime } from '#shared/system.ts'
    const server = await startDynamo({ file: process.argv[1], tablePrefix: 'test-', runtime: systemRuntime })
    console.log(server.pid)
    setInterval(() => {}, 1000)`
  const owner = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, join(folder, 'a.db')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [said] = (await once(owner.stdout, 'data')) as [Buffer]
  const orphan = Number(said.toString())
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(identify(orphan)).toBeDefined()
  await start('a.db')
  expect(identify(orphan)).toBeUndefined()
})

it('a file that is no database, or damaged, is refused with the cause and the cure', async () => {
  await writeFile(join(folder, 'text.db'), 'this is not a database. '.repeat(300))
  expect(await sentenceOf(start('text.db'))).toMatch(/text\.db is damaged .* move it/)

  const server = await start('a.db')
  await withStore(server, async (store) => {
    for (let n = 0; n < 50; n++) {
      await store.put({ table: 'core', item: { pk: `${n}`, sk: 'x', s: 'x'.repeat(2000) } })
    }
  })
  await server.stop()
  const whole = await readFile(join(folder, 'a.db'))

  await writeFile(join(folder, 'short.db'), whole)
  await truncate(join(folder, 'short.db'), whole.length / 2)
  expect(await sentenceOf(start('short.db'))).toContain('is damaged')

  const scribbled = Buffer.from(whole)
  scribbled.fill(0xa5, whole.length / 2, whole.length / 2 + 20_000)
  await writeFile(join(folder, 'scribbled.db'), scribbled)
  expect(await sentenceOf(start('scribbled.db'))).toContain('is damaged')
})

it('a folder in the place of the file, and a folder that is missing, are named', async () => {
  await mkdir(join(folder, 'a.db'))
  expect(await sentenceOf(start('a.db'))).toContain('move it away')
  expect(await sentenceOf(start('missing/a.db'))).toContain('does not exist')
})

it('a binary that is missing or fails is named with its own words', async () => {
  expect(await sentenceOf(start('a.db', join(folder, 'nothing')))).toContain('ENOENT')
  const script = join(folder, 'fails')
  await writeFile(script, '#!/bin/sh\necho "error: no luck today." >&2\nexit 3\n', { mode: 0o755 })
  expect(await sentenceOf(start('a.db', script))).toMatch(/no luck today\.$/)
})

it('a platform without a package reads which one it needs and what else it can do', async () => {
  const sentence = await sentenceOf((async () => findBinary('plan9', 'mips'))())
  for (const part of [
    'plan9-mips',
    '@dynoxide/plan9-mips',
    'WAYSTONE_DYNOXIDE',
    'WAYSTONE_DYNAMODB_URL',
    'DynamoDB Local',
  ]) {
    expect(sentence).toContain(part)
  }
})

it('the sweeper deletes what has expired from core and volatile, and nothing else', async () => {
  const server = await start('a.db')
  const now = 1_800_000_000_500
  const nowS = 1_800_000_000
  await withStore(server, async (store) => {
    for (const table of ['core', 'ledger', 'volatile'] as const) {
      await store.put({ table, item: { pk: 'past', sk: 'x', expires: nowS } })
      await store.put({ table, item: { pk: 'future', sk: 'x', expires: nowS + 1 } })
      await store.put({ table, item: { pk: 'kept', sk: 'x' } })
    }
    for (let i = 0; i < 230; i++) {
      await store.put({ table: 'volatile', item: { pk: `many${i}`, sk: 'x', expires: nowS - i } })
    }
    const client = localClient(server.endpoint)
    const runtime = { ...systemRuntime, now: () => now }
    expect(await sweep({ client, tablePrefix: 'test-', runtime })).toBe(232)
    expect(await sweep({ client, tablePrefix: 'test-', runtime })).toBe(0)
    client.destroy()
    for (const table of ['core', 'ledger', 'volatile'] as const) {
      const past = await store.get({ table, key: { pk: 'past', sk: 'x' } })
      expect(past === undefined).toBe(table !== 'ledger')
      expect(await store.get({ table, key: { pk: 'future', sk: 'x' } })).toBeDefined()
      expect(await store.get({ table, key: { pk: 'kept', sk: 'x' } })).toBeDefined()
    }
  })
})
