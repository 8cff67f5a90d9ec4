import * as z from 'zod'
import { eraseGraceDays, erasuresEveryMinutes, erasuresPerRun } from '../limits.ts'
import { named, reason } from './admin/naming.ts'
import { domain, endpoint } from './endpoint.ts'
import { moment, uuid } from './names.ts'
import { paged } from './page.ts'

const entry = z
  .object({
    section: z.string().meta({ description: 'What it is about', example: 'letters' }),
    entry: z.record(z.string(), z.json()),
  })
  .meta({ id: 'PersonalEntry' })

const part = {
  entries: z.array(entry),
  next: z
    .string()
    .optional()
    .meta({ description: 'There is more: ask again, with this as `after`' }),
}

const erasure = z
  .object({
    accountId: uuid,
    askedAt: moment,
    at: moment.meta({ description: 'When it is closed; of one that is closed, when it is erased' }),
    closed: z.boolean().meta({ description: 'Nobody logs in to it any more' }),
  })
  .meta({ id: 'Erasure' })

const after = z
  .string()
  .max(256)
  .optional()
  .meta({ description: '`next` of the part before; without it from the beginning' })

export const personal = domain({
  name: 'personal',
  description: "A player's own data: what is kept of him, and its end",
  endpoints: {
    export: endpoint({
      method: 'POST',
      path: '/v1/account/export',
      summary: 'All that is kept of you, part by part',
      description:
        'Each part has up to a thousand entries. It changes nothing. What changes while you ask may be in it ' +
        'as it was or as it is. Passwords and secrets are not in it.',
      identity: 'player',
      repeat: 'natural',
      body: z.object({ after }),
      answer: z.object(part),
      errors: ['request.cursor'],
      limits: [{ rate: 'export.account', by: 'account' }],
      links: { next: { to: 'personal.export', body: { after: '$response.body#/next' } } },
    }),
    exportOf: endpoint({
      method: 'POST',
      path: '/v1/admin/players/{who}/export',
      summary: 'All that is kept of a player, part by part',
      description: 'The first part leaves an audit entry.',
      identity: 'operator',
      repeat: 'remembered',
      params: z.object({ who: named }),
      body: z.object({ reason, after }),
      answer: z.object({ accountId: uuid, ...part }),
      errors: ['admin.player_unknown', 'admin.ambiguous', 'request.cursor'],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    eraseOf: endpoint({
      method: 'POST',
      path: '/v1/admin/players/{who}/erase',
      summary: 'Have an account erased, with all its characters',
      description:
        'A log-in before its time keeps it. Its sessions end now. With 0 days the next run closes it. What names ' +
        'the player and goes by itself is gone 30 days after it was written, so a short time leaves some of it.',
      identity: 'operator',
      repeat: 'remembered',
      params: z.object({ who: named }),
      body: z.object({
        reason,
        days: z
          .int()
          .min(0)
          .max(eraseGraceDays)
          .optional()
          .meta({ description: `${eraseGraceDays} without it` }),
      }),
      answer: z.object({ accountId: uuid, at: moment }),
      errors: [
        'admin.player_unknown',
        'admin.ambiguous',
        'admin.yourself',
        'admin.outranked',
        'auth.erasing',
        'world.busy',
      ],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
    erasures: endpoint({
      method: 'GET',
      path: '/v1/admin/erasures',
      summary: 'Accounts that are to be erased, the next one first',
      identity: 'operator',
      ...paged(erasure, { size: 50, max: 100 }),
      errors: [],
      limits: [{ rate: 'read.account', by: 'account' }],
      links: { next: { to: 'personal.erasures', query: { after: '$response.body#/next' } } },
    }),
    run: endpoint({
      method: 'POST',
      path: '/v1/admin/erasures/run',
      summary: 'Close and erase the accounts whose time has come',
      description:
        `Up to ${erasuresPerRun} of them; ask again while there are \`more\`. The clock does the same every ` +
        `${erasuresEveryMinutes} minutes. A closed account is erased 16 minutes later, by another run.`,
      identity: 'operator',
      repeat: 'natural',
      body: z.object({ reason }),
      answer: z.object({
        closed: z.int(),
        erased: z.int(),
        waiting: z
          .int()
          .meta({ description: 'In play on a host that is cut off, or the store was busy' }),
        more: z.boolean(),
      }),
      errors: [],
      limits: [{ rate: 'write.account', by: 'account' }],
    }),
  },
})
