// Makes the first operator in the cloud. There the master key lies with KMS, so no person can sign a token by
// hand. A person whose AWS credentials may write the table `core` gives the role, by the same code and with
// the same audit entry as the API. The entry names him as AWS does. It proves no more than the table does:
// credentials that may write a role may write an entry too. IAM decides who has them (docs/operations.md).
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { setRole } from '#functions/admin/admin.ts'
import type { AwsCredentials } from '#shared/aws/call.ts'
import { presignCallerIdentity } from '#shared/aws/sts.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { parseOperationId } from '#shared/http/operation.ts'
import { StoreError } from '#shared/store/store.ts'
import { StartError } from '../start-error.ts'
import type { Command } from './command.ts'
import type { Outcome } from './run.ts'

type RoleCommand = Extract<Command, { do: 'role' }>

const stsTimeoutMs = 5000
const identity = z.object({
  GetCallerIdentityResponse: z.object({
    GetCallerIdentityResult: z.object({ Arn: z.string().regex(/^arn:[\w+=,.@:/-]{1,300}$/) }),
  }),
})

/** `tablePrefix`: what stands before `core`. Throws StartError, one sentence. */
export async function setRoleInTables(
  { who, role, reason }: RoleCommand,
  { tablePrefix, stsUrl, runtime }: { tablePrefix: string; stsUrl?: string; runtime: Runtime },
): Promise<Outcome> {
  const { region, credentials } = await findCredentials()
  const arn = await askWho({ region, credentials, stsUrl, now: runtime.now() })
  const store = createDynamoStore({ region, tablePrefix })
  const request = { who, role, reason }
  const now = runtime.now()
  const about = { scope: arn, route: 'PUT role in tables', request, now }
  try {
    const answer = await setRole(
      // Without a realm: accounts belong to none.
      { store, runtime, realms: { list: [], here: new Set() } },
      { kind: 'operator', role: 'operator', operatorId: `aws:${arn}` },
      who,
      { role, reason },
      parseOperationId(newId(runtime), about),
    )
    const when = role !== 'player' ? ' From the next log-in on.' : ''
    const where = `in ${tablePrefix}core, ${region}`
    return {
      answer,
      text: `${answer.accountId} is ${role} now, ${where}.${when} The audit says aws:${arn}.`,
    }
  } catch (error) {
    if (error instanceof Problem) {
      throw new StartError(
        `${error.message} (${error.code}), ${tablePrefix}core, ${region}.`,
        error,
      )
    }
    if (!(error instanceof StoreError)) throw error
    const may = error.unclear ? ' It may have happened. Repeat the command to be sure.' : ''
    throw new StartError(`${tablePrefix}core in ${region}: ${error.message}.${may}`, error)
  } finally {
    store.close()
  }
}

/** As every tool of AWS finds them: environment, profile, single sign-on. */
async function findCredentials(): Promise<{ region: string; credentials: AwsCredentials }> {
  const client = new DynamoDBClient({})
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials()
    return {
      region: await client.config.region(),
      credentials: {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
    }
  } catch (error) {
    throw new StartError(
      '--tables needs AWS: set AWS_REGION and credentials (AWS_PROFILE, or `aws sso login`).',
      error,
    )
  } finally {
    client.destroy()
  }
}

async function askWho(asked: {
  region: string
  credentials: AwsCredentials
  stsUrl: string | undefined
  now: number
}): Promise<string> {
  const { stsUrl: endpoint, ...presign } = asked
  try {
    const response = await fetch(await presignCallerIdentity({ ...presign, endpoint }), {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(stsTimeoutMs),
    })
    if (!response.ok) throw new Error(`status ${response.status}`)
    const { GetCallerIdentityResponse: answer } = identity.parse(await response.json())
    return answer.GetCallerIdentityResult.Arn
  } catch (cause) {
    throw new StartError(
      'AWS (STS) does not say who you are. The audit needs a name, so nothing was changed. ' +
        'Check your AWS credentials.',
      cause,
    )
  }
}
