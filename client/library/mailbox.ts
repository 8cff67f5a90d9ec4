// Reads a player's mailbox: what is new since the last time, each notification once. The server sends again what
// is younger than a minute (docs/social.md), so the ids of the last read are kept with the place.
import * as z from 'zod'
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Notification } from '#shared/notifications/notification.ts'
import type { KeyStore } from './storage.ts'

export type Mailbox = {
  /** What has come since the last call, oldest first. Calls at once share one read. Fails with ApiError. */
  news(): Promise<Notification[]>
}

const kept = z.object({ since: z.string().optional(), known: z.array(z.string()) })

/** `store` remembers the place under `key`: a mailbox of its own for each player. */
export function createMailbox(
  api: Pick<ApiClient<Api>, 'notifications'>,
  realmId: string,
  { store, key }: { store: KeyStore; key: string },
): Mailbox {
  let reading: Promise<Notification[]> | undefined

  async function read(): Promise<Notification[]> {
    const before = readKept(store.get(key))
    const known = new Set(before.known)
    const all: Notification[] = []
    let { since } = before
    let after = since
    do {
      const query = after === undefined ? {} : { after }
      const page = await api.notifications.list({ params: { realmId }, query })
      all.push(...page.entries)
      since = page.since ?? since
      after = page.next
    } while (after !== undefined)
    const ids = all.map(({ notificationId }) => notificationId)
    store.set(key, JSON.stringify({ since, known: ids }))
    return all.filter(({ notificationId }) => !known.has(notificationId))
  }

  return {
    news() {
      reading ??= read().finally(() => (reading = undefined))
      return reading
    },
  }
}

function readKept(text: string | undefined): z.infer<typeof kept> {
  try {
    return kept.parse(JSON.parse(text ?? ''))
  } catch {
    return { known: [] }
  }
}
