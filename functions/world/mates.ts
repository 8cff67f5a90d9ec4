// Where the others of a character's party play, so that it comes to them.
import { readCard } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { membersWith } from '../parties/parties.ts'

/** Instances of the zone in which some of them are, those with most first; and whether some play elsewhere. */
export type Mates = { here: Card[]; elsewhere: boolean }

export const noMates: Mates = { here: [], elsewhere: false }

/**
 * One trip for who is in no party. Else four in sequence: where he belongs, who is with him, where each of them
 * is, and what instances these are.
 */
export async function readMates(
  { store, runtime }: { store: Store; runtime: Pick<Runtime, 'now'> },
  { realmId, characterId }: Guard,
  zone: string,
): Promise<Mates> {
  const others = await membersWith(store, realmId, characterId)
  const guards = await Promise.all(
    others.map(async (other) => {
      const page = await store.query(readCharacterRows(realmId, other))
      return parseCharacterRows(realmId, other, page.items)?.guard
    }),
  )
  const playing = guards.filter((guard): guard is Guard => {
    return guard !== undefined && plays(guard, runtime.now())
  })
  const places = new Map<string, { bootId: string; instance: string; count: number }>()
  for (const { owner, instance } of playing) {
    const name = `${owner}/${instance}`
    const count = (places.get(name)?.count ?? 0) + 1
    places.set(name, { bootId: owner, instance, count })
  }
  const sorted = [...places.values()].sort((a, b) => b.count - a.count)
  const cards = await Promise.all(
    sorted.map(
      async ({ bootId, instance }) => await readCard(store, realmId, { zone, bootId, instance }),
    ),
  )
  const here = cards.filter((card) => card !== undefined)
  return { here, elsewhere: here.length < cards.length }
}

/** Whether a character is in an instance, or on its way there. */
export function plays({ state, ticketExpires }: Guard, now: number): boolean {
  return state === 'active' || (state === 'reserved' && ticketExpires > now)
}
