// Schemas that more than one domain's endpoints share.
import * as z from 'zod'
import {
  characterNameMaxLength,
  characterNameMinLength,
  guildNameMaxLength,
  guildNameMinLength,
  guildRankNameMaxLength,
} from '../limits.ts'
import { charactersOf } from '../protocol/chat-text.ts'

/** A realm's id: part of keys and addresses, so plain ASCII. */
export const realmId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,15}$/)
  .meta({ description: 'Realm id', example: 'local' })

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  .meta({ description: 'UUID in lower case' })

export const contentId = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/)
  .meta({ description: 'Id of a content entry', example: 'forest' })

/** Latin letters, with single apostrophes, hyphens or blanks inside. Unique by its looks (rules/looks.ts). */
export const characterName = z
  .string()
  .min(characterNameMinLength)
  .max(characterNameMaxLength)
  .regex(/^[A-Za-z]+(?:['\- ][A-Za-z]+)*$/)
  .meta({
    description:
      'Character name, unique in its realm by how it looks: case, blanks and signs do not tell two names ' +
      'apart, nor does I or l, rn or m, vv or w',
    example: 'Mira Vale',
  })

/** What a player writes, of so many code points at most. What is in it is judged apart (protocol/chat-text.ts). */
export const writtenText = (max: number) =>
  z
    .string()
    .min(1)
    .refine((text) => charactersOf(text) <= max)
    .meta({ maxLength: max })

/** As a character's name, and longer. */
export const guildName = z
  .string()
  .min(guildNameMinLength)
  .max(guildNameMaxLength)
  .regex(/^[A-Za-z]+(?:['\- ][A-Za-z]+)*$/)
  .meta({
    description:
      'Guild name, unique among the guilds of its realm by how it looks, as names of characters are',
    example: 'Lanterns of the Vale',
  })

export const guildRankName = writtenText(guildRankNameMaxLength).meta({
  description: 'What the guild calls the rank',
  example: 'Officer',
})

/** A moment: Unix milliseconds. */
export const moment = z.int().min(0).meta({ description: 'Unix time in milliseconds' })

export const done = z.object({}).meta({ description: 'Nothing to say' })

/** Where hosts stand, and which language is spoken there: who runs them says so. Cards carry both, so they are short. */
export const regionTag = z.string().regex(/^[a-z][a-z0-9-]{0,11}$/)
export const languageTag = z.string().regex(/^[a-z]{2,3}(-[a-z0-9]{2,4})?$/)
