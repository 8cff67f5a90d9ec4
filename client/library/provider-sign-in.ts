// A sign-in at a provider: the browser goes there and comes back with a query. What has to be known then lies in the
// storage of the tab. A query that comes without it, or with that of another sign-in, opens nothing: somebody else
// may have made the address.
import * as z from 'zod'
import type { ApiClient } from '#shared/api/client.ts'
import type { Api } from '#shared/api/api.ts'
import { readJson } from './storage.ts'
import type { KeyStore } from './storage.ts'
import type { Proof } from './ways-in.ts'

const key = 'sign-in'

const begun = z.object({
  provider: z.string(),
  flow: z.string(),
  /** The account to which the identity is to be linked; without it the player logs in. */
  linkTo: z.string().optional(),
})

/** `proof` is undefined when the player or the provider said no. */
export type Returned = { provider: string; linkTo?: string | undefined; proof: Proof | undefined }

/** Answers where the browser goes. It comes back to `returnTo`. Fails with ApiError. */
export async function beginSignIn(
  api: ApiClient<Api>,
  store: KeyStore,
  { provider, linkTo, returnTo }: { provider: string; linkTo?: string; returnTo: string },
): Promise<string> {
  const body = { returnTo }
  const { address, flow } = await api.auth.beginSignIn({ params: { provider }, body })
  store.set(key, JSON.stringify({ provider, flow, linkTo } satisfies z.input<typeof begun>))
  return address
}

/** What the browser has brought back in the query of its address; undefined when it comes from no sign-in. Once. */
export function takeReturned(store: KeyStore, search: string): Returned | undefined {
  const query = new URLSearchParams(search)
  const [code, state, iss] = ['code', 'state', 'iss'].map((name) => query.get(name) ?? undefined)
  if (state === undefined || (code === undefined && !query.has('error'))) return undefined
  const found = begun.safeParse(readJson(store, key))
  store.remove(key)
  if (!found.success) return undefined
  const { provider, linkTo, flow } = found.data
  return { provider, linkTo, proof: code === undefined ? undefined : { flow, code, state, iss } }
}
