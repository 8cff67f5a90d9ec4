// Letters between characters, from the game, and from operators to all of a realm.
import * as z from 'zod'
import { letterSubjectMaxLength, letterTextMaxLength } from '../limits.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, done, moment, realmId, uuid, writtenText } from './names.ts'
import { paged } from './page.ts'

export const letterFrom = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('player'), playerId: uuid, name: characterName }),
    z.object({ kind: z.literal('game') }),
  ])
  .meta({ id: 'LetterFrom', description: 'A player, by the name of his character; or the game' })

/** What a letter is made of. Show both as plain text: they may hold what looks like markup. */
export const writtenLetter = {
  subject: writtenText(letterSubjectMaxLength).meta({ description: 'One line' }),
  text: writtenText(letterTextMaxLength).meta({
    description: 'Lines, parted by line feeds; plain text, also where it looks like markup',
  }),
}

const head = {
  letterId: uuid,
  from: letterFrom,
  to: z.enum(['you', 'all']).meta({ description: 'all: to every character of the realm' }),
  subject: z.string(),
  at: moment.meta({ description: 'When it came' }),
  until: moment.meta({ description: 'When it will be gone, read or not' }),
  read: z.boolean(),
}
const letterHead = z.object(head).meta({ id: 'LetterHead' })
const letter = z.object({ ...head, text: z.string() }).meta({ id: 'Letter' })

const pages = paged(letterHead, { size: 50, max: 140 })

const ofCharacter = z.object({ realmId, characterId: uuid })
const ofLetter = z.object({ realmId, characterId: uuid, letterId: uuid })
const thisInbox = {
  realmId: '$request.path.realmId',
  characterId: '$request.path.characterId',
}
const firstLetter = { ...thisInbox, letterId: '$response.body#/entries/0/letterId' }
const thisLetter = { ...thisInbox, letterId: '$response.body#/letterId' }
const read = [{ rate: 'read.account', by: 'account' }] as const
const write = [{ rate: 'write.account', by: 'account' }] as const

export const mail = domain({
  name: 'mail',
  description: 'Letters between characters. They are kept for 30 days',
  endpoints: {
    list: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/characters/{characterId}/mail',
      summary: 'The inbox of a character of yours, newest first',
      identity: 'player',
      params: ofCharacter,
      ...pages,
      answer: pages.answer.extend({
        unread: z.int().min(0).meta({ description: 'Of the whole inbox' }),
      }),
      errors: ['character.not_found'],
      limits: read,
      links: { open: { to: 'mail.open', params: firstLetter } },
    }),
    send: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/mail',
      summary: 'Send a letter to a character, whether it is in the world or not',
      description:
        'Its player is told. A player who has blocked you gets nothing, and you are not told so.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId }),
      body: z.object({
        as: uuid.meta({ description: 'Your character, who writes' }),
        to: characterName,
        ...writtenLetter,
      }),
      answer: z.object({ to: characterName, at: moment, until: moment }),
      status: 201,
      errors: [
        'character.not_found',
        'chat.muted',
        'mail.unknown',
        'mail.self',
        'mail.text',
        'mail.blocked',
        'mail.unread',
        'mail.full',
      ],
      limits: [...write, { rate: 'mail.account', by: 'account' }],
    }),
    open: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/characters/{characterId}/mail/{letterId}',
      summary: 'One letter with its text',
      description: 'It does not count as read until you say so.',
      identity: 'player',
      params: ofLetter,
      answer: letter,
      errors: ['character.not_found', 'mail.not_found'],
      limits: read,
      links: {
        markRead: { to: 'mail.markRead', params: thisLetter },
        delete: { to: 'mail.delete', params: thisLetter },
      },
    }),
    markRead: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/characters/{characterId}/mail/{letterId}/read',
      summary: 'Mark a letter as read',
      identity: 'player',
      repeat: 'remembered',
      params: ofLetter,
      answer: done,
      errors: ['character.not_found', 'mail.not_found'],
      limits: write,
    }),
    delete: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/characters/{characterId}/mail/{letterId}',
      summary: 'Delete a letter',
      description: 'One to all of the realm is gone for this character alone.',
      identity: 'player',
      repeat: 'remembered',
      params: ofLetter,
      answer: done,
      errors: ['character.not_found', 'mail.not_found'],
      limits: write,
    }),
  },
})

export type LetterFrom = z.infer<typeof letterFrom>
export type LetterHead = z.infer<typeof letterHead>
export type Letter = z.infer<typeof letter>
/** Subject and text, as they were written. */
export type WrittenLetter = { subject: string; text: string }
