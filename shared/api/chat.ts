// Chat: lines in channels, which are kept for a time and read by cursor.
import * as z from 'zod'
import { chatMaxLength } from '../limits.ts'
import { channelLine } from './chat-line.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, moment, realmId, uuid, writtenText } from './names.ts'
import { paged } from './page.ts'

const as = uuid.meta({ description: 'Your character' })
const text = writtenText(chatMaxLength).meta({ description: 'One line of plain text' })

/** As the character finds it: its guild, its party. */
const spoken = /^(?:global|guild|party|zone:[a-z][a-z0-9_]{0,31})$/
const read = /^(?:global|guild|party|whisper|zone:[a-z][a-z0-9_]{0,31})$/
const channelOf = (form: RegExp, description: string) =>
  z.string().regex(form).meta({ description, example: 'global' })

const inRealm = z.object({ realmId })
const pages = paged(channelLine, { size: 50, max: 100 })
const cursor = pages.answer.shape.next

const openWhisper = z
  .object({ playerId: uuid, name: characterName, at: moment })
  .meta({ id: 'OpenWhisper', description: 'Somebody with whom you whisper. `at`: the latest line' })

const writing = {
  method: 'POST',
  identity: 'player',
  repeat: 'remembered',
  answer: channelLine,
  status: 201,
  limits: [{ rate: 'chat.account', by: 'account' }],
} as const
const refused = ['character.not_found', 'chat.muted', 'chat.text', 'chat.slow'] as const
const reading = [{ rate: 'read.account', by: 'account' }] as const

export const chat = domain({
  name: 'chat',
  description: 'Lines in channels: of all, of a zone, of a guild, of a party, and between two',
  endpoints: {
    say: endpoint({
      ...writing,
      path: '/v1/realms/{realmId}/chat/{channel}',
      summary: 'Say a line in a channel',
      description:
        'In a zone: by a character that is there, or was there last. Lines of one player have rising times. A line ' +
        'too many is `chat.slow`, with the seconds to wait in `Retry-After`.',
      params: z.object({
        realmId,
        channel: channelOf(spoken, 'global, zone:<zone>, guild or party'),
      }),
      body: z.object({ as, text }),
      errors: [...refused, 'chat.not_found', 'chat.elsewhere'],
    }),
    lines: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/chat/{channel}',
      summary: 'Lines of a channel, oldest first: the latest page, or from a cursor on',
      description:
        'Without a cursor: the latest lines; `before` leads to those before them. Keep `since` and send it as ' +
        '`after` another time: what came meanwhile, in pages with `next`, the last one with a new `since`. The ' +
        'youngest lines come again then: skip each `lineId` that you have. A cursor of `guild` or `party` is good ' +
        'for that guild or party alone. Lines of players whom you have blocked are left out, so a page may be short.',
      identity: 'player',
      params: z.object({
        realmId,
        channel: channelOf(read, 'global, zone:<zone>, guild, party, or whisper for all of yours'),
      }),
      ...pages,
      query: pages.query.extend({
        as,
        before: cursor.meta({ description: 'The `before` of a page; not with `after`' }),
      }),
      answer: pages.answer.extend({
        channel: z
          .string()
          .meta({ description: 'Which one it is, as its lines say; whisper for all of yours' }),
        before: cursor.meta({ description: 'Leads to the page before; absent when there is none' }),
        since: cursor.meta({ description: 'Where to read on another time' }),
      }),
      errors: ['character.not_found', 'chat.not_found'],
      limits: reading,
    }),
    whisper: endpoint({
      ...writing,
      path: '/v1/realms/{realmId}/whispers',
      summary: 'Say a line to one player, by the name of a character',
      description:
        'Whether he is there or not: he finds it for a week. A player who has blocked you gets nothing, and you are ' +
        'not told so.',
      params: inRealm,
      body: z.object({ as, to: characterName, text }),
      errors: [...refused, 'chat.unknown', 'chat.self', 'chat.blocked'],
    }),
    whispers: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/whispers',
      summary: 'With whom you whisper, the latest first',
      description: 'Of your latest 200 lines.',
      identity: 'player',
      params: inRealm,
      answer: z.object({ entries: z.array(openWhisper) }),
      errors: [],
      limits: reading,
    }),
  },
})

export type OpenWhisper = z.infer<typeof openWhisper>
