// A realm in memory for ownership tests: real director, real host stores, a clock that is set by hand.
import { webcrypto } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { createLoginQueue } from '#functions/world/login-queue/login-queue.ts'
import { enter } from '#functions/world/world.ts'
import type { WorldDeps } from '#functions/world/world.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import type { Cache } from '#shared/cache/cache.ts'
import type { EffectKind } from '#shared/game/effect.ts'
import type { FleetHost } from '#shared/fleet/fleet.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import type { Ticket } from '#shared/ownership/ticket.ts'
import { newId } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { Store } from '#shared/store/store.ts'
import { countTrips } from '#shared/store/trips.ts'
import { openHost } from './open-host.ts'
import { seededRuntime } from './seeded-runtime.ts'

export const realmId = 'local'

function zone(id: string, capacity: number, more: Partial<Zone> = {}): Zone {
  return {
    ...more,
    id,
    name: id,
    kind: 'field',
    width: 100,
    height: 100,
    capacity,
    tickHz: 20,
    viewRadius: 50,
    ground: '#333333',
    spawn: { x: 50, y: 50 },
    walls: [],
    gates: [],
    creatures: [],
  }
}

export type Realm = Awaited<ReturnType<typeof openRealm>>

export async function openRealm(options: { capacity?: number; store?: Store } = {}) {
  const capacity = options.capacity ?? 100
  const runtime = seededRuntime(1)
  const counted = countTrips(options.store ?? createMemoryStore({ runtime }))
  const { store } = counted
  const pair = (await webcrypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as {
    privateKey: CryptoKey
    publicKey: CryptoKey
  }
  const difficulties = ['normal', 'heroic'].map((id) => ({ id, name: id }))
  const content: Content = {
    races: new Map(),
    words: new Map(),
    leaderboards: new Map(),
    queues: new Map(),
    jobs: new Map(),
    creatures: new Map(),
    events: new Map(),
    ofGame: new Map(),
    zones: new Map([
      ['hub', zone('hub', capacity)],
      ['forest', zone('forest', capacity)],
      ['crypt', zone('crypt', 3, { private: { perHost: 2, minutes: 60, difficulties } })],
    ]),
    startZone: 'hub',
    version: 'test',
  }
  const allocations: string[] = []
  const ready: FleetHost[] = []
  const isLive = createLiveness()
  const keys = {
    signingKey: () => ({ keyId: 'k1', privateKey: pair.privateKey }),
    verifyKeys: (keyId: string) => (keyId === 'k1' ? pair.publicKey : undefined),
  }
  const isSynthetic = (accountId: string) => accountId === 'synthetic'
  const realms = {
    list: [{ realmId, name: 'Local', address: '', state: 'open' as const }],
    here: new Set([realmId]),
  }
  const deps: WorldDeps = {
    store,
    runtime,
    realms,
    content,
    isLive,
    fleet: {
      allocate: async ({ requestId }) => {
        allocations.push(requestId)
        return ready[0]
      },
      list: async () => ready,
      drain: async () => false,
    },
    ...keys,
    hint: () => undefined,
    requireSession: async () => undefined,
    maintenance: async () => undefined,
    bulletin: async () => ({ maintenance: undefined, announcements: [] }),
    isSynthetic,
    loginQueue: createLoginQueue({ store, runtime, realms, content, isLive, ...keys, isSynthetic }),
  }

  const host = async (
    zoneId = 'hub',
    opened = true,
    more: { store?: Store; effects?: EffectKind[]; cache?: Cache } = {},
  ) => await openHost({ store, runtime, realmId, zone: zoneId, capacity, opened, ...more })

  async function character(accountId = newId(runtime)) {
    const characterId = newId(runtime)
    // As the account's list has it: nobody who is deleted comes into a party.
    const entry = { pk: `R#${realmId}#A#${accountId}`, sk: `C#${characterId}`, v: 1 }
    await store.transact([
      ...newCharacterWrites({
        realmId,
        characterId,
        accountId,
        profile: { name: 'Mira', race: 'human', job: 'warrior' },
        saved: { zone: 'hub', x: 60_000, y: 60_000, heading: 0 },
      }),
      { put: { table: 'core', item: entry } },
    ])
    return { characterId, accountId }
  }

  /** The room of a new host for two private instances. */
  const slots = async () =>
    await openHost({ store, runtime, realmId, zone: 'crypt', capacity: 2, kind: 'slots' })

  async function enterAs(
    who: { characterId: string; accountId: string },
    observed?: string,
    instance?: string,
  ) {
    const player = {
      accountId: who.accountId,
      kind: 'player' as const,
      loginSessionId: 's',
      era: 0,
      guest: false,
    }
    const entered = await enter(deps, player, realmId, {
      characterId: who.characterId,
      protocol: 2,
      observed,
      instance,
    })
    if ('waiting' in entered) throw new Error('the realm has no limit')
    return entered
  }

  async function open(ticket: string): Promise<Ticket> {
    const read = await verifyTicket(
      (keyId) => (keyId === 'k1' ? pair.publicKey : undefined),
      runtime.now(),
      ticket,
    )
    if (read === undefined) throw new Error('the ticket does not verify')
    return read
  }

  return {
    store,
    runtime,
    deps,
    counted,
    allocations,
    ready,
    host,
    slots,
    character,
    enterAs,
    open,
  }
}
