// Replaces DynamoDB's TTL where there is none (the embedded server, DynamoDB Local): deletes rows whose
// `expires` has passed from the tables that have TTL on AWS. Reads never rely on it.
import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Runtime } from '#shared/runtime.ts'
import type { TableName } from '#shared/store/store.ts'

/** How many rows are read at a time, and the pause after them, so that players notice nothing. */
const pageRows = 100
const pauseMs = 20

/** `ledger` has no TTL: nothing in it expires. */
const sweptTables: TableName[] = ['core', 'volatile']

export type SweepDeps = {
  client: DynamoDBClient
  tablePrefix: string
  runtime: Pick<Runtime, 'now' | 'sleep'>
  /** Ends the sweep between two pages. */
  signal?: AbortSignal
}

/** One pass over the tables; answers how many rows it deleted. Call it again after some minutes. */
export async function sweep(deps: SweepDeps): Promise<number> {
  let swept = 0
  for (const table of sweptTables) {
    let after: Record<string, AttributeValue> | undefined
    do {
      if (deps.signal?.aborted) return swept
      const now: AttributeValue = { N: String(Math.floor(deps.runtime.now() / 1000)) }
      const page = await deps.client.send(
        new ScanCommand({
          TableName: `${deps.tablePrefix}${table}`,
          FilterExpression: 'expires <= :now',
          ExpressionAttributeValues: { ':now': now },
          ProjectionExpression: 'pk, sk',
          Limit: pageRows,
          ...(after === undefined ? {} : { ExclusiveStartKey: after }),
        }),
      )
      for (const key of page.Items ?? []) {
        if (await deleteExpired(deps, table, key, now)) swept++
      }
      after = page.LastEvaluatedKey
      if (after !== undefined) await deps.runtime.sleep(pauseMs, deps.signal)
    } while (after !== undefined)
  }
  return swept
}

/** A row that was renewed after the read stays. */
async function deleteExpired(
  { client, tablePrefix }: SweepDeps,
  table: TableName,
  key: Record<string, AttributeValue>,
  now: AttributeValue,
): Promise<boolean> {
  try {
    await client.send(
      new DeleteItemCommand({
        TableName: `${tablePrefix}${table}`,
        Key: { pk: key['pk']!, sk: key['sk']! },
        ConditionExpression: 'expires <= :now',
        ExpressionAttributeValues: { ':now': now },
      }),
    )
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false
    throw error
  }
}
