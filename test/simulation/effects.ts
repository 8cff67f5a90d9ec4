// What the game of the simulation makes durable: each mile that a character walks, once. And what must hold of
// it: no mile counts twice; one whose outcome was `done` is there, for good; and one that waits in what a host
// goes on from is there in the end.
//
// A mile ends where the gate begins, so an effect is mostly asked for in the tick in which its player leaves.
import { Players } from '#gameserver/sim/archetype.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import { effect } from '#shared/game/effect.ts'
import { gameKey } from '#shared/game/game.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { EffectOutcome } from '#shared/rules/effects.ts'
import type { Key } from '#shared/store/store.ts'
import * as z from 'zod'
import { realmId } from './map.ts'
import type { Network } from './network.ts'

/** The gate of the smaller zones begins after three of them. */
const mileMetres = 46

const milesOf = 'MILES-OF-'

function milesKey(characterId: string): Key {
  return { pk: gameKey(realmId, `${milesOf}${characterId}`), sk: 'MILES' }
}

/** How often each has happened, under its id. */
export const mile = effect({
  kind: 'game.mile',
  body: z.strictObject({}),
  steps: ({ characterId, id }) => [
    {
      write: {
        update: {
          table: 'core',
          key: milesKey(characterId),
          update: 'SET #id = if_not_exists(#id, :none) + :one',
          names: { '#id': id },
          values: { ':none': 0, ':one': 1 },
        },
      },
    },
  ],
})

/** The mile that each player was in, by zone and entity. */
const walked = new WeakMap<Zone, Map<number, number>>()

/** Zones are told apart by their height. */
export const rules = zoneGame({
  systems: [
    {
      name: 'miles',
      after: 'movement',
      run(zone) {
        const before = walked.get(zone)
        const now = new Map<number, number>()
        for (const player of zone.all(Players)) {
          const number = Math.floor(player.x / mileMetres)
          now.set(player.id, number)
          const last = before?.get(player.id)
          if (last === undefined || last === number) continue
          const id = `${zone.height}:${number}`
          zone.effect(player, { kind: mile.kind, body: {} }, id)
        }
        walked.set(zone, now)
      },
    },
  ],
})

export type EffectWatch = ReturnType<typeof createEffectWatch>

export function createEffectWatch(deps: {
  network: () => Network
  violation: (rule: string, what: string, characterId?: string) => void
}) {
  const { violation } = deps
  /** By character: effects that waited in what a host went on from. */
  const waited = new Map<string, Set<string>>()

  function times(characterId: string, id: string): number {
    const { pk } = milesKey(characterId)
    return (deps.network().memory.rows('core', pk)[0]?.[id] as number | undefined) ?? 0
  }

  return {
    /** A row has changed. */
    applied(key: Key): void {
      const characterId = key.pk.split(milesOf)[1]
      if (characterId === undefined) return
      for (const [id, count] of Object.entries(deps.network().memory.rows('core', key.pk)[0]!)) {
        if (typeof count === 'number' && count > 1) {
          violation('an effect happens once', `${id} happened ${count} times`, characterId)
        }
      }
    },
    answered(characterId: string, id: string, outcome: EffectOutcome | 'fenced'): void {
      if (outcome === 'fenced') return
      if (outcome.outcome === 'refused') {
        violation('an effect happens once', `${id} was refused: ${outcome.refused}`, characterId)
      } else if (times(characterId, id) === 0) {
        violation('an effect that is done has happened', `${id} has not`, characterId)
      }
    },
    /** A host goes on from this. */
    claimed({ characterId, saved }: Pick<CheckpointEntry, 'characterId' | 'saved'>): void {
      const ids = waited.get(characterId) ?? new Set()
      waited.set(characterId, ids)
      for (const { id } of saved.effects ?? []) ids.add(id)
    },
    /** The run ends, and the character has been in play for a while. */
    settled(characterId: string): void {
      for (const id of waited.get(characterId) ?? []) {
        if (times(characterId, id) > 0) continue
        violation('an effect that was saved happens', `${id} has not`, characterId)
      }
    },
  }
}
