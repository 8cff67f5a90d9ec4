// The embedded database as a process of a test's own, which it may stop, kill and start again.
import { join } from 'node:path'
import { startDynamo } from '#local/dynamodb.ts'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { systemRuntime } from '#shared/system.ts'

/** On the file of that folder. `endpoint`: where it was before, for hosts know it. */
export async function openStore(folder: string, endpoint?: string): Promise<EmbeddedDynamo> {
  const file = join(folder, 'dynamodb.sqlite')
  const options = { file, tablePrefix: 'waystone-', runtime: systemRuntime }
  if (endpoint === undefined) return await startDynamo(options)
  const { hostname, port } = new URL(endpoint)
  return await startDynamo({ ...options, at: { host: hostname, port: Number(port) } })
}
