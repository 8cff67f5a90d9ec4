// Control messages of players, up to the step that handles them: only those of a known kind, with the fields
// that it declares, and not too many.
import { asControl, unpackControl } from '#shared/protocol/control.ts'
import type { ZoneRules } from '../sim/rules.ts'
import type { Allowance } from './allowances.ts'

/** The outcome of a message that came in. `of` never repeats its content, which a client may have made up. */
export type Reading =
  | { reading: 'message'; kind: string; body: unknown; n?: number }
  | { reading: 'refused'; of: string; code: 'invalid' | 'rate' | 'paused' | 'muted'; re?: number }
  | { reading: 'malformed' }

/** Of the player who sends, at this moment. */
export type Sender = {
  allowance: Allowance
  /** Nothing is handled while nothing moves, and messages must not pile up. */
  frozen: boolean
  /** His texts do not reach others. */
  muted: boolean
  /** A text as others may read it. */
  masked: (text: string) => string
  /** Monotonic ms. */
  now: number
}

export function readMessage(rules: ZoneRules, bytes: Uint8Array, sender: Sender): Reading {
  const { allowance, frozen, now } = sender
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
  const { speech } = message
  if (speech.length > 0 && sender.muted)
    return { reading: 'refused', of: kind, code: 'muted', ...re }
  const body = withSpeech(parsed.data, speech, sender.masked)
  return { reading: 'message', kind, body, ...(isRequest ? { n } : {}) }
}

/** The body with the texts that others read as they may read them. */
function withSpeech(body: unknown, speech: readonly string[], masked: (text: string) => string) {
  if (speech.length === 0) return body
  const fields = Object.entries(body as object).map(([name, value]: [string, unknown]) => [
    name,
    speech.includes(name) && typeof value === 'string' ? masked(value) : value,
  ])
  return Object.fromEntries(fields) as unknown
}

/** The number of a request: the client chooses it, and its answer carries it back. */
function isNumber(n: unknown): n is number {
  return typeof n === 'number' && n >>> 0 === n
}
