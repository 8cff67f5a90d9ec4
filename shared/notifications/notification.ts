// What players are told of, declared once: a kind and its body. The same schema holds where it is written, in
// the API and in clients. A new kind is a line here.
import * as z from 'zod'
import { characterName, contentId, guildName, guildRankName, moment, uuid } from '../api/names.ts'

const about = { notificationId: uuid, at: moment }

/** Somebody, as the one who is told may know him. */
const person = { playerId: uuid, name: characterName }
/** What a character of the one who is told is told of another one, by whose name it comes. */
const byOne = {
  characterId: uuid.meta({ description: 'Your character' }),
  name: characterName,
}

/** Of a guild. `name`: of whom it tells, or who did it. */
const ofGuild = { ...byOne, guildId: uuid, guild: guildName }

const accountChange = z.enum([
  'loginName',
  'password',
  'recovered',
  'email',
  'secondFactorOn',
  'secondFactorOff',
  'identityLinked',
  'identityUnlinked',
])

export const notification = z
  .discriminatedUnion('kind', [
    z.object({ ...about, kind: z.literal('friend.asked'), ...person }),
    z.object({ ...about, kind: z.literal('friend.accepted'), ...person }),
    // Who wrote it; nobody when it is from the game.
    z.object({
      ...about,
      kind: z.literal('mail.arrived'),
      characterId: uuid.meta({ description: 'Your character to whom it came' }),
      letterId: uuid,
      playerId: uuid.optional(),
      name: characterName.optional(),
    }),
    z.object({ ...about, kind: z.literal('party.invited'), ...byOne, partyId: uuid }),
    z.object({
      ...about,
      kind: z.literal('instance.opened'),
      characterId: byOne.characterId,
      name: z
        .string()
        .max(40)
        .meta({ description: 'Of the leader who has opened it, or the title of the queue' }),
      instanceId: uuid,
      zone: contentId,
    }),
    // By an operator. `text`: why the queue is closed, if it is.
    z.object({
      ...about,
      kind: z.literal('queue.ended'),
      queueId: contentId,
      title: z.string().max(40),
      text: z.string().optional(),
    }),
    z.object({ ...about, kind: z.literal('party.kicked'), ...byOne, partyId: uuid }),
    // Your ticket is over. `name`: who has left the queue for all of you, or the party, or is gone.
    z.object({ ...about, kind: z.literal('queue.left'), ...byOne, queueId: contentId }),
    z.object({ ...about, kind: z.literal('guild.invited'), ...ofGuild }),
    z.object({ ...about, kind: z.literal('guild.applied'), ...ofGuild }),
    z.object({ ...about, kind: z.literal('guild.joined'), ...ofGuild }),
    z.object({ ...about, kind: z.literal('guild.accepted'), ...ofGuild }),
    z.object({ ...about, kind: z.literal('guild.kicked'), ...ofGuild }),
    z.object({ ...about, kind: z.literal('guild.ranked'), ...ofGuild, rank: guildRankName }),
    z.object({ ...about, kind: z.literal('guild.led'), ...ofGuild }),
    z.object({ ...about, kind: z.literal('guild.disbanded'), ...ofGuild }),
    // To the reporter. `name`: of whom he reported, as it was then.
    z.object({
      ...about,
      kind: z.literal('report.decided'),
      reportId: uuid,
      name: characterName,
      acted: z.boolean(),
    }),
    z.object({
      ...about,
      kind: z.literal('sanction.given'),
      sanctionId: uuid,
      sanction: z.enum(['warning', 'mute', 'ban']),
      until: moment.optional(),
    }),
    // By an appeal, or by itself before its end.
    z.object({ ...about, kind: z.literal('sanction.lifted'), sanctionId: uuid }),
    z.object({ ...about, kind: z.literal('appeal.upheld'), sanctionId: uuid }),
    // The player himself did it, as a rule; if not, this is how he learns of it.
    z.object({ ...about, kind: z.literal('account.changed'), what: accountChange }),
  ])
  .meta({
    id: 'Notification',
    description: 'What a player must not miss. Skip kinds that you do not know',
  })

export type Notification = z.infer<typeof notification>

/** A kind and its body, before it is written. */
export type News = Notification extends infer One
  ? One extends Notification
    ? Omit<One, keyof typeof about>
    : never
  : never

/** What changed of an account. */
export type AccountChange = z.infer<typeof accountChange>
