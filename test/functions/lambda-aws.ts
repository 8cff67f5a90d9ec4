// The services of AWS that functions call: DynamoDB (forwarded to the embedded one), KMS, Secrets Manager,
// e-mail by SES, GetCallerIdentity of STS, and the management calls of a WebSocket API. Each call is noted with its function, which the first part of the path names,
// and may be refused as by IAM.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { checkPresigned, checkSigned } from '../fleet/aws-signature.ts'
import { lambdaCredentialsEnv } from './lambda-runtime.ts'

/** One permission that a call needs: an action on a resource, and the partition it names, if any. */
export type Use = {
  function: string
  /** As IAM names it: `dynamodb:PutItem`. */
  action: string
  /** Table, key or secret by its name. */
  resource: string
  /** The partition key of a row. */
  partition?: string
  /** The encryption context of KMS. */
  context?: Record<string, string>
}

export type FakeAws = {
  /** Endpoints for a function, by the variables that the SDKs read. */
  env(functionName: string): Record<string, string>
  uses: Use[]
  /** Whether a use is allowed; by default all are. */
  allow: (use: Use) => boolean
  /** Functions whose calls are never answered. */
  silent: Set<string>
  secrets: Map<string, string>
  /** The text of each e-mail that SES has taken. */
  emails: string[]
  /** Authorization headers as they came, with their functions. */
  authorizations: { function: string; header: string }[]
  /** What was sent to WebSocket connections. */
  posted: { connectionId: string; text: string }[]
  stop(): Promise<void>
}

type Body = Record<string, unknown>
type Answer = { status: number; body: string; headers?: Record<string, string> }

export async function startFakeAws(options: { dynamo: string }): Promise<FakeAws> {
  const fake: Omit<FakeAws, 'env' | 'stop'> = {
    uses: [],
    allow: () => true,
    silent: new Set(),
    secrets: new Map(),
    emails: [],
    authorizations: [],
    posted: [],
  }
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const [, functionName = ''] = request.url!.split('/')
    if (fake.silent.has(functionName)) return
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method === 'GET') {
      const { status, body } = whoIs(request)
      response.statusCode = status
      return response.end(body)
    }
    const text = Buffer.concat(chunks).toString()
    const [, connection] = /\/live\/@connections\/([^/?]+)$/.exec(request.url!) ?? []
    if (connection !== undefined) {
      response.statusCode = manageSocket(request, functionName, connection, text)
      return response.end()
    }
    const isEmail = request.url!.endsWith('/v2/email/outbound-emails')
    const target = isEmail ? 'ses.SendEmail' : String(request.headers['x-amz-target'])
    const header = String(request.headers.authorization)
    fake.authorizations.push({ function: functionName, header })
    const body = JSON.parse(text) as Body
    const uses = usesOf(target, body).map((use) => ({ function: functionName, ...use }))
    fake.uses.push(...uses)
    const refused = uses.find((use) => !fake.allow(use))
    const answer =
      refused !== undefined
        ? failure('AccessDeniedException', `${refused.action} on ${refused.resource}`)
        : target.startsWith('DynamoDB_')
          ? await passOn(options.dynamo, target, text)
          : isEmail
            ? takeEmail(fake.emails, body)
            : answerOf(target, body, fake.secrets)
    for (const [name, value] of Object.entries(answer.headers ?? {}))
      response.setHeader(name, value)
    response.statusCode = answer.status
    response.end(answer.body)
  }
  /** As API Gateway answers: 200 or 204; 403 without a signature or a permission. */
  function manageSocket(request: IncomingMessage, functionName: string, id: string, text: string) {
    const method = request.method!
    const header = String(request.headers.authorization)
    fake.authorizations.push({ function: functionName, header })
    const action = 'execute-api:ManageConnections'
    const use = { function: functionName, action, resource: `sockets ${method}` }
    fake.uses.push(use)
    const { AWS_SECRET_ACCESS_KEY: secret } = lambdaCredentialsEnv
    if (checkSigned(request, text, secret).length > 0) return 403
    if (!fake.allow(use)) return 403
    if (method === 'DELETE') return 204
    fake.posted.push({ connectionId: decodeURIComponent(id), text })
    return 200
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(fake, {
    env: (functionName: string) => ({
      AWS_ENDPOINT_URL_DYNAMODB: `${url}/${functionName}`,
      AWS_ENDPOINT_URL_KMS: `${url}/${functionName}`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `${url}/${functionName}`,
      AWS_ENDPOINT_URL_STS: `${url}/${functionName}`,
      AWS_ENDPOINT_URL_SESV2: `${url}/${functionName}`,
    }),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  })
}

/** The identity of the credentials of these tests, for STS. */
export const callerArn = 'arn:aws:sts::123456789012:assumed-role/Admin/ann@example.org'

/** GetCallerIdentity, which needs no permission but a good signature. */
function whoIs(request: IncomingMessage): Answer {
  const url = new URL(request.url!, 'http://localhost')
  const headers = { host: String(request.headers.host) }
  const { AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret } = lambdaCredentialsEnv
  const known = url.searchParams.get('X-Amz-Credential')?.startsWith(`${keyId}/`)
  const problems = checkPresigned({ url, headers }, secret)
  if (!known || problems.length > 0) return failure('InvalidClientTokenId', problems.join())
  if (url.searchParams.get('Action') !== 'GetCallerIdentity') return failure('InvalidAction')
  const GetCallerIdentityResult = { Account: '123456789012', Arn: callerArn, UserId: 'AROA:ann' }
  return ok({ GetCallerIdentityResponse: { GetCallerIdentityResult, ResponseMetadata: {} } })
}

const actionOfWrite = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
} as const

/** A transaction needs the permission of each of its parts. */
function usesOf(target: string, body: Body): Omit<Use, 'function'>[] {
  const [service = '', operation = ''] = target.split('.')
  if (service === 'TrentService') {
    const context = body['EncryptionContext'] as Record<string, string>
    return [{ action: `kms:${operation}`, resource: String(body['KeyId']), context }]
  }
  if (service === 'secretsmanager') {
    return [{ action: `secretsmanager:${operation}`, resource: String(body['SecretId']) }]
  }
  if (service === 'ses') {
    const from = String(body['FromEmailAddress'])
    return [{ action: `ses:${operation}`, resource: from, context: { 'ses:FromAddress': from } }]
  }
  const items = body['TransactItems'] as Record<string, Body>[] | undefined
  if (items === undefined) return [rowUse(`dynamodb:${operation}`, body)]
  return items.flatMap((item) =>
    Object.entries(item).map(([kind, part]) =>
      rowUse(actionOfWrite[kind as keyof typeof actionOfWrite], part),
    ),
  )
}

function rowUse(action: string, body: Body): Omit<Use, 'function'> {
  const key = (body['Key'] ?? body['Item']) as { pk?: { S?: string } } | undefined
  const values = body['ExpressionAttributeValues'] as Record<string, { S?: string }> | undefined
  const condition = (body['KeyConditionExpression'] as string | undefined) ?? ''
  const queried = /\bpk = (:\w+)/.exec(condition)?.[1]
  const partition = key?.pk?.S ?? (queried === undefined ? undefined : values?.[queried]?.S)
  return { action, resource: String(body['TableName']), ...(partition && { partition }) }
}

async function passOn(endpoint: string, target: string, body: string): Promise<Answer> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': target,
    'x-amz-date': '20261121T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20261121/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  }
  const response = await fetch(endpoint, { method: 'POST', headers, body })
  const crc = response.headers.get('x-amz-crc32')
  return {
    status: response.status,
    body: await response.text(),
    headers: crc === null ? {} : { 'x-amz-crc32': crc },
  }
}

/** SendEmail of SES v2, with a simple text. */
function takeEmail(emails: string[], body: Body): Answer {
  const content = body['Content'] as { Simple?: { Body?: { Text?: { Data?: string } } } }
  const text = content.Simple?.Body?.Text?.Data
  if (text === undefined) return failure('BadRequestException')
  emails.push(text)
  return ok({ MessageId: String(emails.length) })
}

/** KMS and Secrets Manager. Only the same key and context decrypt. */
function answerOf(target: string, body: Body, secrets: Map<string, string>): Answer {
  const bound = JSON.stringify([body['KeyId'], body['EncryptionContext']])
  switch (target) {
    case 'TrentService.GenerateDataKey': {
      const plain = randomBytes(32).toString('base64')
      const blob = Buffer.from(JSON.stringify({ plain, bound })).toString('base64')
      return ok({ KeyId: body['KeyId'], Plaintext: plain, CiphertextBlob: blob })
    }
    case 'TrentService.Decrypt': {
      const blob = Buffer.from(String(body['CiphertextBlob']), 'base64').toString()
      const sealed = JSON.parse(blob) as { plain: string; bound: string }
      if (sealed.bound !== bound) return failure('InvalidCiphertextException')
      return ok({ KeyId: body['KeyId'], Plaintext: sealed.plain })
    }
    case 'secretsmanager.GetSecretValue': {
      const text = secrets.get(String(body['SecretId']))
      return text === undefined ? failure('ResourceNotFoundException') : ok({ SecretString: text })
    }
  }
  return failure('UnknownOperationException')
}

function ok(body: Body): Answer {
  return { status: 200, body: JSON.stringify(body) }
}

function failure(type: string, message = ''): Answer {
  return { status: 400, body: JSON.stringify({ __type: `com.amazonaws#${type}`, message }) }
}
