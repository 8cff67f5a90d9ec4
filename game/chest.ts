// A chest at the end of a dungeon (content/chests): who reaches it ends the dungeon for all who are there. It counts once
// for each of them, and the dungeon closes a minute later.
import { contentKind } from 'waystone/api'
import { archetype, Players } from 'waystone/zone'
import type { GameSystem } from 'waystone/zone'
import * as z from 'waystone/zod'
import { Delved, Opened } from './protocol.ts'

const metres = z.number().min(0).max(3200)

/** By the id of the zone that it stands in. */
export const chests = contentKind(
  'chests',
  z.strictObject({ id: z.string(), x: metres, y: metres }),
)

const closeSeconds = 60

export const Chest = archetype('chest', {
  body: 'sensor',
  radius: 1,
  parts: [Opened],
  touched(zone, chest) {
    if (zone.read(chest, Opened, 'opened')) return
    zone.set(chest, Opened, { opened: true })
    // The instance is played once: its id names the fact for good.
    for (const player of zone.all(Players)) {
      zone.effect(player, Delved.add(1), `chest ${zone.instance}`)
    }
    zone.result(Object.fromEntries(zone.match?.teams.map(({ name }) => [name, 1]) ?? []))
    zone.close(closeSeconds)
  },
})

export const putChest: GameSystem = {
  name: 'chest',
  after: 'input',
  run(zone) {
    const at = zone.content(chests).get(zone.id)
    if (at === undefined || zone.state['chest'] !== undefined) return
    zone.state['chest'] = zone.spawn(Chest, at).id
  },
}
