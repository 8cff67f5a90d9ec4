// What the game of the simulation makes durable: each mile that a character walks, once. It stands in a row of
// the game and in a ranked tally. And what must hold of both: no mile counts twice; one whose outcome was `done` is
// there, for good; and one that waits in what a host goes on from is there in the end. The ranked list has each
// character once, with his total.
//
// A mile ends where the gate begins, so an effect is mostly asked for in the tick in which its player leaves.
import { Players } from '#gameserver/sim/archetype.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import { effect } from '#shared/game/effect.ts'
import { gameKey } from '#shared/game/game.ts'
import { rankPartition, tallyEffect } from '#shared/game/tallying.ts'
import { tallyShards } from '#shared/limits.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import { tally } from '#shared/rules/tally.ts'
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
const mile = effect({
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

/** How often each has happened, as the digits of one number. */
const Walked = tally('walked', { per: 'character', ranked: true })
const digits = 4

/** The worth of a mile: its number in its zone, and the height of that. */
function worthOf(id: string): number {
  const [height, number] = id.split(':').map(Number) as [number, number]
  return digits ** (2 * number + (height % 2))
}

export const effects = [mile, tallyEffect(Walked)]

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
          zone.effect(player, Walked.add(worthOf(id)), id)
        }
        walked.set(zone, now)
      },
    },
  ],
})

type Effect = Pick<WaitingEffect, 'kind' | 'id'>

/** Begins the partition of a character's totals. */
const totalsOf = gameKey(realmId, 'TALLY#OF#')

export type EffectWatch = ReturnType<typeof createEffectWatch>

export function createEffectWatch(deps: {
  network: () => Network
  violation: (rule: string, what: string, characterId?: string) => void
}) {
  const { violation } = deps
  /** By character: effects that waited in what a host went on from. */
  const waited = new Map<string, Map<string, Effect>>()
  const rows = (pk: string) => deps.network().memory.rows('core', pk)

  function times(characterId: string, { kind, id }: Effect): number {
    if (kind === mile.kind) {
      return (rows(milesKey(characterId).pk)[0]?.[id] as number | undefined) ?? 0
    }
    const total = (rows(totalsOf + characterId)[0]?.['total'] as number | undefined) ?? 0
    return Math.floor(total / worthOf(id)) % digits
  }

  /** The digits of a total, and that the ranked list has it. */
  function checkTotal(characterId: string): void {
    const total = rows(totalsOf + characterId)[0]!['total'] as number
    if (/[^01]/.test(total.toString(digits))) {
      violation('an effect happens once', `miles add up to ${total.toString(digits)}`, characterId)
    }
    const entries = Array.from({ length: tallyShards }, (_, shard) =>
      rows(rankPartition(realmId, Walked, shard)),
    ).flat()
    const own = entries.filter((entry) => entry['characterId'] === characterId)
    if (own.length === 1 && own[0]!['total'] === total) return
    violation('the ranked list has each total once', `${own.length} for ${total}`, characterId)
  }

  return {
    /** A row has changed. */
    applied(key: Key): void {
      if (key.pk.startsWith(totalsOf)) checkTotal(key.pk.slice(totalsOf.length))
      const characterId = key.pk.split(milesOf)[1]
      if (characterId === undefined) return
      for (const [id, count] of Object.entries(rows(key.pk)[0]!)) {
        if (typeof count === 'number' && count > 1) {
          violation('an effect happens once', `${id} happened ${count} times`, characterId)
        }
      }
    },
    answered(characterId: string, effect: Effect, outcome: EffectOutcome | 'fenced'): void {
      if (outcome === 'fenced') return
      const name = `${effect.kind} ${effect.id}`
      if (outcome.outcome === 'refused') {
        violation('an effect happens once', `${name} was refused: ${outcome.refused}`, characterId)
      } else if (times(characterId, effect) === 0) {
        violation('an effect that is done has happened', `${name} has not`, characterId)
      }
    },
    /** A host goes on from this. */
    claimed({ characterId, saved }: Pick<CheckpointEntry, 'characterId' | 'saved'>): void {
      const known = waited.get(characterId) ?? new Map<string, Effect>()
      waited.set(characterId, known)
      for (const one of saved.effects ?? []) known.set(`${one.kind} ${one.id}`, one)
    },
    /** The run ends, and the character has been in play for a while. */
    settled(characterId: string): void {
      for (const [name, one] of waited.get(characterId) ?? []) {
        if (times(characterId, one) > 0) continue
        violation('an effect that was saved happens', `${name} has not`, characterId)
      }
    },
  }
}
