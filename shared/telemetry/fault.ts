// Faults in a part of a tick, as a host logs them and `npm run dev` shows them; and where an error lies.
import * as z from 'zod'

export const faultMessage = 'a part of a tick failed'

/** In development a host says so before it ends. */
export const hostReplacedMessage =
  'components, archetypes or abilities are declared otherwise: zone hosts are replaced'

/** So begins `what` of a step that took more than its time: nothing in it failed. */
export const tooLong = 'step too long: '

/** The fields of such a line. `at`: file and line, when the error knows them. `times`: since the line before. */
export const faultLine = z.object({
  message: z.literal(faultMessage),
  instance: z.string(),
  what: z.string(),
  at: z.string().optional(),
  times: z.int(),
  error: z.object({ message: z.string() }),
})

// `    at run (file:///a/b.ts?again=1:7:3)`, `    at /a/b.ts:7:3`, and `file:///a/b.ts:7` above a syntax error.
const frame = /^(?:\s+at (?:async )?(?:.+? \()?)?(file:\/\/)?(\/.*?)(?:\?[^:]*)?:(\d+)(?::\d+)?\)?$/

/** Files and lines of an error's stack, `/a/b.ts:7`, the innermost first. For a syntax error: its own. */
export function placesOf(error: Error): string[] {
  return (error.stack ?? '').split('\n').flatMap((text) => {
    const [, scheme, path = '', line] = frame.exec(text) ?? []
    if (line === undefined) return []
    return [`${scheme === undefined ? path : decodeURI(path)}:${line}`]
  })
}
