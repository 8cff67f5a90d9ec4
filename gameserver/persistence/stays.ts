// The stays of this host, as the worker knows them: claimed, and not ended yet.
import type { Saved } from '#shared/ownership/saved.ts'

export type HeldStay = {
  instance: string
  epoch: number
  /** When the reservation ended that it began with, Unix ms: the name of its place. */
  ticketExpires: number
  savedAt: number
  saved: Saved
  /** Has no place to hold. */
  synthetic: boolean
}

/** By character id. */
export type Stays = Map<string, HeldStay>

/** The stay that began with that claim; undefined when the character has left or come back since. */
export function stayOf(stays: Stays, characterId: string, epoch: number): HeldStay | undefined {
  const one = stays.get(characterId)
  return one?.epoch === epoch ? one : undefined
}
