// Control messages of players, as far as the step that handles them: of a known kind, as that declares it,
// and not too many.
import { asControl, unpackControl } from '#shared/protocol/control.ts'
import { createTokenBucket, spend } from '../net/token-bucket.ts'
import type { TokenBucket } from '../net/token-bucket.ts'
import type { ZoneRules } from '../sim/rules.ts'

/** What becomes of a message that came in; `of` is never what was sent, which may be anything. */
export type Reading =
  | { reading: 'message'; kind: string; body: unknown }
  | { reading: 'refused'; of: string; code: 'invalid' | 'rate' | 'paused' }
  | { reading: 'malformed' }

/**
 * Reads a message of a player. `mayTell` holds what it may still send of each kind; `frozen`: nothing is
 * handled while nothing moves, and it must not pile up either. `now`: monotonic ms.
 */
export function readMessage(
  rules: ZoneRules,
  mayTell: Map<string, TokenBucket>,
  bytes: Uint8Array,
  frozen: boolean,
  now: number,
): Reading {
  const value = unpackControl(bytes)
  if (value === undefined) return { reading: 'malformed' }
  const { kind = '', ...fields } = asControl(value) ?? {}
  const known = rules.messages.get(kind)
  const message = known?.toServer.safeParse(fields)
  if (known === undefined || !message?.success) {
    const of = known === undefined ? 'control' : kind
    return { reading: 'refused', of, code: 'invalid' }
  }
  const { burst, perSecond } = known.rate
  const bucket = mayTell.get(kind) ?? createTokenBucket(burst, perSecond, now)
  mayTell.set(kind, bucket)
  if (!spend(bucket, 1, now)) return { reading: 'refused', of: kind, code: 'rate' }
  if (frozen) return { reading: 'refused', of: kind, code: 'paused' }
  return { reading: 'message', kind, body: message.data }
}
