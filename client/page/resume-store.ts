// The way back after a reload: which character was played, and the ticket that resumes its stay. It lies in
// sessionStorage, for it belongs to this tab alone.
import type { KeyStore } from '../library/storage.ts'
import type { ResumeTicket } from '../library/zone-client-state.ts'

export type Playing = { realmId: string; characterId: string; name: string; appearance: string }

type Kept = Playing & { ticket: Omit<ResumeTicket, 'secret'> & { secret: number[] } }

const key = 'resume'

export function keepPlaying(
  store: KeyStore,
  playing: Playing,
  ticket: ResumeTicket | undefined,
): void {
  if (ticket === undefined) store.remove(key)
  else {
    const kept: Kept = { ...playing, ticket: { ...ticket, secret: [...ticket.secret] } }
    store.set(key, JSON.stringify(kept))
  }
}

export function readPlaying(
  store: KeyStore,
): { playing: Playing; ticket: ResumeTicket } | undefined {
  try {
    const kept = JSON.parse(store.get(key) ?? 'null') as Kept | null
    if (kept === null) return undefined
    const { ticket, ...playing } = kept
    return { playing, ticket: { ...ticket, secret: new Uint8Array(ticket.secret) } }
  } catch {
    // Damaged, or of another version: then the player chooses a character as usual.
    return undefined
  }
}
