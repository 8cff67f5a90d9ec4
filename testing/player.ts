// A player of the test kit: what he does, and what his client was told. The same in a zone without processes and in
// a world of real ones.
import { read } from '#client/library/view.ts'
import type { Seen } from '#client/library/view.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import type { Component } from '#shared/components/component.ts'
import type { Shape, ValueOf } from '#shared/components/fields.ts'
import type { ControlMessage } from '#shared/protocol/control.ts'
import { headingTo } from '#shared/rules/heading.ts'
import type { Tally } from '#shared/rules/tally.ts'
import { metresToUnits, unitsPerMetre } from '#shared/rules/units.ts'
import type { Time } from './time.ts'

/** Metres. */
export type Place = { readonly x: number; readonly y: number }

export type TestPlayer = {
  readonly characterId: string
  /** As the page has it: abilities, messages, what is in view. */
  readonly world: ZoneClient
  /** Where he is, as predicted. */
  readonly at: Place
  /** Walks towards a position until `stand`. It does not stop there. */
  walk(to: Place): void
  stand(): void
  /** What he knows of his own component. Undefined when he is not told of it. */
  read<S extends Shape>(component: Component<S>): ValueOf<S> | undefined
  /** The others that he sees, in metres; with an archetype's name, only those. */
  sees(archetype?: string): Seen[]
  /** The messages of the game that he was sent, oldest first. */
  readonly messages: readonly ControlMessage[]
  /** The total of a tally, as it was told last; 0 before. */
  total(tally: Pick<Tally, 'name'>): number
  /** Loses the connection as a network does. It comes back by itself. */
  drop(): void
  leave(): Promise<void>
}

/** ms */
const updateMs = 25

/** Gives a client the words of a test. `time` is the world's. */
export function createPlayer(
  world: ZoneClient,
  characterId: string,
  time: Pick<Time, 'every' | 'pass'>,
): TestPlayer {
  const messages: ControlMessage[] = []
  const totals = new Map<string, number>()
  world.on('message', (message) => void messages.push(message))
  world.on('tally', ({ tally, total }) => void totals.set(tally, total))
  const stop = time.every(updateMs, () => world.update())
  void world.ended.then(stop)
  const at = () => {
    const self = world.self()
    if (self === undefined) throw new Error('the player is not in the zone')
    return { x: self.x / unitsPerMetre, y: self.y / unitsPerMetre }
  }
  return {
    characterId,
    world,
    messages,
    get at() {
      return at()
    },
    walk({ x, y }) {
      const from = at()
      world.walk(headingTo(metresToUnits(x - from.x), metresToUnits(y - from.y)))
    },
    stand: () => world.stand(),
    read(component) {
      const self = world.self()
      const known = self && world.entity(self.id)
      return known && read(known, component)
    },
    sees: (archetype) =>
      world
        .seen()
        .filter((seen) => archetype === undefined || seen.archetype === archetype)
        .map((seen) => ({ ...seen, x: seen.x / unitsPerMetre, y: seen.y / unitsPerMetre })),
    total: ({ name }) => totals.get(name) ?? 0,
    drop: () => world.drop(),
    async leave() {
      const left = world.leave()
      await time.pass(1000)
      await left
    },
  }
}
