// Who is in play, in Redis, where all of it can be rebuilt.
//   presence:host:<boot id>           a hash of the host: one field for each of its players who is seen
//   presence:at:<realm>:<account>     the boot id of the host where a player came in last
//
// A host writes its own hash alone, so what an older host removes late is never what a newer one wrote. The
// hash ends with its host: it expires unless the host renews it. The other key is only the way there. It is
// overwritten and never removed. What it says counts if the hash there has a field of the player.
import * as z from 'zod'

/** A player in play, as friends may see him. */
const entry = z.object({
  characterId: z.string(),
  name: z.string(),
  zone: z.string(),
  /** Unix ms */
  since: z.int(),
  status: z.string().optional(),
})

export type PresenceEntry = z.infer<typeof entry>

export function hostKey(bootId: string): string {
  return `presence:host:${bootId}`
}

export function placeKey(realmId: string, accountId: string): string {
  return `presence:at:${realmId}:${accountId}`
}

export function writeEntry(of: PresenceEntry): string {
  return JSON.stringify({ v: 1, ...of })
}

/** Undefined for what this version cannot read. */
export function readEntry(text: string): PresenceEntry | undefined {
  try {
    return entry.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
