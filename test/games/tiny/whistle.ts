// A whistle: sheep that are near stop and look at the whistler.
import { archetype, onMessage } from 'waystone/zone'
import { gathered } from './gathered.ts'
import { Called, whistle } from './protocol.ts'

/** content/creatures/sheep.json says how it looks and how fast it is. */
export const Sheep = archetype('sheep', { body: 'walker' })

export const whistling = onMessage(whistle, (zone, player, { loud }) => {
  const sheep = zone.near(player, loud ? 60 : 5, Sheep)
  for (const each of sheep) zone.stand(each, 3, player)
  const came = sheep.length
  // Once for each player, however often he whistles: the id names the fact.
  zone.effect(player, { kind: gathered.kind, body: { came } }, 'first')
  // Each whistle counts. A time names one in this stay alone.
  if (came > 0) zone.effect(player, Called.add(came), `${zone.now}`, 'stay')
  zone.broadcast(player, whistle, { from: player.id, came })
})
