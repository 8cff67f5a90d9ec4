// Which instance of a zone a player goes to. The rule, in this order (test/ownership/placement.test.ts has it as a table):
//
//   1. where others of his party are, most of them first          up to `closed`
//   2. where the friend is to whom he wishes                      up to `closed`
//   3. where he has a place already                               always
//   4. instances below the target: of this content first, then
//      those that fulfil more of his wish, then the fullest       up to `target`
//   5. the others, the emptiest first, ordered as in 4 before it  up to `closed`
//   6. a new one
//
// Only instances count that speak his client's version of the protocol. A place that he has where 1 or 2 would lead
// him comes first of all: a request that is repeated finds it.
import type { Wish } from '#shared/api/world.ts'
import { contentMark, speaksTo } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { closedAt, filledAt } from '#shared/ownership/listing.ts'

/**
 * An instance, and the number of places up to which it may be filled; 0: no place is taken, but one that the
 * character has there is renewed.
 */
export type Offer = { card: Card; limit: number }

/** Instances that count for this character alone. */
export type Known = { mine?: Card | undefined; mates?: readonly Card[]; friend?: Card | undefined }

/** What a client asks for. */
export type Asked = { protocol?: number | undefined; wish?: Pick<Wish, 'region' | 'language'> }

/** `fits`: he may come there at all. `rank`: the lower, the sooner. `enough`: there is none that suits him better. */
export type Taste = {
  fits: (card: Card) => boolean
  rank: (card: Card) => number
  enough: (card: Card) => boolean
}

/** `content`: the version that the functions serve. A release moves on: nobody is sent to older content while there is room. */
export function tasteOf({ protocol, wish = {} }: Asked, content: string): Taste {
  const mark = contentMark(content)
  const missed = ({ region, language }: Card) =>
    Number(wish.region !== undefined && region !== wish.region) +
    Number(wish.language !== undefined && language !== wish.language)
  const isOlder = (card: Card) => card.content !== undefined && card.content !== mark
  const rank = (card: Card) => (isOlder(card) ? 3 : 0) + missed(card)
  return {
    fits: (card) => protocol === undefined || speaksTo(card, protocol),
    rank,
    enough: (card) => rank(card) === 0,
  }
}

/**
 * Instances to try, in order. `room` comes in the order of filling (findRoom). It may be some seconds old, so an
 * instance that was below the target is offered again; so are, last, those that are full of reservations.
 */
export function offersOf(
  { mine, mates = [], friend }: Known,
  room: readonly Card[],
  { isFresh, rank = () => 0 }: { isFresh: (card: Card) => boolean; rank?: Taste['rank'] },
): Offer[] {
  const company = distinct([...mates, ...(friend === undefined ? [] : [friend])])
  const isMine = (card: Card) => mine !== undefined && isSame(card, mine)
  const among = company.some(isMine)
  const rest = room
    .filter((card) => !isMine(card) && !company.some((one) => isSame(one, card)))
    .toSorted((a, b) => rank(a) - rank(b))
  const roomy = rest.filter((card) => card.count < filledAt(card))
  const full = rest.filter((card) => card.count >= closedAt(card))
  const tight = rest.filter((card) => !roomy.includes(card) && !full.includes(card))
  const offers = [
    ...roomy.map((card) => ({ card, limit: filledAt(card) })),
    ...[...tight, ...roomy].map((card) => ({ card, limit: closedAt(card) })),
    ...full.map((card) => ({ card, limit: 0 })),
  ]
  const own = mine === undefined ? [] : [{ card: mine, limit: mine.capacity }]
  return [
    ...(among ? own : []),
    ...company.filter((card) => !isMine(card)).map((card) => ({ card, limit: closedAt(card) })),
    ...(among ? [] : own),
    ...offers.filter(({ card }) => isFresh(card)),
    ...offers.filter(({ card }) => !isFresh(card)),
  ]
}

function distinct(cards: readonly Card[]): Card[] {
  return cards.filter((card, i) => cards.findIndex((one) => isSame(one, card)) === i)
}

export function isSame(one: Card, other: Card): boolean {
  return one.bootId === other.bootId && one.instance === other.instance
}
