// Messages to zone hosts over the cache, for players there: on the inbox channel of a host, for some of its players; on
// a channel of the realm or of a zone, for all who are there.
import * as z from 'zod'
import { presenceWrittenAtOnce } from '../limits.ts'
import { socialEvent } from '../protocol/social-event.ts'

/** Of the realm of the host. */
const accounts = z.array(z.string()).max(presenceWrittenAtOnce)

const message = z.union([
  z.object({
    /** Something new in the mailbox; another presence of a friend; another wish how he is shown, or other blocks. */
    of: z.enum(['mailbox', 'presence', 'shown']),
    accounts,
  }),
  z.object({ event: socialEvent, accounts }),
])

const broadcastMessage = z.object({
  event: socialEvent,
  /** Only for those in this one. */
  instance: z.string().optional(),
})

/** For players of one host. It may be lost; then they see it later. */
export type PushMessage = z.infer<typeof message>
export type Hint = Extract<PushMessage, { of: string }>

/** Undefined for what this version cannot read. */
export function readPush(text: string): PushMessage | undefined {
  return parsed(message, text)
}

/** Undefined for what this version cannot read. */
export function readBroadcast(text: string): z.infer<typeof broadcastMessage> | undefined {
  return parsed(broadcastMessage, text)
}

/** The cache channel for everybody in a realm, or in one of its zones. */
export function broadcastChannel(realmId: string, zone?: string): string {
  return zone === undefined ? `events:${realmId}` : `events:${realmId}:${zone}`
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
