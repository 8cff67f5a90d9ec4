// Kinds of content that a game declares beside those of the core: a folder each, an entry a file.
import type * as z from 'zod'

/** What every entry has: the name of its file. */
export type Entry = { readonly id: string }

export type ContentKind<T extends Entry = Entry> = {
  /** Its folder in the content. */
  readonly kind: string
  readonly schema: z.ZodType<T>
}

const core: readonly string[] = [
  'zones',
  'creatures',
  'races',
  'jobs',
  'words',
  'events',
  'leaderboards',
  'queues',
]
const kindName = /^[a-z][a-z0-9_]{0,31}$/

/**
 * Declares a kind: files `content/<kind>/<id>.json` by this schema, which has an `id`. Throws a RangeError for a
 * name that the core has, or that is no content id.
 */
export function contentKind<T extends Entry>(kind: string, schema: z.ZodType<T>): ContentKind<T> {
  if (kindName.test(kind) && !core.includes(kind)) return { kind, schema }
  throw new RangeError(`${kind} is no name of a kind of content`)
}

/** The entries of a kind, by their ids. Throws a RangeError when the content has no such kind. */
export function entriesOf<T extends Entry>(
  { ofGame }: { readonly ofGame: OfGame },
  { kind }: ContentKind<T>,
): ReadonlyMap<string, T> {
  const entries = ofGame.get(kind)
  // The schema of the kind has read them.
  if (entries !== undefined) return entries as ReadonlyMap<string, T>
  throw new RangeError(`the content has no kind ${kind}`)
}

/** The entries of a game's kinds: by kind, then by id. */
export type OfGame = ReadonlyMap<string, ReadonlyMap<string, Entry>>
