// Every fleet keeps the same promises, whatever the wire does.
import { fleetConformance } from '../conformance/fleet.ts'
import { createAllocator } from '#shared/fleet/allocator.ts'
import type { SendHttp } from '#shared/fleet/http.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { createAgonesWorld } from './agones-world.ts'
import { createGameLiftWorld } from './gamelift-world.ts'
import { createLocalWorld } from './local-world.ts'
import { selfSigned } from './self-signed.ts'

const seed = Number(process.env['FLEET_SEED'] ?? 1)

fleetConformance('local processes', { lists: true }, (hosts) => createLocalWorld(hosts, seed))

fleetConformance('Agones by the Kubernetes API', { lists: true }, (hosts) =>
  createAgonesWorld(hosts, { seed, cluster: true }),
)

const ours = selfSigned('functions')
const allocator = (send: SendHttp, callTimeoutMs: number) =>
  createAllocator({
    url: 'https://allocator',
    namespace: 'waystone-zones',
    readTls: async () => ({ ...ours, ca: ours.cert }),
    send,
    log,
    callTimeoutMs,
  })

fleetConformance('Agones by its allocator service', { lists: true }, (hosts) =>
  createAgonesWorld(hosts, { seed, cluster: true, allocator }),
)

fleetConformance('Agones by its allocator service alone', { lists: false }, (hosts) =>
  createAgonesWorld(hosts, { seed, cluster: false, allocator }),
)

fleetConformance('GameLift', { lists: true }, (hosts) => createGameLiftWorld(hosts, seed))
