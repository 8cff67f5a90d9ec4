// A real host on a free port, with the store's side in memory.
import { generateKeyPair } from 'jose'
import { createHost } from '#gameserver/host.ts'
import type { Host } from '#gameserver/host.ts'
import type { ZoneRules } from '#gameserver/sim/rules.ts'
import type { WorldEvent, Zone } from '#shared/content/content.ts'
import { signTicket } from '#shared/ownership/ticket.ts'
import type { SigningKey } from '#shared/keys/jwt.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { newId } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { createFakePersistence } from './fake-persistence.ts'
import type { FakePersistence } from './fake-persistence.ts'
import { connect } from './zone-client.ts'
import type { ZoneClient } from './zone-client.ts'
import { testContent, testZone } from './world-kit.ts'

export type Stage = {
  host: Host
  persistence: FakePersistence
  /** Added to both clocks: jumps ahead. */
  skew: { monotonicMs: number; wallMs: number }
  lost: number
  /** How often it had no instance any more. */
  empty: number
  /** Broken instances that were closed. */
  broken: string[]
  health: number
  /** Timers that the loop has set so far. */
  timers: number
  /** A valid ticket for a character that has been reserved. */
  ticket(
    characterId: string,
    place?: { x: number; y: number },
    changes?: Partial<Ticket>,
  ): Promise<string>
  /** Joins; resolves after WELCOME. */
  join(characterId: string, place?: { x: number; y: number }): Promise<ZoneClient>
  connect(): Promise<ZoneClient>
  /** Two seconds later, when all that the host does each second was done twice. */
  nextSweep(): Promise<void>
  stop(): Promise<void>
}

export async function openStage(
  options: {
    zone?: Partial<Zone>
    instances?: string[]
    rules?: ZoneRules
    events?: WorldEvent[]
    /** It takes private instances of the zone `crypt`, in the slots `crypt-1`. */
    privates?: Zone['private']
  } = {},
): Promise<Stage> {
  const zone = testZone({ creatures: [], ...options.zone })
  const spawn = { x: 20, y: 20 }
  const wayOut = {
    id: 'out',
    name: 'Out',
    area: { x: 24, y: 18, width: 4, height: 4 },
    to: 'outside',
  }
  const crypts =
    options.privates === undefined
      ? []
      : [
          {
            ...testZone({ id: 'crypt', creatures: [], gates: [wayOut], spawn }),
            private: options.privates,
          },
        ]
  const { privateKey, publicKey } = await generateKeyPair('EdDSA')
  const key: SigningKey = { keyId: 'k1', privateKey }
  const persistence = createFakePersistence()
  const skew = { monotonicMs: 0, wallMs: 0 }
  const runtime = { ...systemRuntime, now: () => Date.now() + skew.wallMs }
  const clients: ZoneClient[] = []
  const stage: Stage = {
    host: createHost({
      bootId: 'boot-1',
      instances: (options.instances ?? ['field-1']).map((id) => ({ id, zone })),
      ...(options.privates === undefined ? {} : { slots: ['crypt-1'] }),
      content: testContent([zone, ...crypts], options.events),
      ...(options.rules === undefined ? {} : { rules: options.rules }),
      persistence,
      verifyKeys: (keyId) => (keyId === 'k1' ? publicKey : undefined),
      runtime,
      monotonic: () => performance.now() + skew.monotonicMs,
      setTimer: (run, ms) => {
        stage.timers++
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
      listen: { host: '127.0.0.1', port: 0 },
      log: silentLog,
      seed: 7,
      onHealth: () => stage.health++,
      onLost: () => stage.lost++,
      onEmpty: () => stage.empty++,
      onBroken: (instance) => stage.broken.push(instance),
    }),
    persistence,
    skew,
    lost: 0,
    broken: [],
    empty: 0,
    health: 0,
    timers: 0,
    async ticket(characterId, place = { x: 60, y: 60 }, changes = {}) {
      const ticketId = newId(systemRuntime)
      const saved = {
        zone: zone.id,
        x: metresToUnits(place.x),
        y: metresToUnits(place.y),
        heading: 0,
      }
      const { epoch } = persistence.reserve(characterId, ticketId, saved)
      return await signTicket(key, {
        ticketId,
        characterId,
        accountId: 'account-1',
        realmId: 'local',
        bootId: 'boot-1',
        instance: 'field-1',
        epoch,
        expiresAt: runtime.now() + 30_000,
        ...changes,
      })
    },
    async connect() {
      const client = await connect(stage.host.port)
      clients.push(client)
      return client
    },
    async join(characterId, place) {
      const client = await stage.connect()
      client.send({ kind: 'join', ticket: await stage.ticket(characterId, place) })
      await client.welcome()
      return client
    },
    async nextSweep() {
      for (let i = 0; i < 2; i++) {
        const { health } = stage
        skew.monotonicMs += 1000
        while (stage.health === health) await systemRuntime.sleep(5)
      }
    },
    async stop() {
      for (const { socket } of clients) socket.terminate()
      await stage.host.stop()
    },
  }
  await stage.host.start()
  return stage
}
