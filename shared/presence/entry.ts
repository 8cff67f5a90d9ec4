// Who is in play, in Redis, where all of it can be rebuilt.
//   presence:host:<boot id>           a hash of the host: one field for each of its players who is seen
//   presence:at:<realm>:<account>     the boot id of the host where a player came in last
//
//   presence:socket:<realm>:<account> the social socket of a player, while it gives signs of life
//   social:open:<realm>               a hash of the social sockets of a realm, with the channels that each listens to
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

/** A player outside zones: his social socket, and how friends may see him. */
const socketEntry = z.object({
  connectionId: z.string(),
  /** Unix ms */
  since: z.int(),
  appear: z.enum(['online', 'offline']),
  status: z.string().optional(),
})

export type SocketEntry = z.infer<typeof socketEntry>

export function socketKey(realmId: string, accountId: string): string {
  return `presence:socket:${realmId}:${accountId}`
}

export function writeSocketEntry(of: SocketEntry): string {
  return JSON.stringify({ v: 1, ...of })
}

/** Undefined for what this version cannot read. */
export function readSocketEntry(text: string): SocketEntry | undefined {
  try {
    return socketEntry.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** All social sockets of a realm that gave a sign of life, by connection id. Some may be gone. */
export function openSocketsKey(realmId: string): string {
  return `social:open:${realmId}`
}
