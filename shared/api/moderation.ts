// Reports of players, what moderators decide, and appeals.
import * as z from 'zod'
import { appealMaxLength, muteMaxS, reportNoteMaxLength } from '../limits.ts'
import { named, reason } from './admin/naming.ts'
import { chatChannel } from './chat-line.ts'
import { domain, endpoint } from './endpoint.ts'
import { characterName, moment, realmId, uuid, writtenText } from './names.ts'
import { paged } from './page.ts'

/** What is wrong with it, as the reporter sees it, and why it was decided so. */
export const rules = [
  'harassment',
  'hate',
  'sexual',
  'threat',
  'spam',
  'cheating',
  'name',
  'other',
] as const
export const rule = z.enum(rules).meta({ id: 'Rule', description: 'The rule that was broken' })

/** What a guild shows that others read. */
const guildTexts = ['guildName', 'guildMessage', 'guildRanks'] as const

/**
 * dismiss: nothing was wrong. remove: the text of a guild is taken away, nobody is sanctioned. The others sanction a
 * player, and take the text of a guild away too.
 */
export const decisions = ['dismiss', 'remove', 'warn', 'mute', 'ban'] as const

const what = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('line'), channel: chatChannel, lineId: uuid }),
    z.object({ kind: z.literal('letter'), letterId: uuid }).meta({
      description: 'In the inbox of your character',
    }),
    z.object({ kind: z.literal('name'), name: characterName }),
    z.object({ kind: z.literal('status'), playerId: uuid }).meta({ description: 'Of a friend' }),
    z.object({ kind: z.enum(guildTexts), guildId: uuid }).meta({
      description:
        'The name of a guild; its message or the names of its ranks, of the guild of your character',
    }),
  ])
  .meta({ id: 'ReportedThing', description: 'What is reported: you must be able to read it' })

const sanctionKind = z.enum(['warning', 'mute', 'ban'])

const appealSchema = z
  .object({
    text: z.string(),
    at: moment,
    state: z.enum(['open', 'upheld', 'lifted']),
    decidedAt: moment.optional(),
  })
  .meta({ id: 'Appeal', description: 'upheld: the sanction stands' })

export const sanctionSchema = z
  .object({
    sanctionId: uuid,
    kind: sanctionKind,
    rule,
    at: moment,
    until: moment.optional().meta({ description: 'When it ends; a warning has no end' }),
    state: z.enum(['given', 'lifted']),
    appeal: appealSchema.optional(),
  })
  .meta({ id: 'Sanction', description: 'What was decided about a player, as he may know it' })

const evidence = z
  .object({
    text: z.string().meta({ description: 'What was reported, as it was then' }),
    at: moment.optional(),
    channel: z.string().optional(),
    guildId: uuid.optional().meta({ description: 'Whose text it is' }),
    around: z
      .array(z.object({ name: z.string(), at: moment, text: z.string() }))
      .meta({ description: 'Lines of chat before and after it, and itself' }),
  })
  .meta({ id: 'Evidence', description: 'Copied when it was reported. Show it as plain text' })

const person = z.object({ playerId: z.string(), name: z.string() })

export const decisionSchema = z
  .object({
    decision: z.enum(decisions),
    at: moment,
    by: z.string().meta({ description: 'An account, or `cli:` and a name' }),
    reason: z.string(),
    sanctionId: uuid.optional(),
  })
  .meta({ id: 'ReportDecision' })

export const reportSchema = z
  .object({
    reportId: uuid,
    at: moment,
    what: z.enum(['line', 'letter', 'name', 'status', ...guildTexts]),
    rule,
    note: z.string().optional(),
    reporter: person,
    reported: person.meta({ description: 'The name is that of the moment of the report' }),
    evidence,
    decision: decisionSchema.optional(),
  })
  .meta({ id: 'Report' })

export const appealCaseSchema = z
  .object({ playerId: uuid, sanction: sanctionSchema })
  .meta({ id: 'AppealCase' })

const history = z
  .object({
    sanctions: z.array(sanctionSchema),
    reports: z.array(
      z.object({
        reportId: uuid,
        at: moment,
        rule,
        decision: decisionSchema.shape.decision.optional(),
      }),
    ),
  })
  .meta({ description: 'Of the reported player, newest first, 50 of each at most' })

const inRealm = z.object({ realmId })
const ofReport = z.object({ realmId, reportId: uuid })
const ofSanction = z.object({ realmId, sanctionId: uuid })
const ofPlayer = z.object({ realmId, who: named })
const write = [{ rate: 'write.account', by: 'account' }] as const
const read = [{ rate: 'read.account', by: 'account' }] as const
const state = z.enum(['open', 'closed']).default('open')
const forS = z.int().min(60).max(muteMaxS).meta({ description: 'How long it lasts, in seconds' })
const overErrors = ['admin.player_unknown', 'admin.outranked'] as const

const reportPages = paged(reportSchema, { size: 25, max: 50 })
const appealPages = paged(appealCaseSchema, { size: 25, max: 50 })
const thisReport = {
  realmId: '$request.path.realmId',
  reportId: '$response.body#/entries/0/reportId',
}

export const moderation = domain({
  name: 'moderation',
  description: 'Reports of players, mutes, and appeals',
  endpoints: {
    report: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/reports',
      summary:
        'Report a line of chat, a letter, a name, a status or a text of a guild to the moderators',
      description:
        'What you report is copied with its context. The same thing reported again is the same report. Both players are ' +
        'told when it is decided; the other one does not learn who you are.',
      identity: 'player',
      repeat: 'remembered',
      params: inRealm,
      body: z.object({
        as: uuid.meta({ description: 'Your character' }),
        what,
        rule,
        note: writtenText(reportNoteMaxLength).optional(),
      }),
      answer: z.object({ reportId: uuid, at: moment }),
      status: 201,
      errors: ['character.not_found', 'report.unknown', 'report.self', 'report.text'],
      limits: [...write, { rate: 'report.account', by: 'account' }],
    }),
    sanctions: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/sanctions',
      summary: 'Warnings, mutes and bans that you were given, newest first',
      identity: 'player',
      params: inRealm,
      ...paged(sanctionSchema, { size: 20, max: 50 }),
      errors: [],
      limits: read,
      links: {
        appeal: {
          to: 'moderation.appeal',
          params: {
            realmId: '$request.path.realmId',
            sanctionId: '$response.body#/entries/0/sanctionId',
          },
        },
      },
    }),
    appeal: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/sanctions/{sanctionId}/appeal',
      summary: 'Say once why a sanction should be lifted',
      description: 'It goes on until it is lifted.',
      identity: 'player',
      repeat: 'remembered',
      params: ofSanction,
      body: z.object({ text: writtenText(appealMaxLength) }),
      answer: sanctionSchema,
      status: 201,
      errors: ['sanction.not_found', 'sanction.appealed', 'sanction.over', 'report.text'],
      limits: write,
    }),
    reports: endpoint({
      method: 'GET',
      path: '/v1/admin/realms/{realmId}/reports',
      summary: 'Reports of a realm: open ones, the oldest first, or closed ones, the newest first',
      identity: 'moderator',
      params: inRealm,
      ...reportPages,
      query: reportPages.query.extend({ state }),
      errors: [],
      limits: read,
      links: { show: { to: 'moderation.showReport', params: thisReport } },
    }),
    showReport: endpoint({
      method: 'GET',
      path: '/v1/admin/realms/{realmId}/reports/{reportId}',
      summary: 'A report with its evidence, and the history of the reported player',
      identity: 'moderator',
      params: ofReport,
      answer: z.object({ report: reportSchema, history }),
      errors: ['report.not_found'],
      limits: read,
    }),
    decide: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/reports/{reportId}/decide',
      summary: 'Decide an open report: dismiss it, remove, warn, mute or ban',
      description:
        'Of two moderators at once one decides; the other one is told how. Of a guild that is not dismissed the text goes, ' +
        'if it is still the same: the message is empty, ranks are numbered, the name becomes one of chance.',
      identity: 'moderator',
      repeat: 'remembered',
      params: ofReport,
      body: z.object({
        decision: z.enum(decisions).meta({ description: '`remove`: of texts of guilds alone' }),
        forS: forS.optional().meta({ description: 'Of a mute or a ban, which need it: seconds' }),
        rule: rule.optional().meta({ description: 'As the report has it without it' }),
        reason,
      }),
      answer: reportSchema,
      errors: [
        'report.not_found',
        'report.decided',
        'report.time',
        'report.remove',
        ...overErrors,
        'admin.yourself',
        'admin.ban_too_long',
      ],
      limits: write,
    }),
    mute: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/players/{who}/mute',
      summary: 'Mute a player in a realm: no text of his reaches others',
      description: 'Takes the place of a mute that is there.',
      identity: 'moderator',
      repeat: 'remembered',
      params: ofPlayer,
      body: z.object({ forS, rule, reason }),
      answer: z.object({ playerId: uuid, sanction: sanctionSchema }),
      errors: [...overErrors, 'admin.ambiguous'],
      limits: write,
    }),
    unmute: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/players/{who}/unmute',
      summary: 'Lift the mute of a player',
      identity: 'moderator',
      repeat: 'remembered',
      params: ofPlayer,
      body: z.object({ reason }),
      answer: z.object({ playerId: uuid }),
      errors: [...overErrors, 'admin.ambiguous'],
      limits: write,
    }),
    appeals: endpoint({
      method: 'GET',
      path: '/v1/admin/realms/{realmId}/appeals',
      summary: 'Appeals of a realm: open ones, the oldest first, or closed ones, the newest first',
      identity: 'moderator',
      params: inRealm,
      ...appealPages,
      query: appealPages.query.extend({ state }),
      errors: [],
      limits: read,
    }),
    decideAppeal: endpoint({
      method: 'POST',
      path: '/v1/admin/realms/{realmId}/appeals/{sanctionId}/decide',
      summary: 'Decide an appeal: the sanction stands, or is lifted',
      identity: 'moderator',
      repeat: 'remembered',
      params: ofSanction,
      body: z.object({ decision: z.enum(['uphold', 'lift']), reason }),
      answer: appealCaseSchema,
      errors: [
        'sanction.not_found',
        'report.decided',
        ...overErrors,
        'admin.yourself',
        'admin.ban_too_long',
      ],
      limits: write,
    }),
  },
})

export type GuildText = (typeof guildTexts)[number]
export type Rule = z.infer<typeof rule>
export type ReportedThing = z.infer<typeof what>
export type Sanction = z.infer<typeof sanctionSchema>
export type Report = z.infer<typeof reportSchema>
export type AppealCase = z.infer<typeof appealCaseSchema>
export type ReportHistory = z.infer<typeof history>
export type Evidence = z.infer<typeof evidence>
