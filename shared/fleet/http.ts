// One request to a cluster. Each opens a connection of its own: a Lambda stands still between two requests,
// so a kept connection may be dead, and an allocation over a dead connection is unclear. An authority of the
// cluster signs its certificate. These requests alone trust that authority; `fetch` could only trust it for
// all requests of the process. A certificate of ours that was replaced is used by the next request.
import type { IncomingMessage } from 'node:http'

type HttpRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body?: string
  /** PEM. The authority of the server (default: those that this process trusts), and what proves who we are. */
  tls?: { ca?: string | undefined; cert?: string; key?: string }
  /** How long it may take, with the answer, ms. */
  timeoutMs: number
}

type HttpAnswer = { status: number; text: string }

/** Rejects when there is no answer: the request may have arrived. */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>

/** A page of 500 game servers is some 3 MB. */
const answerBytesMax = 32 * 1024 * 1024

export const sendHttp: SendHttp = async ({ method, url, headers, body, tls, timeoutMs }) => {
  const content = body === undefined ? undefined : Buffer.from(body)
  // With the first call, as the SDK does: loading it is 20 ms of the processor at a cold start.
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, {
      method,
      agent: false,
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
      headers: {
        accept: 'application/json',
        ...headers,
        ...(content === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': content.length }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
    sent.once('response', resolve)
    sent.on('error', reject)
    sent.end(content)
  })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > answerBytesMax) throw new Error(`more than ${answerBytesMax} bytes`)
    chunks.push(chunk as Buffer)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}
