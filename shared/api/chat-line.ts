// A line of chat, as the API answers it and as events bring it: one schema for both.
import * as z from 'zod'
import { characterName, moment, uuid } from './names.ts'

/**
 * What a line was said in, so that a reader knows it from every other: everybody of the realm, everybody in a zone, a
 * guild, a party, or two players; `whisper:` is followed by the player at the other end, whoever reads.
 */
export const chatChannel = z
  .string()
  .regex(
    /^(?:global|zone:[a-z][a-z0-9_]{0,31}(?::[0-9a-f-]{36})?|(?:guild|party|whisper):[0-9a-f-]{36})$/,
  )
  .meta({
    description: 'global, zone:<zone>, guild:<id>, party:<id>, or whisper:<the other player>',
    example: 'zone:forest',
  })

/** Show the text as plain text: it may hold what looks like markup. Skip a line whose id you have. */
export const channelLine = z
  .object({
    lineId: uuid,
    at: moment.meta({ description: 'Lines of one speaker have rising times' }),
    channel: chatChannel,
    from: z.object({ characterId: uuid, name: characterName, playerId: uuid }),
    to: z
      .object({ playerId: uuid, name: characterName })
      .optional()
      .meta({ description: 'Of a whisper: to whom' }),
    text: z.string(),
  })
  .meta({ id: 'ChannelLine', description: 'A line of chat in a channel' })

export type ChannelLine = z.infer<typeof channelLine>
