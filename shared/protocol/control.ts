// Rare messages, as msgpack maps with a `kind`, validated by schema (docs/protocol.md, "Control").
// msgpackr reads records that a message defines inline even when told not to use them, and compiles
// readers for those it meets often. A reader that lives for one message compiles nothing and carries
// nothing from one connection to another.
import { Packr, Unpackr } from 'msgpackr'
import * as z from 'zod'
import { chatMaxLength } from '../limits.ts'

const options = { useRecords: false, mapsAsObjects: true, variableMapSize: true }
const packr = new Packr(options)

// No control or format characters: a line of chat is one line, and nobody turns the direction of what
// stands behind it. The two joiners stay: Persian, Hindi and many an emoji cannot be written without.
const line = z
  .string()
  .trim()
  .min(1)
  .max(chatMaxLength)
  .regex(/^(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\u200c\u200d])*$/u)

export const clientControl = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('chat.nearby'), text: line }),
])

export const serverControl = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('chat.nearby'),
    /** Entity id of the speaker. */
    from: z.int(),
    name: z.string(),
    text: z.string(),
  }),
  /** A control message was not carried out. */
  z.object({ kind: z.literal('refused'), of: z.string(), code: z.enum(['rate', 'invalid']) }),
  /** Saving is paused (the store does not answer) or works again; play goes on. */
  z.object({ kind: z.literal('saving'), paused: z.boolean() }),
])

export type ClientControl = z.infer<typeof clientControl>
export type ServerControl = z.infer<typeof serverControl>

/** Bytes of a control message's body. */
export function packControl(message: ClientControl | ServerControl): Uint8Array {
  return packr.pack(message)
}

/** The value in a body, not yet validated; undefined when it is no msgpack. Never throws. */
export function unpackControl(body: Uint8Array): unknown {
  try {
    return new Unpackr(options).unpack(body)
  } catch {
    return undefined
  }
}
