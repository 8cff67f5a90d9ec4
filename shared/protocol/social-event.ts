// What players are told besides what happens in a zone: one schema for the zone socket, where it is a control
// message, and for the social socket, where it is JSON. An event may be lost. What a player must not miss is a row in
// his mailbox, or a line that he finds by cursor. A new kind is a line here (docs/social.md, "What is told").
import * as z from 'zod'
import { channelLine, chatChannel } from '../api/chat-line.ts'
import { maintenance } from '../api/live.ts'

export const notifiedOf = ['mailbox', 'presence'] as const
export type NotifiedOf = (typeof notifiedOf)[number]

export const socialEvent = z.discriminatedUnion('kind', [
  /**
   * Something is new: read the mailbox, or the presence of friends. It may be lost, so it says nothing more and
   * nothing depends on it.
   */
  z.object({ kind: z.literal('notified'), of: z.enum(notifiedOf) }),
  /** A line in a channel. */
  z.object({ kind: z.literal('said'), channel: chatChannel, line: channelLine }),
  /**
   * Lines of a channel did not reach this client, or may not have. `count`: how many, when they were of a channel whose
   * lines may be lost. Without it the client reads the channel from where it was;
   * without `channel`, all its channels.
   */
  z.object({
    kind: z.literal('lost'),
    channel: chatChannel.optional(),
    count: z.int().positive().optional(),
  }),
  /** An operator's line for everybody. */
  z.object({ kind: z.literal('announce'), text: z.string() }),
  /** The maintenance that stands. Without one the realm is open, and stays so. */
  z.object({ kind: z.literal('maintenance'), maintenance: maintenance.optional() }),
])

export type SocialEvent = z.infer<typeof socialEvent>
