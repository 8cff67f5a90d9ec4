import * as z from 'zod'
import { PROTOCOL_VERSION } from '../protocol/version.ts'
import { reason } from './admin/naming.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, contentId, done, moment, realmId, uuid } from './names.ts'

const character = z
  .object({
    characterId: uuid,
    name: characterName,
    race: contentId,
    job: contentId,
    zone: contentId,
    createdAt: moment,
  })
  .meta({ id: 'Character' })

const realm = { realmId: '$request.path.realmId' }

const inRealm = z.object({ realmId })

const restoreErrors = [
  'character.not_found',
  'character.not_deleted',
  'character.restore_late',
  'character.name_taken',
  'character.limit',
  'world.busy',
] as const

/** A character, for an operator. */
const named = z.object({
  realmId,
  character: z.string().min(1).max(80).meta({
    description: 'Its id, or its name as it is spelled',
    example: 'Mira Vale',
  }),
})

export const characters = domain({
  name: 'characters',
  description: 'Characters of an account in a realm',
  endpoints: {
    list: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/characters',
      summary: 'Your characters in this realm',
      identity: 'player',
      params: inRealm,
      answer: z.object({ characters: z.array(character) }),
      errors: ['realm.unknown'],
      limits: [{ rate: 'read.account', by: 'account' }],
      links: {
        enter: {
          to: 'world.enter',
          params: realm,
          body: {
            characterId: '$response.body#/characters/0/characterId',
            protocol: PROTOCOL_VERSION,
          },
        },
      },
    }),
    create: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/characters',
      summary: 'Make a character',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({ name: characterName, race: contentId, job: contentId }),
      answer: character,
      status: 201,
      errors: [
        'realm.unknown',
        'character.name_taken',
        'chat.muted',
        'character.name_refused',
        'character.limit',
        'character.unknown_race',
        'character.unknown_job',
        'world.busy',
      ],
      limits: [{ rate: 'write.account', by: 'account' }],
      links: {
        enter: {
          to: 'world.enter',
          params: realm,
          body: { characterId: '$response.body#/characterId', protocol: PROTOCOL_VERSION },
        },
        delete: {
          to: 'characters.delete',
          params: { ...realm, characterId: '$response.body#/characterId' },
        },
      },
    }),
    delete: endpoint({
      method: 'DELETE',
      path: '/v1/realms/{realmId}/characters/{characterId}',
      summary: 'Delete a character',
      description:
        'It is marked, not destroyed; its name stays taken. It can be restored for 30 days.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, characterId: uuid }),
      answer: done,
      errors: ['realm.unknown', 'character.not_found', 'character.in_play', 'world.busy'],
      limits: [{ rate: 'write.account', by: 'account' }],
      links: {
        restore: {
          to: 'characters.restore',
          params: { ...realm, characterId: '$request.path.characterId' },
        },
      },
    }),
    rename: endpoint({
      method: 'PUT',
      path: '/v1/realms/{realmId}/characters/{characterId}/name',
      summary: 'Give a character another name',
      description:
        'Once in 30 days, while it is not in the world. Its old name is held for the account for 30 days. Friends, ' +
        'guild, party and ranked lists show the new one; letters, notifications and lines keep the name of their time.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, characterId: uuid }),
      body: z.object({ name: characterName }),
      answer: character,
      errors: [
        'realm.unknown',
        'character.not_found',
        'character.in_play',
        'character.name_taken',
        'character.name_refused',
        'character.renamed_lately',
        'chat.muted',
        'world.busy',
      ],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    deleted: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/deleted-characters',
      summary: 'Your deleted characters that can be restored, the latest first',
      identity: 'player',
      params: inRealm,
      answer: z.object({
        characters: z.array(
          character
            .extend({
              deletedAt: moment,
              until: moment.meta({ description: 'It can be restored before then' }),
            })
            .meta({ id: 'DeletedCharacter' }),
        ),
      }),
      errors: ['realm.unknown'],
      limits: [{ rate: 'read.account', by: 'account' }],
      links: {
        restore: {
          to: 'characters.restore',
          params: { ...realm, characterId: '$response.body#/characters/0/characterId' },
        },
      },
    }),
    restore: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/characters/{characterId}/restore',
      summary: 'Bring a deleted character back',
      description: 'Up to 30 days after it was deleted. It is in no guild and no party then.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, characterId: uuid }),
      answer: character,
      errors: ['realm.unknown', ...restoreErrors],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    renameOf: endpoint({
      method: 'PUT',
      path: '/v1/admin/realms/{realmId}/characters/{character}/name',
      summary: "Give a player's character another name",
      description:
        'However long ago the last rename was. It is saved and taken out of the world first.',
      identity: 'moderator',
      repeat: 'remembered',
      params: named,
      body: z.object({ name: characterName, reason }),
      answer: character,
      errors: [
        'realm.unknown',
        'character.not_found',
        'character.in_play',
        'character.name_taken',
        'character.name_refused',
        'world.busy',
      ],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    restoreOf: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/characters/{character}/restore',
      summary: "Bring a player's deleted character back",
      identity: 'moderator',
      repeat: 'remembered',
      params: named,
      body: z.object({ reason }),
      answer: character,
      errors: ['realm.unknown', ...restoreErrors],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
  },
})

export type Character = z.infer<typeof character>
