// The typed client of the HTTP API, made from the declarations. Runs in a browser and in Node.
// Answers are typed, not parsed: the server keeps to its declarations, and a field that it adds later does
// no harm.
import { PROBLEMS } from '../problem.ts'
import type { ProblemCode } from '../problem.ts'
import type { AnswerOf, Domain, Endpoint, RequestOf } from './endpoint.ts'

export type CallOptions = {
  /** The Idempotency-Key. Keep it when the same request is sent again; else a new one is made. */
  operationId?: string
  /** Gives the request up. */
  signal?: AbortSignal
}

type Client<A extends Record<string, Domain>> = {
  [D in keyof A]: {
    [E in keyof A[D]['endpoints']]: Method<A[D]['endpoints'][E]>
  }
}

/** Endpoints without params, query and body are called without a request. */
type Method<E extends Endpoint> =
  unknown extends RequestOf<E>
    ? (request?: undefined, options?: CallOptions) => Promise<AnswerOf<E>>
    : (request: RequestOf<E>, options?: CallOptions) => Promise<AnswerOf<E>>

export type ApiClient<A extends Record<string, Domain>> = Client<A>

/** `network`: no answer came. `unexpected`: an answer that no server of ours gives (a proxy's page). */
export type ApiErrorCode = ProblemCode | 'network' | 'unexpected'

/** A request was refused or not answered. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  /** Seconds to wait before a repeat, as the server said. */
  readonly retryAfterS: number | undefined
  /** The problem document, if there was one. */
  readonly document: Record<string, unknown> | undefined

  constructor(
    code: ApiErrorCode,
    message: string,
    more: {
      status?: number
      retryAfterS?: number
      document?: Record<string, unknown>
      cause?: unknown
    } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'ApiError'
    this.code = code
    this.status = more.status ?? 0
    this.retryAfterS = more.retryAfterS
    this.document = more.document
  }
}

export type ApiClientOptions<A extends Record<string, Domain>> = {
  api: A
  /** Without a slash at its end. */
  baseUrl: string
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** The access token to send with calls that need one. */
  token?: () => string | undefined
  /** Makes UUIDv7s (shared/runtime.ts). */
  newId: () => string
  /** Ms after which a request without answer fails with `network`. Default 10 s. */
  timeoutMs?: number
}

/** `client.auth.login({ body })`. Every failure is an ApiError. */
export function createApiClient<A extends Record<string, Domain>>(
  options: ApiClientOptions<A>,
): ApiClient<A> {
  const client: Record<string, Record<string, unknown>> = {}
  for (const [domainName, domain] of Object.entries(options.api)) {
    const methods: Record<string, unknown> = {}
    for (const [name, endpoint] of Object.entries(domain.endpoints)) {
      methods[name] = (request: Parts | undefined, more: CallOptions = {}) =>
        send(options, endpoint, request ?? {}, more)
    }
    client[domainName] = methods
  }
  // The loop above makes one function for each declared endpoint, as the type says.
  return client as ApiClient<A>
}

type Parts = {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
}

async function send<A extends Record<string, Domain>>(
  options: ApiClientOptions<A>,
  endpoint: Endpoint,
  request: Parts,
  more: CallOptions,
): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (endpoint.body) headers['content-type'] = 'application/json'
  if (endpoint.identity !== 'anyone') {
    const token = options.token?.()
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  }
  if (endpoint.repeat === 'remembered' || endpoint.repeat === 'own') {
    headers['idempotency-key'] = more.operationId ?? options.newId()
  }
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000)
  let response: Response
  let text: string
  try {
    response = await options.fetch(options.baseUrl + addressOf(endpoint.path, request), {
      method: endpoint.method,
      headers,
      signal: more.signal ? AbortSignal.any([more.signal, timeout]) : timeout,
      ...(endpoint.body ? { body: JSON.stringify(request.body) } : {}),
    })
    text = await response.text()
  } catch (cause) {
    throw new ApiError('network', 'The server did not answer', { cause })
  }
  const document = parseObject(text)
  if (response.ok && document !== undefined) return document
  throw failureOf(response, document)
}

function addressOf(path: string, request: Parts): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(textOf(request.params?.[name] ?? '')),
  )
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(name, textOf(value))
  }
  return query.size === 0 ? filled : `${filled}?${query}`
}

/** Params and queries are texts, numbers and truth values. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Every answer and every problem is a JSON object. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function failureOf(response: Response, document: Record<string, unknown> | undefined): ApiError {
  const code = document?.['code']
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const more = {
    status: response.status,
    ...(Number.isFinite(retryAfter) ? { retryAfterS: retryAfter } : {}),
    ...(document === undefined ? {} : { document }),
  }
  return isProblemCode(code)
    ? new ApiError(code, PROBLEMS[code].title, more)
    : new ApiError('unexpected', `The server answered ${response.status}`, more)
}

/** A newer server may know codes that this client does not: those are `unexpected`. */
function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code)
}
