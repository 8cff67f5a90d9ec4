// One call to the API of a cluster. Each call opens a connection of its own: a Lambda stands still between
// two requests, so a kept connection may be dead, and an allocation over a dead connection is unclear. An
// authority of the cluster signs its certificate. These calls alone trust that authority; `fetch` could only
// trust it for all calls of the process.
import type { IncomingMessage } from 'node:http'
import { FleetError } from './fleet.ts'

/**
 * Returns the bearer token for one call: the tokens of pods change every hour. `refused` is the token that
 * the cluster has just refused. The source returns another one if it can.
 */
export type TokenSource = (refused?: string) => Promise<string>

export type KubernetesOptions = {
  /** Base URL of the Kubernetes API. */
  url: string
  token: TokenSource
  /** The authority that signed the API's certificate, PEM. Default: those that this process trusts. */
  ca?: string | undefined
  /** How long one call may take, ms. An allocation takes some milliseconds, under load a second. */
  callTimeoutMs?: number | undefined
}

/** A page of 500 game servers is some 3 MB. */
const answerBytesMax = 32 * 1024 * 1024

/** A call's answer; undefined for 404. Fails with FleetError. */
export async function callKubernetes(
  options: KubernetesOptions,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const changes = method !== 'GET'
  // This names neither a token nor the values of a selector.
  const what = `${method} ${path.split('?', 1)[0]}`
  const ask = async (token: string) =>
    await exchange(options, { method, path, body, token }).catch((cause: unknown) => {
      throw new FleetError(`${what}: no answer`, { unclear: changes, cause })
    })
  let token = await tokenOf(options, what)
  let answer = await ask(token)
  if (answer.status === 401) {
    // Nothing has happened. Once with another: clocks may disagree, roles may have been renewed.
    token = await tokenOf(options, what, token)
    answer = await ask(token)
  }
  const { status, text } = answer
  if (status === 404) return undefined
  if (status < 200 || status > 299) {
    // 429 and 4xx say that nothing happened; a 5xx does not say.
    throw new FleetError(`${what}: ${status}`, { unclear: changes && status >= 500 })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FleetError(`${what}: the answer is no JSON`, { unclear: changes, cause })
  }
}

async function tokenOf(options: KubernetesOptions, what: string, refused?: string) {
  return await options.token(refused).catch((cause: unknown) => {
    throw new FleetError(`${what}: there is no token`, { cause })
  })
}

type Exchange = { method: string; path: string; body: object | undefined; token: string }

async function exchange(
  options: KubernetesOptions,
  { method, path, body, token }: Exchange,
): Promise<{ status: number; text: string }> {
  const url = new URL(path, options.url)
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  // With the first call, as the SDK does: loading it is 20 ms of the processor at a cold start.
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, {
      method,
      agent: false,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(content === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': content.length }),
      },
      signal: AbortSignal.timeout(options.callTimeoutMs ?? 3000),
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
