// A zone host without a world: says its boot id, becomes Ready, pings, ends on SIGTERM by closing all
// that it opened. Its environment says what it does wrong.
import { createServer } from 'node:net'
import { connectAgones } from '#gameserver/agones.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'

const behaviour = process.env['FAKE_HOST'] ?? 'good'
if (behaviour === 'dies') process.exit(3)

const log = createLog({
  level: 'debug',
  write: (line) => process.stdout.write(line),
  now: runtime.now,
})
const server = createServer().listen(Number(process.env['WAYSTONE_ZONE_PORT']), process.env['HOST'])
const agones = await connectAgones({ log, runtime, onGameServer: () => {} })
if (behaviour !== 'nameless') await agones.setLabel('waystone-boot', `boot-${process.pid}`)
await agones.ready()
const pings = setInterval(() => {
  if (behaviour !== 'silent') agones.health()
}, 200)
if (behaviour === 'leaves') setTimeout(() => void agones.shutdown(), 500)

process.on('SIGTERM', () => {
  log.info('asked to end')
  if (behaviour === 'stubborn') return
  clearInterval(pings)
  agones.close()
  server.close()
})
