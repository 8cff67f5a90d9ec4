// The store on DynamoDB, or on any endpoint that speaks its protocol.
//
// Repeats. The SDK repeats a request that was throttled, or whose answer was lost. That is harmless for
// reads, and for transactions, which carry a ClientRequestToken: DynamoDB gives the repeat the first answer.
// A single write has no such token. Its repeat would meet the row that the first try changed, and report a
// success as a failed condition. The repeat of a write without a condition could undo a newer write. So
// single writes are sent once. Callers repeat those that are safe to repeat.
import { randomUUID } from 'node:crypto'
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { AwsCredentials } from '../aws/call.ts'
import { meets } from './condition.ts'
import { readItem, storeError } from './dynamo-answers.ts'
import { checkQuery, checkTransaction, checkWrite, copyKey } from './request.ts'
import type { Bindings, Key, Query, Store, TableName, Write } from './store.ts'

export type DynamoOptions = {
  /** Default: AWS, in `region`. */
  endpoint?: string
  region: string
  /** Default: the SDK's own chain (environment, files, the role of Lambda or pod). */
  credentials?: { accessKeyId: string; secretAccessKey: string }
  /** Stands before `core`, `ledger` and `volatile`. */
  tablePrefix: string
  /** Time for one request with all its repeats, ms. Default 2000: a dead store is known by then. */
  requestTimeoutMs?: number
  /** How often reads and transactions are sent at most. Default 3. */
  maxAttempts?: number
}

export type DynamoStore = Store & {
  /** Closes the sockets. Requests under way fail. */
  close(): void
}

type Attributes = Record<string, AttributeValue>

/** The same store for every process. Options are plain data, so that a worker thread can take them. */
export function createDynamoStore(options: DynamoOptions): DynamoStore {
  const deadlineMs = options.requestTimeoutMs ?? 2000
  const repeating = createClient(options, deadlineMs, options.maxAttempts ?? 3)
  const once = createClient(options, deadlineMs, 1)
  const tableOf = (table: TableName) => `${options.tablePrefix}${table}`

  async function request<T>(
    write: boolean,
    send: (limit: { abortSignal: AbortSignal }) => Promise<T>,
  ) {
    try {
      return await send({ abortSignal: AbortSignal.timeout(deadlineMs) })
    } catch (error) {
      throw storeError(error, write)
    }
  }

  return {
    async get({ table, key, consistent }) {
      const command = new GetItemCommand({
        TableName: tableOf(table),
        Key: marshallKey(key),
        ConsistentRead: consistent ?? false,
      })
      const { Item: found } = await request(false, (limit) => repeating.send(command, limit))
      return found === undefined ? undefined : readItem(found)
    },
    async query(query) {
      const { sort, scope } = checkQuery(query)
      const command = new QueryCommand(queryInput(tableOf(query.table), query))
      const page = await request(false, (limit) => repeating.send(command, limit))
      // The embedded server's begins_with takes letters of either case; ours looks again.
      const items = (page.Items ?? [])
        .map(readItem)
        .filter((item) => sort === undefined || meets(sort, scope, item))
      if (page.LastEvaluatedKey === undefined) return { items }
      const { pk, sk } = readItem(page.LastEvaluatedKey)
      return { items, next: { pk, sk } }
    },
    async put(put) {
      checkWrite({ put })
      const command = new PutItemCommand(putInput(tableOf(put.table), put))
      await request(true, (limit) => once.send(command, limit))
    },
    async update(update) {
      checkWrite({ update })
      const command = new UpdateItemCommand({
        ...updateInput(tableOf(update.table), update),
        ReturnValues: 'ALL_NEW',
      })
      const { Attributes: item } = await request(true, (limit) => once.send(command, limit))
      return readItem(item!)
    },
    async delete(removal) {
      checkWrite({ delete: removal })
      const command = new DeleteItemCommand(keyedInput(tableOf(removal.table), removal))
      await request(true, (limit) => once.send(command, limit))
    },
    async transact(writes) {
      checkTransaction(writes)
      const command = new TransactWriteItemsCommand({
        TransactItems: writes.map((write) => transactItem(write, tableOf)),
        ClientRequestToken: randomUUID(),
      })
      await request(true, (limit) => repeating.send(command, limit))
    },
    close() {
      repeating.destroy()
      once.destroy()
    },
  }
}

/** Gives the credentials of this process, as the store uses them. */
export function processCredentials(
  options: Pick<DynamoOptions, 'region'>,
): () => Promise<AwsCredentials> {
  return new DynamoDBClient({ region: options.region }).config.credentials
}

function createClient(
  { region, endpoint, credentials }: DynamoOptions,
  deadlineMs: number,
  maxAttempts: number,
): DynamoDBClient {
  const client = new DynamoDBClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts,
    requestHandler: {
      connectionTimeout: deadlineMs / 2,
      // One attempt that hangs leaves time for another.
      requestTimeout: deadlineMs / 2,
      throwOnRequestTimeout: true,
    },
  })
  // It copies requests and answers, field by field, for a logger. No logger is set.
  client.middlewareStack.remove('loggerMiddleware')
  return client
}

function marshallKey(key: Key): Attributes {
  return marshall(copyKey(key))
}

function bindings({ names, values }: Bindings) {
  return {
    ...(names === undefined || isEmpty(names) ? {} : { ExpressionAttributeNames: names }),
    ...(values === undefined || isEmpty(values)
      ? {}
      : { ExpressionAttributeValues: marshall(values) as Attributes }),
  }
}

function isEmpty(record: Record<string, unknown>): boolean {
  return Object.keys(record).length === 0
}

function queryInput(TableName: string, query: Query) {
  return {
    TableName,
    KeyConditionExpression: query.keyCondition,
    ...(query.filter === undefined ? {} : { FilterExpression: query.filter }),
    ...bindings(query),
    ...(query.limit === undefined ? {} : { Limit: query.limit }),
    ScanIndexForward: !(query.descending ?? false),
    ...(query.after === undefined ? {} : { ExclusiveStartKey: marshallKey(query.after) }),
    ConsistentRead: query.consistent ?? false,
  }
}

/** The part that all writes share: the row that failed the condition comes back with the refusal. */
function conditionInput(TableName: string, request: Bindings & { condition?: string }) {
  return {
    TableName,
    ...(request.condition === undefined ? {} : { ConditionExpression: request.condition }),
    ...bindings(request),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

function putInput(TableName: string, put: Extract<Write, { put: unknown }>['put']) {
  return { ...conditionInput(TableName, put), Item: marshall(put.item) as Attributes }
}

function keyedInput(TableName: string, request: Bindings & { condition?: string; key: Key }) {
  return { ...conditionInput(TableName, request), Key: marshallKey(request.key) }
}

function updateInput(TableName: string, update: Extract<Write, { update: unknown }>['update']) {
  return { ...keyedInput(TableName, update), UpdateExpression: update.update }
}

function transactItem(write: Write, tableOf: (table: TableName) => string): TransactWriteItem {
  if ('put' in write) return { Put: putInput(tableOf(write.put.table), write.put) }
  if ('update' in write) return { Update: updateInput(tableOf(write.update.table), write.update) }
  if ('delete' in write) return { Delete: keyedInput(tableOf(write.delete.table), write.delete) }
  const { check } = write
  return {
    ConditionCheck: {
      ...keyedInput(tableOf(check.table), check),
      ConditionExpression: check.condition,
    },
  }
}
