// The host of zone-sockets.ts: a process of its own, so that its CPU time is its own.
import type { Zone } from '#shared/content/content.ts'
import { openStage } from '../gameserver/host-kit.ts'
import type { Measured } from './zone-sockets.ts'

const zone = JSON.parse(process.argv[2]!) as Zone
const players = Number(process.argv[3])
const stage = await openStage({ zone: { ...zone, creatures: [] } })
const tickets: string[] = []
for (let i = 0; i < players; i++) {
  tickets.push(await stage.ticket(`Walker${i}`, zone.spawn, { instance: 'field-1' }))
}

process.on('message', (message) => {
  if (message === 'measure') {
    const { user, system } = process.cpuUsage()
    const measured: Measured = {
      stats: stage.host.stats(),
      cpuMicros: user + system,
      at: performance.now(),
      rss: process.memoryUsage().rss,
    }
    process.send!(measured)
  } else void stage.stop().then(() => process.exit(0))
})
process.once('disconnect', () => process.exit(0))
process.send!({ port: stage.host.port, tickets })
