// How operators name players, and say why they act.
import * as z from 'zod'
import { announcementMaxLength, reasonMaxLength, reasonMinLength } from '../../limits.ts'

/**
 * Control and format characters, line and paragraph separators: they change a terminal or hide in a line.
 * They are written out, because the pattern stands in the OpenAPI document and some of its readers do not
 * know `\p{Cf}`. The pattern leaves out the format characters of rare scripts.
 */
const hidden =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
  `\\ufeff\\ufff9-\\ufffb${String.fromCodePoint(0xe0000)}-${String.fromCodePoint(0xe007f)}`

/** One line, without a blank at either end: it is read in terminals and shown to players. */
const line = z.string().regex(new RegExp(`^[^\\s${hidden}]([^${hidden}]*[^\\s${hidden}])?$`, 'u'))

export const reason = line.min(reasonMinLength).max(reasonMaxLength).meta({
  description: 'Why, for the audit. Players do not see it',
  example: 'Sold gold, ticket 4711',
})

const who = z
  .string()
  .min(1)
  .max(80)
  .meta({
    description:
      'As where something is changed; to look, a login name or the name of a character will do without ' +
      'its kind, as it is spelled',
    example: 'character:Mira Vale',
  })

const id = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

/** Names the player that a change is for. No such name can be read as another kind of name. */
export const named = z
  .string()
  .max(80)
  .regex(new RegExp(`^((account:|character:)?${id}|(login|character):[^${hidden}]+)$`, 'u'))
  .meta({
    description:
      'An id (of an account or a character), `account:` and an id, `login:` and a login name, or ' +
      '`character:` and the name of a character as it is spelled',
    example: 'character:Mira Vale',
  })

export const shownLine = line.min(1).max(announcementMaxLength)
export const anyName = z.object({ who })
export const namedPlayer = z.object({ who: named })
export const whoErrors = ['admin.player_unknown', 'admin.ambiguous'] as const
export const write = [{ rate: 'write.account', by: 'account' }] as const
export const read = [{ rate: 'read.account', by: 'account' }] as const
