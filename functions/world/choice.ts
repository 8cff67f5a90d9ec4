// Which instance of a zone a player goes to.
import type { Card } from '#shared/ownership/card.ts'
import { closedAt, filledAt } from '#shared/ownership/listing.ts'

/**
 * An instance, and the number of places up to which it may be filled; 0: no place is taken, but one that the
 * character has there is renewed.
 */
export type Offer = { card: Card; limit: number }

/**
 * Instances to try, in order: the one where the character has a place already; those where others of its party
 * are, up to 95 %; the fullest below 80 %, up to
 * 80 %; then the emptiest, up to 95 %; then those that are full of reservations. `room` comes in that order
 * (findRoom). It may be some seconds old, so an instance that was below 80 % is offered again.
 */
export function offersOf(
  mine: Card | undefined,
  mates: readonly Card[],
  room: readonly Card[],
  isFresh: (card: Card) => boolean,
): Offer[] {
  const first = [...(mine === undefined ? [] : [mine]), ...mates]
  const rest = room.filter((card) => !first.some((one) => isSame(one, card)))
  const roomy = rest.filter((card) => card.count < filledAt(card))
  const full = rest.filter((card) => card.count >= closedAt(card))
  const tight = rest.filter((card) => !roomy.includes(card) && !full.includes(card))
  const offers = [
    ...roomy.map((card) => ({ card, limit: filledAt(card) })),
    ...[...tight, ...roomy].map((card) => ({ card, limit: closedAt(card) })),
    ...full.map((card) => ({ card, limit: 0 })),
  ]
  return [
    ...(mine === undefined ? [] : [{ card: mine, limit: mine.capacity }]),
    ...mates.map((card) => ({ card, limit: closedAt(card) })),
    ...offers.filter(({ card }) => isFresh(card)),
    ...offers.filter(({ card }) => !isFresh(card)),
  ]
}

export function isSame(one: Card, other: Card): boolean {
  return one.bootId === other.bootId && one.instance === other.instance
}
