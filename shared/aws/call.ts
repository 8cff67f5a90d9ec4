// One call to a service of AWS that speaks its JSON protocol. For the two things that a cold start asks
// once, a key and a secret: their SDK clients would weigh more than the code that they serve, and the
// SDK's signer is in the bundle with the store's client anyway (docs/decisions/0016-lambdas.md). Requests of other
// forms are signed here too (social sockets, e-mail).
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
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
  /** True: a later call may succeed. False: a person has to correct something first. */
  readonly outage: boolean

  constructor(target: string, code: string, more: { outage: boolean; cause?: unknown }) {
    super(`${target} failed: ${code}`, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'AwsError'
    this.code = code
    this.outage = more.outage
  }
}

/** A signature, and the token beside it, go where they are meant for alone. */
const init = { redirect: 'manual' } as const

const attemptsMax = 3
const attemptMs = 2000

export function createAwsCall(options: AwsOptions): AwsCall {
  const { region, runtime } = options
  const send = options.fetch ?? fetch
  return async (service, target, input) => {
    const url = new URL(options.endpoints?.[service] ?? endpointOf(service, region))
    const body = JSON.stringify(input)
    for (let attempt = 1; ; attempt++) {
      const headers = await sign(options, {
        url,
        service,
        method: 'POST',
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
        body,
      })
      let failure: AwsError
      try {
        const signal = AbortSignal.timeout(attemptMs)
        const response = await send(url, { ...init, method: 'POST', headers, body, signal })
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
  return `https://${service}.${region}.${domainOf(region)}/`
}

/** Under which AWS has its services in a region. */
export function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}

export type Signing = {
  region: string
  /** Or what gives them: those of a zone host change with time. */
  credentials: AwsCredentials | (() => Promise<AwsCredentials>)
  runtime: Pick<Runtime, 'now'>
}

/** One request to a service that has paths of its own, signed. Fails as `fetch` does. */
export type SignedFetch = (
  service: 'execute-api' | 'ses',
  url: URL,
  init: { method: 'POST' | 'DELETE'; body?: string; signal: AbortSignal },
) => Promise<Response>

export function createSignedFetch(options: Signing & { fetch?: typeof fetch }): SignedFetch {
  const send = options.fetch ?? fetch
  return async (service, url, { method, body, signal }) => {
    const type: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = await sign(options, { url, service, method, body, headers: type })
    const sent = { ...init, method, headers, signal }
    return await send(url, body === undefined ? sent : { ...sent, body })
  }
}

/** The headers of a request, the signature among them. */
async function sign(
  { region, credentials, runtime }: Signing,
  more: {
    url: URL
    service: AwsService | 'execute-api' | 'ses'
    method: 'POST' | 'DELETE'
    headers: Record<string, string>
    body: string | undefined
  },
): Promise<Record<string, string>> {
  const { url, service, method, body } = more
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 })
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { ...more.headers, host: url.host },
    body,
  }
  const { headers } = await signer.sign(request, { signingDate: new Date(runtime.now()) })
  // `fetch` sets this header itself.
  const { host: _host, ...sent } = headers
  return sent
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
