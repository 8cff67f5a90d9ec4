// The profile of a character. It is written when the character is made; its name changes while it is out of play. A host
// reads it at a claim.
import * as z from 'zod'

const profile = z.object({ name: z.string(), race: z.string(), job: z.string() })

export type Profile = z.infer<typeof profile>

/** Throws if `stored` is no profile. That is a defect of ours, because our code has written it. */
export function readProfile(stored: unknown): Profile {
  return profile.parse(stored)
}
