// The social socket: what players outside zones are told. JSON, one text message each (docs/protocol.md, "The social
// socket").
import * as z from 'zod'
import { socialChannelsMax } from '../limits.ts'
import { socialEvent } from './social-event.ts'

/** The path of the sockets of a server of our own. */
export const socialPath = '/v1/social'

/** The channels for everybody that a client wants to be told of. */
const channels = z
  .array(z.string().regex(/^(?:global|zone:[a-z][a-z0-9_]{0,31})$/))
  .max(socialChannelsMax)

/** What a client sends. */
export const socialFrame = z.union([
  /** The first frame, and only that. */
  z.strictObject({ hello: z.string().max(256), listen: channels.optional() }),
  z.strictObject({ listen: channels }),
  /** Each minute. The number comes back. */
  z.strictObject({ ping: z.int().min(0) }),
])

/** Why the server closes a social socket. It says so in its last message: a close code does not reach every client. */
export const socialCloses = [
  'replaced',
  'ticket.refused',
  'protocol.malformed',
  'protocol.unexpected',
  'protocol.flood',
  'timeout',
  'unavailable',
] as const
export type SocialClose = (typeof socialCloses)[number]

/** What a client gets. */
export const socialMessage = z.discriminatedUnion('kind', [
  ...socialEvent.options,
  /** From here on events find the client: it reads now what came before. */
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('pong'), ping: z.int() }),
  z.object({ kind: z.literal('closed'), reason: z.enum(socialCloses) }),
])

export type SocialFrame = z.infer<typeof socialFrame>
export type SocialMessage = z.infer<typeof socialMessage>
