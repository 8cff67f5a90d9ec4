// Lists that come in pages. An endpoint spreads `paged` into its declaration; functions/http/page.ts reads
// the pages. A cursor is opaque: the client sends it as it came.
import * as z from 'zod'

const cursor = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9_-]+$/)

/** What a paged endpoint declares: `limit` and `after` in the query, `next` in the answer. */
export function paged<Item extends z.ZodType>(item: Item, sizes: { size: number; max: number }) {
  return {
    paged: true,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(sizes.max).default(sizes.size),
      after: cursor.optional().meta({ description: 'The `next` of the page before' }),
    }),
    answer: z.object({
      entries: z.array(item),
      next: cursor.optional().meta({ description: 'Absent on the last page' }),
    }),
  } as const
}

/** The query of a paged endpoint. */
export type PageQuery = { limit: number; after?: string | undefined }
