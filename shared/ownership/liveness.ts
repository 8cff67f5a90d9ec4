// Whether an instance lives, judged by its card.
import { cardsKnownMax, clockSlackMs, instanceSilentMs } from '../limits.ts'
import { nameOf } from './card.ts'
import type { Card } from './card.ts'

/** Whether the host of a card still writes it. `now`: the reader's clock, Unix ms. */
export type IsLive = (card: Card, now: number) => boolean

/**
 * Whether a card was written lately, by the reader's clock. No more than a hint, for clocks differ. A card that
 * is not fresh at its first sight is mostly that of a host that crashed a minute ago.
 */
export function isFresh({ seenAt }: Card, now: number): boolean {
  return now - seenAt <= instanceSilentMs
}

/**
 * Judges cards by what this process has observed of them. A card whose heartbeat has not risen for 12 s is
 * silent. At its first sight only the host's clock says when it was written, so it is judged with slack. Later
 * the host's clock decides nothing: two times of one host are compared with each other alone.
 */
export function createLiveness(): IsLive {
  const known = new Map<string, Pick<Card, 'heartbeat' | 'seenAt'> & { since: number }>()
  return (card, now) => {
    const { heartbeat, seenAt } = card
    const name = nameOf(card)
    const before = known.get(name)
    if (before === undefined || heartbeat > before.heartbeat) {
      const silent = before === undefined && now - seenAt > instanceSilentMs + clockSlackMs
      known.delete(name)
      known.set(name, { heartbeat, seenAt, since: silent ? Number.NEGATIVE_INFINITY : now })
      if (known.size > cardsKnownMax) known.delete(known.keys().next().value!)
      return !silent
    }
    // The reader's clock may have been set back.
    before.since = Math.min(before.since, now)
    return now - before.since + Math.max(0, before.seenAt - seenAt) <= instanceSilentMs
  }
}
