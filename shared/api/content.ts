import * as z from 'zod'
import {
  creatureSchema,
  eventSchema,
  jobSchema,
  raceSchema,
  zoneSchema,
} from '../content/content.ts'
import { domain, endpoint } from './endpoint.ts'
import { contentId } from './names.ts'

const manifest = z
  .object({
    version: z.string().meta({ description: 'Hash over all files' }),
    files: z.array(z.object({ file: z.string(), etag: z.string(), bytes: z.int() })),
  })
  .meta({ id: 'ContentManifest' })

/** A file as it lies in the game's folder. A field that has a default may be missing. */
const file = z
  .union([
    zoneSchema.extend({ tickHz: zoneSchema.shape.tickHz.unwrap().optional() }).meta({
      id: 'ZoneFile',
      description: 'Of kind `zones`. Lengths in metres; `tickHz` is 20 when it is missing',
    }),
    creatureSchema.meta({
      id: 'CreatureFile',
      description: 'Of kind `creatures`. Radius in metres, speed in metres a second',
    }),
    raceSchema.meta({ id: 'RaceFile', description: 'Of kind `races`' }),
    jobSchema.meta({ id: 'JobFile', description: 'Of kind `jobs`' }),
    eventSchema
      .extend({ announceMinutes: eventSchema.shape.announceMinutes.unwrap().optional() })
      .meta({ id: 'EventFile', description: 'Of kind `events`. Times in UTC' }),
    z.looseObject({ id: z.string() }).meta({
      id: 'GameFile',
      description: 'Of another kind, which the game declares',
    }),
  ])
  .meta({ id: 'ContentFile' })

export const content = domain({
  name: 'content',
  description: 'Files of the game, the same for everybody',
  endpoints: {
    manifest: endpoint({
      method: 'GET',
      path: '/v1/content',
      summary: 'All content files with their hashes',
      identity: 'anyone',
      answer: manifest,
      cache: { maxAgeS: 60 },
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
    file: endpoint({
      method: 'GET',
      path: '/v1/content/{kind}/{name}',
      summary: 'One content file; with If-None-Match the answer may be 304',
      identity: 'anyone',
      params: z.object({ kind: contentId, name: contentId }),
      answer: file,
      cache: { maxAgeS: 60 },
      errors: ['content.not_found'],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})

export type ContentFileJson = z.infer<typeof file>
