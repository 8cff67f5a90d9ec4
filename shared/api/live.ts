// What stands for everybody in a realm: a maintenance, and announcements that are kept. The same schemas hold in
// answers, in rows and in events.
import * as z from 'zod'
import { announcementMaxLength } from '../limits.ts'
import { contentId, moment, uuid } from './names.ts'

export const maintenance = z
  .object({
    from: moment.meta({ description: 'From then on nobody comes in, and who is in is let go' }),
    until: moment.meta({ description: 'The realm is open again' }),
    text: z.string().max(announcementMaxLength).optional(),
  })
  .meta({ id: 'Maintenance' })

export const announcement = z
  .object({
    announcementId: uuid,
    text: z.string().max(announcementMaxLength),
    zone: contentId.optional().meta({ description: 'For this zone; for all without it' }),
    from: moment,
    until: moment,
    countdownTo: moment.optional().meta({ description: 'Show how long it is until then' }),
  })
  .meta({ id: 'Announcement' })

export type Maintenance = z.infer<typeof maintenance>
export type Announcement = z.infer<typeof announcement>
