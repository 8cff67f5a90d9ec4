// A fresh embedded database with its tables, for one test file.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { startDynamo } from '#local/dynamodb.ts'
import type { DynamoOptions, DynamoStore } from '#shared/store/dynamo.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import { systemRuntime } from '#shared/system.ts'

export type OpenedDynamo = {
  server: EmbeddedDynamo
  options: DynamoOptions
  store: DynamoStore
  close(): Promise<void>
}

export async function openEmbedded(): Promise<OpenedDynamo> {
  const folder = await mkdtemp(join(tmpdir(), 'waystone-store-'))
  const file = join(folder, 'dynamo.db')
  const server = await startDynamo({ file, tablePrefix: 'test-', runtime: systemRuntime })
  // A machine that does much else answers late. What is late is unclear, and no conformance is about that.
  const options = { ...localOptions(server.endpoint, 'test-'), requestTimeoutMs: 10_000 }
  const store = createDynamoStore(options)
  return {
    server,
    options,
    store,
    close: async () => {
      store.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
