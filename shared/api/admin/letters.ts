// Letters from the game.
import * as z from 'zod'
import { letterKeptDays } from '../../limits.ts'
import { endpoint } from '../endpoint.ts'
import { writtenLetter } from '../mail.ts'
import { characterName, done, moment, realmId, uuid } from '../names.ts'
import { reason, write } from './naming.ts'

export const letterEndpoints = {
  sendMail: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/mail',
    summary: 'Send a letter from the game to a character',
    description: 'It has room of its own in the inbox.',
    identity: 'support',
    repeat: 'remembered',
    params: z.object({ realmId }),
    body: z.object({
      to: characterName.meta({ description: 'As it is spelled' }),
      ...writtenLetter,
      reason,
    }),
    answer: z.object({ letterId: uuid, characterId: uuid, until: moment }),
    status: 201,
    errors: ['mail.unknown', 'mail.text', 'mail.full'],
    limits: write,
  }),
  mailAll: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/mail-all',
    summary: 'Send a letter from the game to all characters of a realm',
    description: 'Characters that are made later do not get it.',
    identity: 'operator',
    repeat: 'remembered',
    params: z.object({ realmId }),
    body: z.object({
      ...writtenLetter,
      days: z
        .int()
        .min(1)
        .max(letterKeptDays)
        .optional()
        .meta({ description: `It is gone after so many; ${letterKeptDays} without it` }),
      reason,
    }),
    answer: z.object({ letterId: uuid, until: moment }),
    status: 201,
    errors: ['mail.text', 'mail.full'],
    limits: write,
    links: {
      withdraw: {
        to: 'admin.withdrawMail',
        params: { realmId: '$request.path.realmId', letterId: '$response.body#/letterId' },
      },
    },
  }),
  withdrawMail: endpoint({
    method: 'POST',
    path: '/v1/admin/realms/{realmId}/mail-all/{letterId}/withdraw',
    summary: 'Take a letter to all back',
    description: 'Nobody sees it any more; who has read it has read it.',
    identity: 'operator',
    repeat: 'remembered',
    params: z.object({ realmId, letterId: uuid }),
    body: z.object({ reason }),
    answer: done,
    errors: ['mail.not_found'],
    limits: write,
  }),
}
