// A store that sends a hint for each notification it has written, so that no domain has to think of it.
import { ownerOfMailbox } from '../notifications/mailbox.ts'
import type { Store, Write } from '../store/store.ts'
import type { Push } from '../push/push.ts'

/**
 * Passes everything on. After a transaction that put rows into mailboxes, their players get a hint. One whose
 * outcome is unclear sends none: they read it later.
 */
export function hintedStore(store: Store, { hint }: Pick<Push, 'hint'>): Store {
  return {
    ...store,
    async transact(writes) {
      await store.transact(writes)
      for (const [realmId, accountIds] of toldBy(writes)) hint('mailbox', realmId, accountIds)
    },
  }
}

/** The players in whose mailboxes something was put, by realm. */
function toldBy(writes: readonly Write[]): Map<string, string[]> {
  const told = new Map<string, string[]>()
  for (const write of writes) {
    const player =
      'put' in write && write.put.table === 'volatile' ? ownerOfMailbox(write.put.item) : undefined
    if (player === undefined) continue
    told.set(player.realmId, [...(told.get(player.realmId) ?? []), player.accountId])
  }
  return told
}
