// Rare messages, as msgpack maps with a `kind`, validated by schema (docs/protocol.md, "Control").
// msgpackr runs without records, so that nothing in a message is ever compiled.
import { Packr } from 'msgpackr'
import * as z from 'zod'
import { chatMaxLength } from '../limits.ts'

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true })

// No control characters: a line of chat is one line. Any script is welcome.
const line = z
  .string()
  .trim()
  .min(1)
  .max(chatMaxLength)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u)

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
    return packr.unpack(body)
  } catch {
    return undefined
  }
}
