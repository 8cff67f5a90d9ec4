// One call to a service of AWS that speaks its JSON protocol, signed with Signature Version 4. For the
// two things that a cold start asks once, a key and a secret: their SDK clients would weigh more than
// the code that they serve (docs/decisions/0016-lambdas.md). The store keeps the SDK.
import { createHash, createHmac } from 'node:crypto'
import type { Runtime } from '../runtime.ts'

export type AwsCredentials = {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export type AwsService = 'kms' | 'secretsmanager'

export type AwsOptions = {
  region: string
  credentials: AwsCredentials
  /** Base URLs of other endpoints than AWS. */
  endpoints?: Partial<Record<AwsService, string>>
  runtime: Pick<Runtime, 'now' | 'sleep'>
  /** Default: the global one. */
  fetch?: typeof fetch
}

/** `target` is an operation as its service names it: `TrentService.Decrypt`. Fails with AwsError. */
export type AwsCall = (
  service: AwsService,
  target: string,
  input: Record<string, unknown>,
) => Promise<Record<string, unknown>>

/** The service refused, or could not be reached. */
export class AwsError extends Error {
  /** The name of the error as the service has it, `unreachable` when it gave no answer. */
  readonly code: string
  /** It may be well later; otherwise somebody has to set something right. */
  readonly outage: boolean

  constructor(target: string, code: string, more: { outage: boolean; cause?: unknown }) {
    super(`${target} failed: ${code}`, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'AwsError'
    this.code = code
    this.outage = more.outage
  }
}

const attemptsMax = 3
const attemptMs = 2000

export function createAwsCall(options: AwsOptions): AwsCall {
  const { region, runtime } = options
  const send = options.fetch ?? fetch
  return async (service, target, input) => {
    const url = new URL(options.endpoints?.[service] ?? endpointOf(service, region))
    const body = JSON.stringify(input)
    for (let attempt = 1; ; attempt++) {
      const headers = sign({ url, service, target, body, now: runtime.now() }, options)
      let failure: AwsError
      try {
        const signal = AbortSignal.timeout(attemptMs)
        const response = await send(url, { method: 'POST', headers, body, signal })
        const text = await response.text()
        if (response.ok) return JSON.parse(text) as Record<string, unknown>
        const code = codeOf(text) ?? `status ${response.status}`
        const outage = response.status >= 500 || /Throttl|TooManyRequests/.test(code)
        failure = new AwsError(target, code, { outage })
      } catch (cause) {
        failure = new AwsError(target, 'unreachable', { outage: true, cause })
      }
      if (!failure.outage || attempt >= attemptsMax) throw failure
      await runtime.sleep(50 * 4 ** (attempt - 1))
    }
  }
}

/** Lambda puts them into the environment of a function; they outlive it. */
export function lambdaCredentials(env: Record<string, string | undefined>): AwsCredentials {
  const sessionToken = env['AWS_SESSION_TOKEN']
  return {
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
}

/** Region, credentials and endpoints as Lambda gives them to a function. */
export function lambdaAwsOptions(
  env: Record<string, string | undefined>,
  runtime: AwsOptions['runtime'],
): AwsOptions {
  return {
    region: env['AWS_REGION'] ?? 'us-east-1',
    credentials: lambdaCredentials(env),
    // The names that the SDKs read.
    endpoints: {
      ...endpoint('kms', env['AWS_ENDPOINT_URL_KMS']),
      ...endpoint('secretsmanager', env['AWS_ENDPOINT_URL_SECRETS_MANAGER']),
    },
    runtime,
  }
}

function endpoint(service: AwsService, url: string | undefined) {
  return url === undefined ? {} : { [service]: url }
}

function endpointOf(service: AwsService, region: string): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://${service}.${region}.${suffix}/`
}

type Signed = { url: URL; service: AwsService; target: string; body: string; now: number }

/** The headers of a signed POST to the root of an endpoint. */
function sign({ url, service, target, body, now }: Signed, options: AwsOptions) {
  const { accessKeyId, secretAccessKey, sessionToken } = options.credentials
  const time = timestamp(now)
  const day = time.slice(0, 8)
  // In the order of their names, which is the order in which they are signed.
  const headers: Record<string, string> = {
    'content-type': 'application/x-amz-json-1.1',
    host: url.host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    'x-amz-target': target,
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n')
  const scope = `${day}/${options.region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, options.region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  )
  const signature = hmac(key, text).toString('hex')
  const { host: _host, ...sent } = headers
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** `20261121T101500Z` */
function timestamp(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** `{"__type": "com.amazonaws.kms#NotFoundException", …}`: what comes after it may repeat our input. */
function codeOf(text: string): string | undefined {
  try {
    const { __type: type } = JSON.parse(text) as { __type?: unknown }
    return typeof type === 'string' ? type.split('#').at(-1) : undefined
  } catch {
    return undefined
  }
}
