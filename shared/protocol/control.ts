// Rare messages, as msgpack maps with a `kind`, validated by schema (docs/protocol.md, "Control").
// msgpackr writes them. It does not read them: it takes records that a message defines inline and compiles
// readers for them, takes ill-formed text, and lets the last of two equal keys win (msgpack.ts).
import { Packr } from 'msgpackr'
import * as z from 'zod'
import { chatMaxLength } from '../limits.ts'
import { resultAnswer } from '../rules/played-match.ts'
import { tallyTotal } from '../rules/tally.ts'
import { charactersOf, isChatText } from './chat-text.ts'
import { readMsgpack } from './msgpack.ts'
import { socialEvent } from './social-event.ts'

/** The first `most` code points of a text. */
export function cutText(text: string, most: number): string {
  return Array.from(text).slice(0, most).join('')
}

const options = {
  useRecords: false,
  variableMapSize: true,
  // A field that is undefined is not there, as in JSON. By default it is an extension. The type declarations
  // lack this option.
  skipValues: [undefined],
}
const packr = new Packr(options)

const line = z
  .string()
  .trim()
  .min(1)
  .refine((text) => charactersOf(text) <= chatMaxLength)
  .refine(isChatText)

/** A line of chat as a client sends it, and as clients get it: `from` is the entity id of the speaker. */
export const chatLine = z.strictObject({ text: line })
export const chatHeard = z.object({ from: z.int(), name: z.string(), text: z.string() })

/** Kinds of the core alone. Those of a game begin with `game.` (gameserver/sim/rules.ts). */
export const clientControl = z.discriminatedUnion('kind', [
  chatLine.extend({ kind: z.literal('chat.nearby') }),
])

/** Why an ability was not carried out. `late`: its command was not there in its tick. `paused`: nothing moves. */
export const abilityRefusals = [
  'unknown',
  'aim',
  'range',
  'target',
  'cost',
  'casting',
  'cooldown',
  'rooted',
  'late',
  'paused',
] as const
export type AbilityRefusal = (typeof abilityRefusals)[number]

export const serverControl = z.discriminatedUnion('kind', [
  ...socialEvent.options,
  chatHeard.extend({ kind: z.literal('chat.nearby') }),
  /** The ability that the command with this number used was carried out, or why it was not. */
  z.object({
    kind: z.literal('used'),
    command: z.int(),
    refused: z.enum(abilityRefusals).optional(),
  }),
  /**
   * A control message was not carried out: too many, not as declared, the world stands still, the player is muted,
   * or what the game does with it has failed. `re`: the number of the request.
   */
  z.object({
    kind: z.literal('refused'),
    of: z.string(),
    code: z.enum(['rate', 'invalid', 'paused', 'muted', 'failed']),
    re: z.int().optional(),
  }),
  /** Saving is paused (the store does not answer) or works again; play goes on. */
  z.object({ kind: z.literal('saving'), paused: z.boolean() }),
  /** A tally of the player (shared/rules/tally.ts) has changed. Old news may come late: see `changes`. */
  tallyTotal.extend({ kind: z.literal('tally'), tally: z.string() }),
  /** A match of the player has ended, and counted. It may come again, and long after (shared/rules/played-match.ts). */
  resultAnswer.extend({ kind: z.literal('result'), match: z.string() }),
  /** The player stands in a gate to a private zone: the API opens an instance, or has one that is open for him. */
  z.object({
    kind: z.literal('gate'),
    zone: z.string(),
    difficulty: z.string().optional(),
  }),
  /** The content has changed while players are in; they may load it again. */
  z.object({ kind: z.literal('content'), version: z.string() }),
])

export type ServerControl = z.infer<typeof serverControl>
/** Any control message, a game's own too: the kind decides which other fields it has. */
export type ControlMessage = { kind: string; [field: string]: unknown }

/** The value as a control message, of a known kind or not; undefined when it is no control message. */
export function asControl(value: unknown): ControlMessage | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return 'kind' in value && typeof value.kind === 'string' ? (value as ControlMessage) : undefined
}

/** Bytes of a control message's body. Throws for what msgpack cannot hold. */
export function packControl(message: ControlMessage): Uint8Array {
  return packr.pack(message)
}

/**
 * The value in a body, not yet validated; undefined when it is not one value as docs/protocol.md allows it.
 * Never throws.
 */
export function unpackControl(body: Uint8Array): unknown {
  try {
    return readMsgpack(body)
  } catch {
    return undefined
  }
}
