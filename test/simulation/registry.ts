// Reads instances and places in the store for the judge: at once, without a request.
import { cardKey } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { placeKey } from '#shared/ownership/places.ts'
import type { Place } from '#shared/ownership/places.ts'
import type { MemoryStore } from '#shared/store/memory.ts'
import { zoneShards } from '#shared/limits.ts'
import { realmId } from './map.ts'

type Seen = Pick<Card, 'zone' | 'bootId' | 'instance' | 'capacity' | 'count' | 'players' | 'state'>

export function cardsIn(memory: MemoryStore, zones: readonly string[]): Seen[] {
  const found: Seen[] = []
  for (const zone of zones) {
    for (let shard = 0; shard < zoneShards; shard++) {
      for (const row of memory.rows('volatile', `R#${realmId}#Z#${zone}#${shard}`)) {
        const [bootId, instance] = row.sk.split('#') as [string, string]
        const { pk } = cardKey(realmId, { zone, bootId, instance })
        if (row.pk !== pk) throw new Error(`a card of ${zone} lies in ${row.pk}`)
        found.push({ ...(row as unknown as Seen), zone, bootId, instance })
      }
    }
  }
  return found
}

export function placesIn(
  memory: MemoryStore,
  { bootId, instance }: { bootId: string; instance: string },
): Place[] {
  const { pk } = placeKey(realmId, { zone: '', bootId, instance }, '')
  return memory.rows('volatile', pk).map(({ sk, until }) => ({
    characterId: sk,
    until: until as number,
  }))
}
