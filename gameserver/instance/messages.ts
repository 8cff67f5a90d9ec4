// Control messages of players, up to the step that handles them: only those of a known kind, with the fields
// that it declares, and not too many.
import { asControl, unpackControl } from '#shared/protocol/control.ts'
import type { ZoneRules } from '../sim/rules.ts'
import type { Allowance } from './allowances.ts'

/** The outcome of a message that came in. `of` never repeats its content, which a client may have made up. */
export type Reading =
  | { reading: 'message'; kind: string; body: unknown }
  | { reading: 'refused'; of: string; code: 'invalid' | 'rate' | 'paused' }
  | { reading: 'malformed' }

/**
 * Reads a message of a player. `frozen`: nothing is handled while nothing moves, and messages must not pile
 * up. `now`: monotonic ms.
 */
export function readMessage(
  rules: ZoneRules,
  allowance: Allowance,
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
  if (!allowance.take(kind, known.rate, now)) return { reading: 'refused', of: kind, code: 'rate' }
  if (frozen) return { reading: 'refused', of: kind, code: 'paused' }
  return { reading: 'message', kind, body: message.data }
}
