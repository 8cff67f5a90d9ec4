// Control messages of players, up to the step that handles them: only those of a known kind, with the fields
// that it declares, and not too many.
import { asControl, unpackControl } from '#shared/protocol/control.ts'
import type { ZoneRules } from '../sim/rules.ts'
import type { Allowance } from './allowances.ts'

/** The outcome of a message that came in. `of` never repeats its content, which a client may have made up. */
export type Reading =
  | { reading: 'message'; kind: string; body: unknown; n?: number }
  | { reading: 'refused'; of: string; code: 'invalid' | 'rate' | 'paused'; re?: number }
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
  const { kind, n, ...fields } = asControl(value) ?? { kind: '' }
  const known = rules.messages.get(kind)
  if (known === undefined) return { reading: 'refused', of: 'control', code: 'invalid' }
  const { message } = known
  const parsed = message.toServer?.safeParse(fields)
  const isRequest = message.answer !== undefined && isNumber(n)
  if (!parsed?.success || (n !== undefined && !isRequest)) {
    return { reading: 'refused', of: kind, code: 'invalid', ...(isNumber(n) ? { re: n } : {}) }
  }
  const re = isRequest ? { re: n } : {}
  if (!allowance.take(kind, message.rate, now)) {
    return { reading: 'refused', of: kind, code: 'rate', ...re }
  }
  if (frozen) return { reading: 'refused', of: kind, code: 'paused', ...re }
  return { reading: 'message', kind, body: parsed.data, ...(isRequest ? { n } : {}) }
}

/** The number of a request: the client chooses it, and its answer carries it back. */
function isNumber(n: unknown): n is number {
  return typeof n === 'number' && n >>> 0 === n
}
