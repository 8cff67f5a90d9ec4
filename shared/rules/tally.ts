// A tally: a whole number that a game keeps of each character or account, and adds to by effects. It is declared
// once, without I/O: zones add to it, pages know it by its name.
import * as z from 'zod'
import { contentId } from '../api/names.ts'

/** How the core says what it adds; it is passed to `zone.effect`, with an id. */
export type TallyAdd = { kind: string; body: { add: number } }

export type Tally = {
  readonly name: string
  /** A character's own, or one number of all characters of an account in a realm. */
  readonly per: 'character' | 'account'
  /** There is a list of all, highest total first. */
  readonly ranked: boolean
  readonly version: number
  /** Of the effect that adds to it. */
  readonly kind: string
  /** Adds `n`, once for each id of a player. Throws a RangeError for zero and for what is no safe integer. */
  add(n: number): TallyAdd
}

/** So that a kind is no longer than `effectKindMaxChars`. */
const version = z.int().min(1).max(9999)

export const tallyAdd = z.strictObject({ add: z.int().refine((n) => n !== 0) })

/** What the effect of an addition answers. Of two totals, the one with more changes is the newer one. */
export const tallyTotal = z.object({ total: z.int(), changes: z.int().min(0) })
export type TallyTotal = z.infer<typeof tallyTotal>

/**
 * Declares a tally. A higher `version` begins anew: every total is 0 again, and the list is empty. Raise it
 * for another season, and when `per` changes. Throws for a name that is no content id.
 */
export function tally(
  name: string,
  options: { per: Tally['per']; ranked?: boolean; version?: number },
): Tally {
  const { per, ranked = false } = options
  const kind = `tally.${contentId.parse(name)}.${version.parse(options.version ?? 1)}`
  return {
    name,
    per,
    ranked,
    version: options.version ?? 1,
    kind,
    add(n) {
      if (!Number.isSafeInteger(n) || n === 0)
        throw new RangeError(`${n} cannot be added to ${name}`)
      return { kind, body: { add: n } }
    },
  }
}

/** The name of the tally whose additions have this kind; undefined for another effect. */
export function tallyOfKind(kind: string): string | undefined {
  return /^tally\.(\w+)\.\d+$/.exec(kind)?.[1]
}
