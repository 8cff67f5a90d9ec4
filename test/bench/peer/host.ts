// The zone host of the peer bench, a process of its own: sockets, tickets, limits, validation, instance,
// ownership rows, lease and checkpoints as they are shipped, on the in-memory store. Only the world is
// the bench's (arena.ts), and a small door stands in for the HTTP API: it makes a character at the place
// that the bench names and answers with what the director's `enter` gives it.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { generateKeyPair } from 'jose'
import { createLoginQueue } from '#functions/world/login-queue/login-queue.ts'
import { enter } from '#functions/world/world.ts'
import { createHost } from '#gameserver/host.ts'
import { createHostStore } from '#gameserver/persistence/host-store.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import type { Content } from '#shared/content/content.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { newId } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemAt } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import { arenaRules, arenaZone, boxes, marginMetres } from './arena.ts'
import type { Vitals } from './arena.ts'
import { doorPath } from './door.ts'
import type { Newcomer } from './door.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    players: { type: 'string' },
    workload: { type: 'string' },
  },
})
const port = Number(values.port)
const players = Number(values.players)
/** Shared instances close to newcomers when they are nearly full. */
const capacity = Math.ceil(players * 1.1) + 1
const box = boxes[values.workload ?? '']
if (box === undefined) throw new Error(`unknown workload ${values.workload}`)

const realmId = 'local'
const instance = 'arena-1'
const { runtime, clocks } = systemAt(1)
const bootId = newId(runtime)
const store = createMemoryStore({ runtime })
const { privateKey, publicKey } = await generateKeyPair('EdDSA')
const verifyKeys = (keyId: string) => (keyId === 'k1' ? publicKey : undefined)
const zone = arenaZone(capacity)
const content: Content = {
  races: new Map(),
  words: new Map(),
  leaderboards: new Map(),
  queues: new Map(),
  jobs: new Map(),
  creatures: new Map(),
  events: new Map(),
  ofGame: new Map(),
  zones: new Map([[zone.id, zone]]),
  startZone: zone.id,
  version: 'bench',
}
const vitals = new Map<string, Vitals>()

const persistence = createHostStore({
  store,
  runtime,
  clocks,
  host: {
    bootId,
    realmId,
    address: `ws://127.0.0.1:${port}/zone`,
    protocol: PROTOCOL_VERSION,
    contentVersion: content.version,
    publicKey: 'none',
    instances: [{ instance, zone: zone.id, capacity: zone.capacity }],
  },
  onProof: () => undefined,
})

/** Since the slice before: what the bench asks for once a second. */
let slice = { at: performance.now(), cpu: process.cpuUsage(), ticks: [] as number[] }

const host = createHost({
  bootId,
  instances: [{ id: instance, zone }],
  content,
  rules: arenaRules(box, (name) => vitals.get(name)!),
  persistence,
  verifyKeys,
  runtime,
  monotonic: clocks.monotonic,
  setTimer: (then, ms) => {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
  listen: { host: '127.0.0.1', port },
  log: createLog({
    level: 'warn',
    write: (line) => process.stderr.write(line),
    now: runtime.now,
    fields: { service: 'bench-host' },
  }),
  seed: 1,
  onTick: (ms) => slice.ticks.push(ms),
  onLost: () => process.exit(1),
})

async function admit({ name, x, y, hp, level }: Newcomer): Promise<string> {
  const accountId = newId(runtime)
  const characterId = newId(runtime)
  vitals.set(name, { hp, level })
  await store.transact(
    newCharacterWrites({
      realmId,
      characterId,
      accountId,
      profile: { name, race: 'human', job: 'mage' },
      saved: {
        zone: zone.id,
        x: metresToUnits(x + marginMetres),
        y: metresToUnits(y + marginMetres),
        heading: 0,
      },
    }),
  )
  const player = {
    kind: 'player' as const,
    accountId,
    loginSessionId: 'bench',
    era: 0,
    guest: false,
  }
  const base = {
    store,
    runtime,
    realms: {
      list: [{ realmId, name: 'Bench', address: '', state: 'open' as const }],
      here: new Set([realmId]),
    },
    content,
    isLive: createLiveness(),
    signingKey: () => ({ keyId: 'k1', privateKey }),
    verifyKeys,
    isSynthetic: () => false,
  }
  const entered = await enter(
    {
      ...base,
      loginQueue: createLoginQueue(base),
      fleet: {
        allocate: async () => undefined,
        list: async () => [],
        drain: async () => false,
      },
      hint: () => undefined,
      requireSession: async () => undefined,
      maintenance: async () => undefined,
      bulletin: async () => ({ maintenance: undefined, announcements: [] }),
    },
    player,
    realmId,
    { characterId, protocol: PROTOCOL_VERSION },
  )
  if ('waiting' in entered) throw new Error('the realm has no limit')
  return entered.ticket
}

const door = createServer((request, response) => {
  json(request)
    .then(async (newcomer) => await admit(newcomer as Newcomer))
    .then((ticket) => response.end(ticket))
    .catch((error: unknown) => response.writeHead(500).end(String(error)))
})

process.on('message', ({ cmd }: { cmd: string }) => {
  if (cmd === 'exit') process.exit(0)
  const { at, cpu, ticks } = slice
  slice = { at: performance.now(), cpu: process.cpuUsage(), ticks: [] }
  const { user, system } = process.cpuUsage(cpu)
  const wall = (slice.at - at) / 1000
  process.send!({ slice: { wall, ticks, user: user / 1e6, sys: system / 1e6 } })
})
process.once('disconnect', () => process.exit(0))

await persistence.open()
void persistence.run(new AbortController().signal)
await persistence.setState('open')
await host.start()
door.listen(doorPath(port), () => process.send?.({ ready: true }))
