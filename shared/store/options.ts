// Which DynamoDB a process uses, from its environment.
import type { Config } from '../config.ts'
import type { DynamoOptions } from './dynamo.ts'

/**
 * Options of the store of this process. An endpoint of one's own (the embedded server, DynamoDB Local)
 * takes any credentials, so it gets fixed ones: some servers keep data apart by access key and region.
 */
export function storeOptions(
  config: Pick<Config, 'WAYSTONE_DYNAMODB_URL' | 'WAYSTONE_TABLES'>,
  env: Record<string, string | undefined>,
): DynamoOptions {
  const endpoint = config.WAYSTONE_DYNAMODB_URL
  const tablePrefix = config.WAYSTONE_TABLES
  if (endpoint === undefined) return { region: env['AWS_REGION'] ?? 'us-east-1', tablePrefix }
  return localOptions(endpoint, tablePrefix)
}

/** Options for an endpoint that is not AWS. */
export function localOptions(endpoint: string, tablePrefix: string): DynamoOptions {
  return {
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    tablePrefix,
  }
}
