// Events as API Gateway's HTTP APIs make them (payload format 2.0), and answers as they read them.

export type HttpRequest = {
  method: string
  /** Path and query as they stand in the request line. */
  target: string
  /** One header may come several times. */
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
  sourceIp?: string
}

export type HttpAnswer = {
  status: number
  headers: Headers
  cookies: string[]
  body: Buffer
  json(): Record<string, unknown>
}

export function httpEvent(request: HttpRequest): Record<string, unknown> {
  const [path = '/', rawQueryString = ''] = splitOnce(request.target, '?')
  const headers: Record<string, string> = { host: 'api.test.example' }
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers[name.toLowerCase()] = [value].flat().join(',')
  }
  const cookies = headers['cookie']?.split('; ')
  delete headers['cookie']
  const body = request.body === undefined ? undefined : Buffer.from(request.body)
  if (body !== undefined) headers['content-length'] = String(body.length)
  const isBase64Encoded = body !== undefined && !isText(headers['content-type'] ?? '')
  // Decoded once, which is theirs and not the standard's.
  const rawPath = decodeURIComponent(path)
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryOf(rawQueryString) }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.test.example',
      domainPrefix: 'api',
      http: {
        method: request.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp ?? '192.0.2.9',
        userAgent: 'test',
      },
      requestId: 'request',
      routeKey: '$default',
      stage: '$default',
      time: '21/Nov/2026:10:15:00 +0000',
      timeEpoch: 1_795_256_100_000,
    },
    ...(body === undefined ? {} : { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  }
}

/** Several values of a name are joined here; `rawQueryString` has them apart. */
function queryOf(raw: string): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(raw)) {
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`
  }
  return query
}

/** Text is handed over as it is, anything else as base64. */
function isText(contentType: string): boolean {
  return /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded))/i.test(contentType)
}

function splitOnce(text: string, by: string): string[] {
  const at = text.indexOf(by)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

type Result = {
  statusCode: number
  headers?: Record<string, string>
  cookies?: string[]
  body?: string
  isBase64Encoded?: boolean
}

/** What API Gateway sends to the client; it answers 500 to what is no result of format 2.0. */
export function httpAnswer(result: unknown): HttpAnswer {
  const { statusCode, headers, cookies, body, isBase64Encoded } = result as Result
  if (typeof statusCode !== 'number') throw new Error('the answer has no status')
  const bytes = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8')
  return {
    status: statusCode,
    headers: new Headers(headers),
    cookies: cookies ?? [],
    body: bytes,
    json: () => JSON.parse(bytes.toString()) as Record<string, unknown>,
  }
}
