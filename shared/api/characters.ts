import * as z from 'zod'
import { PROTOCOL_VERSION } from '../protocol/version.ts'
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
      description: 'It is marked, not destroyed; its name stays taken, so that it can be restored.',
      identity: 'player',
      repeat: 'remembered',
      params: z.object({ realmId, characterId: uuid }),
      answer: done,
      errors: ['realm.unknown', 'character.not_found', 'character.in_play', 'world.busy'],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
  },
})

export type Character = z.infer<typeof character>
