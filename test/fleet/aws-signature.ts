// A request to AWS checked as AWS documents its signature ("Create a signed AWS API request": canonical request,
// string to sign, derived key), without the code that made it.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export type Presigned = {
  url: URL
  /** The headers that come with the request, in lower case. */
  headers: Record<string, string>
}

/** What is wrong with a presigned URL; nothing if it is signed with this secret. */
export function checkPresigned({ url, headers }: Presigned, secretAccessKey: string): string[] {
  const given = (name: string) => url.searchParams.get(name) ?? ''
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
  return check(
    {
      algorithm: given('X-Amz-Algorithm'),
      credential: given('X-Amz-Credential'),
      date: given('X-Amz-Date'),
      signedHeaders: given('X-Amz-SignedHeaders'),
      signature: given('X-Amz-Signature'),
      request: ['GET', url.pathname, query.join('&')],
      headers,
      body: '',
    },
    secretAccessKey,
  )
}

/** What is wrong with a request without a query that is signed in its headers. */
export function checkSigned(request: IncomingMessage, body: string, secretAccessKey: string) {
  const headers = request.headers as Record<string, string>
  const found = /^(\S+) Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(
    headers['authorization'] ?? '',
  )
  const [, algorithm = '', credential = '', signedHeaders = '', signature = ''] = found ?? []
  // Each segment of the path as it comes is encoded once more.
  const path = request.url!.split('/').map(encoded).join('/')
  return check(
    {
      algorithm,
      credential,
      date: headers['x-amz-date'] ?? '',
      signedHeaders,
      signature,
      request: [request.method!, path, ''],
      headers,
      body,
    },
    secretAccessKey,
  )
}

type Claimed = {
  algorithm: string
  credential: string
  date: string
  signedHeaders: string
  signature: string
  /** Method, path and query, in their canonical form. */
  request: [string, string, string]
  headers: Record<string, string>
  body: string
}

function check(claimed: Claimed, secretAccessKey: string): string[] {
  const { headers, signedHeaders } = claimed
  const [, date = '', region = '', service = '', end = ''] = claimed.credential.split('/')
  const problems: string[] = []
  if (claimed.algorithm !== 'AWS4-HMAC-SHA256') problems.push('algorithm')
  if (end !== 'aws4_request' || !claimed.date.startsWith(date)) problems.push('scope')
  const headerLines = signedHeaders.split(';').map((name) => {
    const value = headers[name]
    if (value === undefined) problems.push(`the header ${name} is signed and does not come`)
    return `${name}:${(value ?? '').trim()}\n`
  })
  const canonical = [...claimed.request, headerLines.join(''), signedHeaders, sha256(claimed.body)]
  const scope = [date, region, service, 'aws4_request']
  const toSign = ['AWS4-HMAC-SHA256', claimed.date, scope.join('/'), sha256(canonical.join('\n'))]
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of scope) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(toSign.join('\n')).digest()
  const given = Buffer.from(claimed.signature, 'hex')
  if (given.length !== 32 || !timingSafeEqual(given, signature)) problems.push('signature')
  return problems
}

/** When it was signed, Unix ms. */
export function signedAt(url: URL): number {
  const [, y, mo, d, h, mi, s] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(url.searchParams.get('X-Amz-Date') ?? '') ?? []
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
}

/** RFC 3986: everything but letters, digits and -._~ */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
