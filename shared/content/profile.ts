// Who a character is. Written once when it is made; its host reads it when it comes in.
import * as z from 'zod'

const profile = z.object({ name: z.string(), race: z.string(), job: z.string() })

export type Profile = z.infer<typeof profile>

/** Throws on what is none: a defect of ours, for we have written it. */
export function readProfile(stored: unknown): Profile {
  return profile.parse(stored)
}
