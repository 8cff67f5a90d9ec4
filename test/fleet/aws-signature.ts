// A presigned URL of AWS checked as AWS documents it ("Create a signed AWS API request": canonical request,
// string to sign, derived key), without the code that made it.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export type Presigned = {
  url: URL
  /** The headers that come with the request, in lower case. */
  headers: Record<string, string>
}

/** What is wrong with it; nothing if it is signed with this secret. */
export function checkPresigned({ url, headers }: Presigned, secretAccessKey: string): string[] {
  const given = (name: string) => url.searchParams.get(name) ?? ''
  const [, date = '', region = '', service = '', end = ''] = given('X-Amz-Credential').split('/')
  const signedHeaders = given('X-Amz-SignedHeaders')
  const problems: string[] = []
  if (given('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') problems.push('algorithm')
  if (end !== 'aws4_request' || !given('X-Amz-Date').startsWith(date)) problems.push('scope')

  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
  const headerLines = signedHeaders.split(';').map((name) => {
    const value = headers[name]
    if (value === undefined) problems.push(`the header ${name} is signed and does not come`)
    return `${name}:${(value ?? '').trim()}\n`
  })
  const canonical = [
    'GET',
    url.pathname,
    query.join('&'),
    headerLines.join(''),
    signedHeaders,
    sha256(''),
  ]
  const scope = [date, region, service, 'aws4_request']
  const toSign = [
    'AWS4-HMAC-SHA256',
    given('X-Amz-Date'),
    scope.join('/'),
    sha256(canonical.join('\n')),
  ]
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
  for (const part of scope) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(toSign.join('\n')).digest()
  const claimed = Buffer.from(given('X-Amz-Signature'), 'hex')
  if (claimed.length !== 32 || !timingSafeEqual(claimed, signature)) problems.push('signature')
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
