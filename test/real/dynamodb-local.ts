// Amazon's DynamoDB Local: a folder of jars with its native SQLite, run by Java 17.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createTables } from '#local/dynamodb.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import type { DynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { systemRuntime } from '#shared/system.ts'
import { freePort } from '../e2e/waystone.ts'
import { findProgram, needPart, partsFolder } from './part.ts'

export type DynamoLocal = { java: string; jars: string }

/** It takes 2 s; a machine that is busy, more. */
const readyMs = 30_000

/** Throws in CI where there is none. */
export function findDynamoLocal(): DynamoLocal | undefined {
  const jars = process.env['DYNAMODB_LOCAL'] || join(partsFolder, 'dynamodb-local')
  const there =
    existsSync(jars) && readdirSync(jars).some((name) => name.startsWith('DynamoDBLocal-'))
  const java = findProgram('JAVA', ['java'])
  return needPart(
    "Amazon's DynamoDB Local",
    there && java !== undefined ? { java, jars } : undefined,
    'DYNAMODB_LOCAL names the folder of its jars, and it needs Java 17',
  )
}

/** Starts it in memory, with our tables. */
export async function openDynamoLocal({ java, jars }: DynamoLocal): Promise<{
  endpoint: string
  store: DynamoStore
  close(): Promise<void>
}> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const main = 'software.amazon.dynamodb.services.local.main.ServerRunner'
  const server = spawn(
    java,
    [
      `-Djava.library.path=${jars}`,
      '-cp',
      join(jars, '*'),
      main,
      '-inMemory',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const exited = once(server, 'exit')
  let said = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4096)))
  }
  const stop = async () => {
    server.kill('SIGKILL')
    await exited
  }
  try {
    await untilAnswers(endpoint, () => server.exitCode !== null)
    await createTables(endpoint, 'test-')
  } catch (error) {
    await stop()
    throw new Error(`DynamoDB Local did not start: ${said}`, { cause: error })
  }
  const store = createDynamoStore(localOptions(endpoint, 'test-'))
  return {
    endpoint,
    store,
    close: async () => {
      store.close()
      await stop()
    },
  }
}

async function untilAnswers(endpoint: string, ended: () => boolean): Promise<void> {
  const timeoutAt = performance.now() + readyMs
  for (;;) {
    // Any answer will do: without a request of DynamoDB it is 400.
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (answered) return
    if (ended() || performance.now() > timeoutAt) throw new Error('nothing answers')
    await systemRuntime.sleep(100)
  }
}
