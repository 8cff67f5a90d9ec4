// What a zone costs: `npm run bench -- --players 300 --seconds 20 --zone hub`. First the world by itself,
// then, with `--sockets`, a host in its own process with the same crowd over real sockets.
import { parseArgs } from 'node:util'
import { game } from '#game'
import { loadContent } from '#shared/content-files/load.ts'
import { measureSockets } from './zone-sockets.ts'
import { measureWorld } from './zone-world.ts'

const { values } = parseArgs({
  options: {
    players: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '20' },
    zone: { type: 'string', default: 'hub' },
    sockets: { type: 'boolean', default: false },
  },
})
const players = Number(values.players)
const seconds = Number(values.seconds)
const { content } = await loadContent(game.content)
const found = content.zones.get(values.zone)
if (found === undefined || !(players > 0) || !(seconds > 0)) {
  throw new Error('usage: npm run bench -- [--players 300] [--seconds 20] [--zone hub] [--sockets]')
}
const zone = { ...found, capacity: Math.max(found.capacity, players) }
const one = (value: number) => value.toFixed(1)
const three = (value: number) => value.toFixed(3)

const world = await measureWorld(content, zone, players, seconds)
console.log(
  `world    ${players} players in ${zone.id}: tick p50 ${three(world.p50Ms)} p99 ${three(world.p99Ms)} ` +
    `mean ${three(world.meanMs)} ms, ${one(world.bytesPerPlayerSecond / 1000)} KB/s and ` +
    `${one(world.framesPerPlayerSecond)} frames/s a player, ${one(world.heapBytesPerTick / 1000)} KB allocated a tick`,
)
if (values.sockets) {
  const host = await measureSockets(zone, players, seconds)
  console.log(
    `sockets  ${players} players in ${zone.id}: tick p50 ${three(host.p50Ms)} p99 ${three(host.p99Ms)} ms, ` +
      `${host.skipped} skipped, ${three(host.hostCores)} core, ${one(host.hostRssMiB)} MiB, ` +
      `${one(host.bytesPerPlayerSecond / 1000)} KB/s and ${one(host.framesPerPlayerSecond)} frames/s a player`,
  )
}
