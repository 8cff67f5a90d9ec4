import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { contentId } from './names.ts'

const manifest = z
  .object({
    version: z.string().meta({ description: 'Hash over all files' }),
    files: z.array(z.object({ file: z.string(), etag: z.string(), bytes: z.int() })),
  })
  .meta({ id: 'ContentManifest' })

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
      summary: 'One content file; send If-None-Match to be told 304',
      identity: 'anyone',
      params: z.object({ kind: z.enum(['zones', 'creatures', 'races', 'jobs']), name: contentId }),
      answer: z.record(z.string(), z.unknown()).meta({ id: 'ContentFile' }),
      cache: { maxAgeS: 60 },
      errors: ['content.not_found'],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})
