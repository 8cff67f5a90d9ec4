// The way back after a reload: which character was played, and the ticket that resumes its stay. It lies in
// sessionStorage, for it belongs to this tab alone.
import * as z from 'zod'
import { resumeSecretBytes } from '#shared/protocol/client-frames.ts'
import { readJson } from '../library/storage.ts'
import type { KeyStore } from '../library/storage.ts'
import type { ResumeTicket } from '../library/zone-client-state.ts'

const playingSchema = z.object({
  realmId: z.string(),
  characterId: z.string(),
  name: z.string(),
  appearance: z.string(),
})

const ticketSchema = z.object({
  address: z.string(),
  zone: z.string(),
  stay: z.int().min(0),
  secret: z.array(z.int().min(0).max(255)).length(resumeSecretBytes),
})

const keptSchema = z.object({
  ...playingSchema.shape,
  // Without a ticket that fits, the character enters anew.
  ticket: ticketSchema.optional().catch(undefined),
})

export type Playing = z.infer<typeof playingSchema>

const key = 'resume'

export function keepPlaying(
  store: KeyStore,
  playing: Playing,
  ticket: ResumeTicket | undefined,
): void {
  if (ticket === undefined) store.remove(key)
  else {
    const kept: z.input<typeof keptSchema> = {
      ...playing,
      ticket: { ...ticket, secret: [...ticket.secret] },
    }
    store.set(key, JSON.stringify(kept))
  }
}

/** What was kept. An older page may have kept it, or it is damaged: what does not fit is forgotten. */
export function readPlaying(
  store: KeyStore,
): { playing: Playing; ticket: ResumeTicket | undefined } | undefined {
  const kept = keptSchema.safeParse(readJson(store, key))
  if (!kept.success) {
    store.remove(key)
    return undefined
  }
  const { ticket, ...playing } = kept.data
  return { playing, ticket: ticket && { ...ticket, secret: Uint8Array.from(ticket.secret) } }
}
