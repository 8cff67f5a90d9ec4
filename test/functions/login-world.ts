// A realm with a limit in simulated time: hosts that renew their cards, players who come, wait as the server says, play
// for a time and leave. Real rules of functions/world on a store in memory, in several processes.
import { webcrypto } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { createLoginQueue } from '#functions/world/login-queue/login-queue.ts'
import { enter } from '#functions/world/world.ts'
import type { WorldDeps } from '#functions/world/world.ts'
import type { Role } from '#shared/api/role.ts'
import type { Admission, LoginPlace } from '#shared/api/world.ts'
import type { PlayerLimit } from '#shared/config.ts'
import type { Content } from '#shared/content/content.ts'
import { priorityWrite } from '#shared/game/priority.ts'
import { checkpointMs } from '#shared/limits.ts'
import { renewCard } from '#shared/ownership/card.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { openInstance, writeCopy } from '#shared/ownership/listing.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { releasePlaces } from '#shared/ownership/places.ts'
import { newId } from '#shared/runtime.ts'
import type { Faults } from '#shared/store/faults.ts'
import type { Key, Store } from '#shared/store/store.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { seededRuntime } from '../ownership/seeded-runtime.ts'
import { countUnits } from '../store/units.ts'

export const realmId = 'local'

const zone = {
  id: 'hub',
  name: 'hub',
  kind: 'field' as const,
  width: 100,
  height: 100,
  tickHz: 20 as const,
  viewRadius: 50,
  ground: '#333333',
  spawn: { x: 50, y: 50 },
  walls: [],
  gates: [],
  creatures: [],
}

export type Person = { characterId: string; accountId: string; role?: Role }

export type LoginWorld = Awaited<ReturnType<typeof openLoginWorld>>

/** `hosts` of `capacity` each; `processes` that answer requests in turn. */
export async function openLoginWorld(options: {
  limit: Partial<PlayerLimit> & { players: number }
  hosts: number
  capacity: number
  processes?: number
  skewMs?: number
  /** Counts units: see `units`. */
  counted?: true
  faults?: Faults
}) {
  const runtime = seededRuntime(7)
  const memory = createMemoryStore({ runtime, ...(options.faults && { faults: options.faults }) })
  const counted = countUnits(memory)
  const store: Store = options.counted ? counted.store : memory
  const pair = (await webcrypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as {
    privateKey: CryptoKey
    publicKey: CryptoKey
  }
  const content: Content = {
    races: new Map(),
    words: new Map(),
    leaderboards: new Map(),
    queues: new Map(),
    jobs: new Map(),
    creatures: new Map(),
    events: new Map(),
    ofGame: new Map(),
    zones: new Map([['hub', { ...zone, capacity: options.capacity }]]),
    startZone: 'hub',
    version: 'test',
  }
  const limit: PlayerLimit = { priorityPercent: 75, perS: 100, ...options.limit }
  const roles = new Map<string, Role>()
  let full = false

  function startProcess(skewMs = 0) {
    const own = { ...runtime, now: () => runtime.now() + skewMs }
    const base = {
      store,
      runtime: own,
      realms: {
        list: [{ realmId, name: 'Local', address: '', state: 'open' as const }],
        here: new Set([realmId]),
        limits: new Map([[realmId, limit]]),
      },
      content,
      isLive: createLiveness(),
      signingKey: () => ({ keyId: 'k1', privateKey: pair.privateKey }),
      verifyKeys: (keyId: string) => (keyId === 'k1' ? pair.publicKey : undefined),
      isSynthetic: (accountId: string) => accountId === 'synthetic',
    }
    const loginQueue = createLoginQueue(base)
    const deps: WorldDeps = {
      ...base,
      loginQueue,
      fleet: { allocate: async () => undefined, list: async () => [], drain: async () => false },
      hint: () => undefined,
      requireSession: async ({ accountId }) => roles.get(accountId),
      maintenance: async () => undefined,
      bulletin: async () => ({ maintenance: undefined, announcements: [] }),
    }
    return { deps, loginQueue }
  }
  let processes = Array.from({ length: options.processes ?? 1 }, (_, i) =>
    startProcess(i === 0 ? 0 : (options.skewMs ?? 0)),
  )
  let turn = 0
  const next = () => processes[turn++ % processes.length]!

  type Host = {
    bootId: string
    beat: number
    alive: boolean
    copy: Key | undefined
    players: number
  }
  const hosts: Host[] = []
  async function openHost(): Promise<Host> {
    const bootId = newId(runtime)
    await openInstance(memory, runtime.now(), realmId, {
      zone: 'hub',
      bootId,
      instance: 'hub-1',
      address: `ws://${bootId}`,
      protocol: 2,
      state: 'open',
      capacity: options.capacity,
    })
    const host = { bootId, beat: 0, alive: true, copy: undefined, players: 0 }
    hosts.push(host)
    return host
  }
  for (let i = 0; i < options.hosts; i++) await openHost()

  /** What hosts do with each checkpoint. */
  async function renew(): Promise<void> {
    for (const host of hosts) {
      if (!host.alive) continue
      const ref = { zone: 'hub', bootId: host.bootId, instance: 'hub-1' }
      const word = {
        state: full ? ('draining' as const) : ('open' as const),
        players: host.players,
        number: ++host.beat,
      }
      const card = await renewCard(memory, runtime.now(), realmId, ref, word)
      if (card !== undefined) {
        host.copy = await writeCopy(memory, runtime.now(), realmId, card, host.copy)
      }
    }
  }

  async function person(of: { role?: Role; priority?: true } = {}): Promise<Person> {
    const [characterId, accountId] = [newId(runtime), newId(runtime)]
    const profile = { name: 'Mira', race: 'human', job: 'warrior' }
    const saved = { zone: 'hub', x: 60_000, y: 60_000, heading: 0 }
    const writes = newCharacterWrites({ realmId, characterId, accountId, profile, saved })
    await memory.transact(writes)
    if (of.priority) await memory.transact([priorityWrite(realmId, accountId, runtime.now() + 1e9)])
    if (of.role !== undefined) roles.set(accountId, of.role)
    return { characterId, accountId }
  }

  const places = new Map<string, Admission>()
  const world = {
    runtime,
    memory,
    units: counted.units,
    resetUnits: counted.reset,
    hosts,
    openHost,
    renew,
    person,
    limit,
    places,
    /** All processes end, and others take their place. */
    restart() {
      processes = processes.map(() => startProcess())
    },
    process: (i: number) => processes[i]!,
    /** No host takes anybody any more, or again. */
    async close(now: boolean) {
      full = now
      await renew()
    },
    async enter(who: Person, by = next()): Promise<Admission | { waiting: LoginPlace }> {
      const player = {
        accountId: who.accountId,
        kind: 'player' as const,
        loginSessionId: 's',
        era: 0,
        guest: false,
      }
      const { characterId } = who
      const entered = await enter(by.deps, player, realmId, { characterId, protocol: 2 })
      if (!('waiting' in entered)) places.set(characterId, entered)
      return entered
    },
    async ask({ accountId }: Person, ticket: string, by = next()) {
      return await by.loginQueue.ask({ realmId, accountId }, ticket)
    },
    async giveUp({ accountId }: Person) {
      await next().loginQueue.giveUp({ realmId, accountId })
    },
    /** The character is that of another account. */
    async rename({ characterId, accountId }: Person) {
      await memory.update({
        table: 'core',
        key: { pk: `R#${realmId}#C#${characterId}`, sk: '#GUARD' },
        update: 'SET accountId = :account',
        values: { ':account': accountId },
      })
    },
    status: async () => await next().loginQueue.status(realmId),
    /** Their host saves them and lets them go. */
    async leave(...all: Person[]): Promise<void> {
      for (const { characterId } of all) {
        const place = places.get(characterId)
        if (place === undefined) continue
        places.delete(characterId)
        const bootId = place.address.slice('ws://'.length)
        const row = memory.rows('volatile', `R#${realmId}#I#${bootId}#hub-1`)
        const until = row.find(({ sk }) => sk === characterId)!['until'] as number
        const ref = { zone: 'hub', bootId, instance: 'hub-1' }
        await releasePlaces({ store: memory, runtime }, realmId, ref, [{ characterId, until }])
        await memory.update({
          table: 'core',
          key: { pk: `R#${realmId}#C#${characterId}`, sk: '#GUARD' },
          update: 'SET #state = :offline, leftAt = :now, #owner = :none, ticketId = :none',
          names: { '#state': 'state', '#owner': 'owner' },
          values: { ':offline': 'offline', ':now': runtime.now(), ':none': '' },
        })
      }
    },
    /** Places that are taken on hosts that live. */
    inPlay: () => places.size,
  }
  return world
}

/** Runs what is planned in the order of time, with the checkpoints of the hosts between. */
export function createPlan(world: LoginWorld) {
  const { runtime } = world
  const events: { at: number; order: number; run: () => Promise<void> }[] = []
  let order = 0
  const before = (a: { at: number; order: number }, b: { at: number; order: number }) =>
    a.at - b.at || a.order - b.order
  function at(time: number, run: () => Promise<void>): void {
    const event = { at: time, order: order++, run }
    // A heap.
    let i = events.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (before(events[parent]!, event) <= 0) break
      events[i] = events[parent]!
      i = parent
    }
    events[i] = event
  }
  function take() {
    const first = events[0]
    const last = events.pop()
    if (first === undefined || last === undefined || events.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= events.length) break
      if (child + 1 < events.length && before(events[child + 1]!, events[child]!) < 0) child++
      if (before(last, events[child]!) <= 0) break
      events[i] = events[child]!
      i = child
    }
    events[i] = last
    return first
  }
  return {
    in: (ms: number, run: () => Promise<void>) => at(runtime.now() + ms, run),
    /** Until then, or until nothing is planned. */
    async run(forMs: number): Promise<void> {
      const end = runtime.now() + forMs
      const beat = async (): Promise<void> => {
        await world.renew()
        if (runtime.now() + checkpointMs < end) at(runtime.now() + checkpointMs, beat)
      }
      at(runtime.now(), beat)
      for (;;) {
        const event = events[0]
        if (event === undefined || event.at > end) break
        take()
        if (event.at > runtime.now()) runtime.advance(event.at - runtime.now())
        await event.run()
      }
      if (end > runtime.now()) runtime.advance(end - runtime.now())
    },
  }
}
