// Who else may vouch for a player. A provider takes a proof and names the player as it knows him.
import { Problem } from '#shared/problem.ts'

/** What a sign-in in a browser needs again at its end. It comes back sealed; the player cannot read it. */
export type Flow = { state: string; nonce: string; verifier: string; returnTo: string }

/** What the browser brings back from the provider. */
export type Returned = { code: string; state: string; iss?: string | undefined }

type Named = {
  /** Part of addresses and keys. */
  readonly name: string
  /** What players read. */
  readonly title: string
}

/** The player goes there with his browser and comes back. */
export interface RedirectProvider extends Named {
  readonly kind: 'redirect'
  /** Where the browser goes. Throws auth.provider_unavailable. */
  begin(returnTo: string): Promise<{ address: string; flow: Flow }>
  /** The player, as the provider knows him. Throws auth.provider_refused, auth.provider_unavailable. */
  verify(returned: Returned, flow: Flow): Promise<string>
}

/** The game's client has asked the provider already. */
export interface TicketProvider extends Named {
  readonly kind: 'ticket'
  verify(ticket: string): Promise<string>
}

export type Provider = RedirectProvider | TicketProvider

/** `detail` is for developers; it never has what a provider or a player has sent. */
export function refused(detail: string, cause?: unknown): Problem {
  return new Problem('auth.provider_refused', { detail, cause })
}

export function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('auth.provider_unavailable', { detail, retryAfterS: 2, cause })
}
