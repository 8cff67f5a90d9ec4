// One call to the API of a cluster.
import { FleetError } from './fleet.ts'
import { sendHttp } from './http.ts'
import type { SendHttp } from './http.ts'

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
  /** Default: over the network. */
  send?: SendHttp
}

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
  const send = options.send ?? sendHttp
  const ask = async (token: string) =>
    await send({
      method,
      url: new URL(path, options.url),
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      tls: { ca: options.ca },
      timeoutMs: options.callTimeoutMs ?? 3000,
    }).catch((cause: unknown) => {
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
