// The need of one more instance of a zone. Who finds no room asks for it, and the keeper of warm instances does ahead of
// time (warm.ts): both by the same id, so there is one new host, however many ask.
import type { Content } from '#shared/content/content.ts'
import { findCards } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { readOpened } from '#shared/ownership/listing.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'

export type Need = {
  /**
   * Until one more instance has opened, every request for it gets the same new host, at any time and any number of
   * times. It counts instances whose copies are written.
   */
  requestId: string
  /** Whether the zone has fewer instances than it may have. No trip where the content has no bound. */
  allowed: () => Promise<boolean>
}

/** One trip, strong. */
export async function readNeed(
  deps: { store: Store; runtime: Pick<Runtime, 'now'>; isLive: IsLive; content: Content },
  realmId: string,
  zone: string,
): Promise<Need> {
  const { store, runtime, isLive, content } = deps
  const opened = await readOpened(store, realmId, zone)
  return {
    requestId: `${realmId}/${zone}/${opened}`,
    async allowed() {
      const max = content.zones.get(zone)?.instances?.max
      if (max === undefined) return true
      // Read after the number: all instances that it counts are seen. So what is opened under it is one more than
      // there are, and no more.
      const cards = await findCards(store, realmId, zone, { consistent: true })
      return countInstances(cards, (card) => isLive(card, runtime.now())) < max
    },
  }
}

/** Instances that take players, and those beside them in the same hosts, which are about to. */
function countInstances(cards: readonly Card[], isLive: (card: Card) => boolean): number {
  const shared = cards.filter((card) => card.kind === undefined && isLive(card))
  const hosts = new Set(shared.filter(({ state }) => state === 'open').map((one) => one.bootId))
  return shared.filter(({ bootId, state }) => hosts.has(bootId) && state !== 'draining').length
}
