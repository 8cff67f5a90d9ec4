// One request to a provider: in time, without redirects, and no more than a bounded answer of JSON.
import { providerAnswerMaxBytes, providerAnswerMs } from '#shared/limits.ts'
import { unavailable } from './provider.ts'

export type Fetch = typeof fetch

/** Throws auth.provider_unavailable when there is no answer, or it says that the provider is at fault. */
export async function askProvider(
  send: Fetch,
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; document: unknown }> {
  let status: number
  let text: string
  try {
    const signal = AbortSignal.timeout(providerAnswerMs)
    const response = await send(url, { ...init, redirect: 'error', signal })
    status = response.status
    text = await readBounded(response)
  } catch {
    // The cause may quote the address.
    throw unavailable('The provider does not answer.')
  }
  if (status >= 500 || status === 429) throw unavailable(`The provider answers ${status}.`)
  try {
    return { status, document: JSON.parse(text) }
  } catch {
    return { status, document: undefined }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > providerAnswerMaxBytes) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
