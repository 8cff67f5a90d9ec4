// The embedded DynamoDB: dynoxide, one static binary on SQLite, whose npm package names one platform.
// It syncs every commit, so an acknowledged write outlives a kill. It does not check whether another server has
// its file open, nor whether the file is damaged. So both are checked here before it starts.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { authority } from '#shared/authority.ts'
import type { Runtime } from '#shared/runtime.ts'
import { localOptions } from '#shared/store/options.ts'
import type { TableName } from '#shared/store/store.ts'
import { EmbeddedDynamoError, checkFile, endOrphan, forgetRun, noteRun } from './database-file.ts'
import { freePort } from './fleet/free-port.ts'
import { endAll, identify } from './process-identity.ts'

/** A server is ready in under 100 ms. One that is not ready by then has failed. */
const readyMs = 4000
/** Time to write its log back into the file, which takes some ms. Commits are safe without it. */
const stopMs = 2000
/**
 * The server knows no passwords, so it is reachable from this machine alone. It also answers pages of
 * any origin, and has no switch for that. On Linux every address in 127/8 is this machine: a random
 * one with a random port has 39 bits, and a page in the browser of this machine can guess a few thousand a
 * second. On other systems it has to guess the port alone. This database is for development. Data that others
 * must not read belongs into a database behind WAYSTONE_DYNAMODB_URL.
 */
async function findAddress(runtime: Runtime): Promise<{ host: string; port: number }> {
  const usual = '127.0.0.1'
  const [a, b, c] = runtime.randomBytes(3)
  const host = process.platform === 'linux' ? `127.${a}.${b}.${1 + (c! % 254)}` : usual
  // The loopback of a sandbox may have one address only.
  const port = await freePort(host, new Set()).catch(() => undefined)
  if (port !== undefined) return { host, port }
  return { host: usual, port: await freePort(usual, new Set()) }
}

const tableNames: TableName[] = ['core', 'ledger', 'volatile']

export type EmbeddedDynamo = {
  endpoint: string
  pid: number
  /** Ends the server and resolves when it is gone. */
  stop(): Promise<void>
  /** Resolves when the server has ended. `asked` is true after stop(). */
  exited: Promise<{ asked: boolean; reason: string }>
}

export type EmbeddedOptions = {
  /** File of the database; made when it is missing, in a folder that exists. */
  file: string
  /** The prefix of the table names. Tables that are missing are made. */
  tablePrefix: string
  /** Where to listen, when hosts know it already. Default: a random address. */
  at?: { host: string; port: number }
  /** Path of the binary. Default: the npm package of this platform. */
  binary?: string
  runtime: Runtime
  /** Called with the pid of the server as soon as it exists. */
  onSpawn?: (pid: number) => void
}

/** Another program may take a free port before the server does. Then another port is tried. */
const portsTried = 3

/** Starts the server, reachable from this machine alone. Throws EmbeddedDynamoError, mostly within 5 s. */
export async function startDynamo(options: EmbeddedOptions): Promise<EmbeddedDynamo> {
  for (let tries = 1; ; tries++) {
    const at = options.at ?? (await findAddress(options.runtime))
    try {
      return await startAt(at, options)
    } catch (error) {
      const taken = error instanceof EmbeddedDynamoError && error.message.includes('already in use')
      if (!taken || options.at !== undefined || tries >= portsTried) throw error
    }
  }
}

async function startAt(
  { host, port }: { host: string; port: number },
  options: EmbeddedOptions,
): Promise<EmbeddedDynamo> {
  const { runtime } = options
  const file = resolve(options.file)
  const binary = options.binary ?? findBinary(process.platform, process.arch)
  await endOrphan(file, stopMs, runtime)
  checkFile(file)
  const args = ['serve', '--host', host, '--port', String(port), '--db-path', file]
  // In a process group of its own: the Ctrl-C that stops us must not stop it before all is saved.
  const server = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  if (server.pid !== undefined) options.onSpawn?.(server.pid)

  let asked = false
  const output = tail(server)
  const exited = new Promise<{ asked: boolean; reason: string }>((done) => {
    server.once('error', (error) => done({ asked, reason: error.message }))
    server.once('exit', (code, signal) => {
      done({ asked, reason: output.text() || `ended with ${signal ?? code}` })
    })
  })
  const stop = async () => {
    asked = true
    const identity = server.pid === undefined ? undefined : identify(server.pid)
    if (identity !== undefined) await endAll([identity], stopMs, runtime)
    await exited
    forgetRun(file)
  }

  const failed = exited.then(({ reason }) => {
    throw new EmbeddedDynamoError(
      `The embedded database (${binary}) did not start on ${file}: ${firstLine(reason)}.`,
    )
  })
  const late = new AbortController()
  const timeout = runtime.sleep(readyMs, late.signal).then(
    () => {
      throw new EmbeddedDynamoError(
        `The embedded database (${binary}) on ${file} was not ready after ${readyMs / 1000} s.`,
      )
    },
    () => undefined,
  )
  try {
    await Promise.race([output.listening, failed, timeout.then(() => failed)])
    noteRun(file, server.pid!)
    await createTables(`http://${authority(host, port)}`, options.tablePrefix)
  } catch (error) {
    await stop()
    throw error
  } finally {
    late.abort()
    failed.catch(() => undefined)
  }
  const endpoint = `http://${authority(host, port)}`
  return { endpoint, pid: server.pid!, stop, exited }
}

/** Reads the server's log: when it listens, and its last lines, which name the reason of an end. */
function tail(server: ChildProcess): { listening: Promise<void>; text(): string } {
  let text = ''
  const listening = new Promise<void>((ready) => {
    server.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4096)
      if (text.includes('listening on')) ready()
    })
  })
  return { listening, text: () => text.trim() }
}

function firstLine(text: string): string {
  return text
    .split('\n')[0]!
    .replace(/^error: /, '')
    .replace(/\.$/, '')
}

/** The binary in the npm package of a platform. Throws EmbeddedDynamoError where there is none. */
export function findBinary(platform: string, arch: string): string {
  const name = `@dynoxide/${platform}-${arch}`
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const binary = join(dirname(manifest), platform === 'win32' ? 'dynoxide.exe' : 'dynoxide')
    if (existsSync(binary)) return binary
  } catch {
    // Not installed: reported below, with what to do.
  }
  throw new EmbeddedDynamoError(
    `There is no embedded database for ${platform}-${arch} here: install the npm package ${name}, ` +
      'or name a dynoxide binary in WAYSTONE_DYNOXIDE, or a DynamoDB endpoint such as DynamoDB Local ' +
      'in WAYSTONE_DYNAMODB_URL.',
  )
}

/** A client of an endpoint that is not AWS. The caller destroys it. */
export function localClient(endpoint: string): DynamoDBClient {
  const { region, credentials } = localOptions(endpoint, '')
  return new DynamoDBClient({ endpoint, region, ...(credentials && { credentials }) })
}

/** Makes the tables that are missing. Works on any DynamoDB endpoint and may be repeated. */
export async function createTables(endpoint: string, prefix: string): Promise<void> {
  const client = localClient(endpoint)
  try {
    const { TableNames } = await client.send(new ListTablesCommand({}))
    for (const table of tableNames) {
      if (TableNames?.includes(`${prefix}${table}`)) continue
      await createTable(client, `${prefix}${table}`)
    }
  } finally {
    client.destroy()
  }
}

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const command = new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
  })
  try {
    await client.send(command)
  } catch (error) {
    // Another process made it meanwhile, or it is beyond the first page of the list.
    if (!(error instanceof Error) || error.name !== 'ResourceInUseException') throw error
  }
}
