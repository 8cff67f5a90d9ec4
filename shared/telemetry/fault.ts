// Faults in a part of a tick, as a host logs them and `npm run dev` shows them.
import * as z from 'zod'

export const faultMessage = 'a part of a tick failed'

/** The fields of such a line. `at`: file and line, when the error knows them. `times`: since the line before. */
export const faultLine = z.object({
  message: z.literal(faultMessage),
  instance: z.string(),
  what: z.string(),
  at: z.string().optional(),
  times: z.int(),
  error: z.object({ message: z.string() }),
})
