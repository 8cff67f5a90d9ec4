// Thousands enter in the same moment. The real director and the real host stores, in virtual time; a store in which
// transactions that touch the same row at once are refused, as DynamoDB does. WAYSTONE_RUSH=10000 asks for so many.
import { expect, it } from 'vitest'
import { createHostStore } from '#gameserver/persistence/host-store.ts'
import type { HostStore } from '#gameserver/persistence/host-store.ts'
import { createLoginQueue } from '#functions/world/login-queue/login-queue.ts'
import { enter } from '#functions/world/world.ts'
import type { WorldDeps } from '#functions/world/world.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import type { Fault, StoreRequest } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { createContent, realmId } from './map.ts'
import { beganAt } from './process.ts'
import { createRandom } from './random.ts'
import { cardsIn, placesIn } from './registry.ts'
import { createScheduler } from './scheduler.ts'
import { installSigning } from './signing.ts'

const players = Number(process.env['WAYSTONE_RUSH'] ?? 2000)
const capacity = 100
const never = () => false

/** Hosts that wait in the fleet: room for all of them below the target. */
const hostsMax = Math.ceil(players / 80) + 5

async function openRush(seed: number) {
  const keys = await installSigning()
  const scheduler = createScheduler()
  const random = createRandom(seed, 'rush')
  const sleep = async (ms: number) =>
    await new Promise<void>((resolve) => scheduler.after(ms, resolve))
  const runtime = { now: () => beganAt + scheduler.now(), randomBytes: random.bytes, sleep }
  const counts = { conflicts: 0, requests: 0, most: 0, allocations: 0 }

  /** Until when a transaction holds a row. */
  const held = new Map<string, number>()
  const contend = (request: StoreRequest): Fault => {
    counts.requests++
    const ms = random.int(1, 7)
    if (request.operation === 'get' || request.operation === 'query') return { kind: 'delay', ms }
    const now = scheduler.now()
    const names = request.rows.map(({ key }) => `${key.pk}/${key.sk}`)
    if (names.some((name) => (held.get(name) ?? 0) > now)) {
      counts.conflicts++
      return { kind: 'conflict' }
    }
    if (request.operation === 'transact') for (const name of names) held.set(name, now + ms)
    return { kind: 'delay', ms }
  }
  const memory = createMemoryStore({
    runtime: { now: scheduler.now, sleep },
    faults: contend,
    onApplied({ rows }) {
      for (const { key } of rows) {
        if (!key.pk.includes('#I#')) continue
        counts.most = Math.max(counts.most, memory.rows('volatile', key.pk).length)
      }
    },
  })

  const hosts = new Map<string, { host: HostStore; inside: Set<string> }>()
  const waiting: string[] = []
  async function startHost(): Promise<string> {
    const bootId = newId(runtime)
    const host = createHostStore({
      store: memory,
      runtime,
      clocks: { now: runtime.now, monotonic: scheduler.now },
      host: {
        bootId,
        realmId,
        address: bootId,
        protocol: 2,
        contentVersion: 'sim',
        publicKey: 'none',
        instances: [
          {
            instance: 'hub-1',
            zone: 'hub',
            capacity,
          },
        ],
      },
      onProof: () => undefined,
    })
    await host.open()
    hosts.set(bootId, { host, inside: new Set() })
    const every = (ms: number, run: () => unknown): void =>
      scheduler.after(ms, () => {
        void run()
        every(ms, run)
      })
    void host.run(new AbortController().signal)
    every(500, () => host.heartbeat())
    return bootId
  }
  async function openHost(bootId: string): Promise<void> {
    const { host, inside } = hosts.get(bootId)!
    await host.setState('open')
    const report = async (): Promise<void> => {
      const members = [...inside].map((characterId) => ({
        characterId,
        epoch: 1,
        saveNumber: 1,
        saved: {
          zone: 'hub',
          x: 6e3,
          y: 14400,
          heading: 0,
        },
      }))
      await host.checkpoint('hub-1', members)
      scheduler.after(4000, () => void report())
    }
    scheduler.after(random.int(0, 4000), () => void report())
  }

  const given = new Map<string, string>()
  const fleet: Fleet = {
    async allocate({ requestId, labels }) {
      await sleep(20)
      const known = given.get(requestId)
      const bootId = known ?? waiting.pop()
      if (bootId === undefined) return undefined
      if (known === undefined) {
        counts.allocations++
        given.set(requestId, bootId)
        scheduler.after(100, () => void openHost(bootId))
      }
      return { name: bootId, bootId, address: '', port: 0, state: 'allocated', labels }
    },
    list: async () => [],
    drain: async () => false,
  }

  const base = {
    store: memory,
    runtime,
    realms: { list: [], here: new Set([realmId]) },
    content: createContent(capacity, 500),
    isLive: createLiveness(),
    signingKey: () => ({ keyId: 'k1', privateKey: keys.privateKey }),
    verifyKeys: () => keys.publicKey,
    isSynthetic: () => false,
  }
  const deps: WorldDeps = {
    ...base,
    loginQueue: createLoginQueue(base),
    fleet,
    hint: () => undefined,
    requireSession: async () => undefined,
    maintenance: async () => undefined,
    bulletin: async () => ({ maintenance: undefined, announcements: [] }),
    speaks: () => true,
  }

  /** What became of each who asked: a ticket, or the code of the last refusal. */
  const outcomes = new Map<string, string>()
  const tally = { asked: 0, first: {} as Record<string, number> }
  const patience = 60_000
  async function come(joins: boolean): Promise<void> {
    const [characterId, accountId] = [newId(runtime), newId(runtime)]
    const saved = { zone: 'hub', x: 6000, y: 14_400, heading: 0 }
    const profile = { name: characterId.slice(-12), race: 'human', job: 'mage' }
    const character = { realmId, characterId, accountId, profile, saved }
    await memory.transact(newCharacterWrites(character))
    const player = { kind: 'player' as const, accountId, loginSessionId: 's', era: 0, guest: false }
    await sleep(100)
    const askedAt = scheduler.now()
    for (let first = true; ; first = false) {
      tally.asked++
      try {
        const answer = await enter(deps, player, realmId, { characterId, protocol: 2 })
        if ('waiting' in answer) throw new Error('the realm has no limit')
        outcomes.set(characterId, 'placed')
        if (first) tally.first['placed'] = (tally.first['placed'] ?? 0) + 1
        if (!joins) return
        await sleep(random.int(10, 3000))
        const ticket = (await verifyTicket(() => keys.publicKey, runtime.now(), answer.ticket))!
        const { host, inside } = hosts.get(ticket.bootId)!
        const claimed = await host.claim(ticket)
        if (claimed.outcome === 'claimed') inside.add(characterId)
        else outcomes.set(characterId, claimed.outcome)
        return
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        outcomes.set(characterId, error.code)
        if (first) tally.first[error.code] = (tally.first[error.code] ?? 0) + 1
        if (scheduler.now() - askedAt > patience) return
        // As the client does (client/library).
        await sleep((error.retryAfterS ?? 1) * 1000 + random.int(0, 1000))
      }
    }
  }
  return { scheduler, memory, counts, hosts, waiting, startHost, openHost, come, outcomes, tally }
}

it(
  `${players} enter at once: everybody is placed or told why, no instance is over its capacity, no place is leaked`,
  { timeout: 1_800_000 },
  async () => {
    const began = performance.now()
    const rush = await openRush(3)
    const { scheduler, memory, counts, hosts, waiting, outcomes, tally } = rush
    scheduler.after(0, () => {
      void (async () => {
        for (let i = 0; i < hostsMax; i++) waiting.push(await rush.startHost())
        // Most of them are open already: below the target they take nearly all.
        for (const bootId of waiting.splice(0, Math.ceil(hostsMax * 0.75)))
          await rush.openHost(bootId)
      })()
    })
    await scheduler.runUntil(20_000, never)
    Object.assign(counts, { conflicts: 0, requests: 0 })
    // Every third one never comes.
    for (let i = 0; i < players; i++) scheduler.after(0, () => void rush.come(i % 3 !== 0))
    await scheduler.runUntil(20_000 + 70_000, never)
    const { requests, conflicts } = counts
    await scheduler.runUntil(20_000 + 150_000, never)

    const ends: Record<string, number> = {}
    for (const outcome of outcomes.values()) ends[outcome] = (ends[outcome] ?? 0) + 1
    process.stdout.write(
      `${players} at once: ${((performance.now() - began) / 1000).toFixed(1)} s, ${requests} requests, ` +
        `${conflicts} conflicts, ${tally.asked} enters, first answers ${JSON.stringify(tally.first)}, ` +
        `at the end ${JSON.stringify(ends)}, ${counts.allocations} hosts allocated, ${counts.most} places at most\n`,
    )
    expect(outcomes.size).toBe(players)
    expect(counts.most).toBeLessThanOrEqual(95)
    const allowed = new Set(['placed', 'world.full', 'world.busy'])
    expect(Object.keys(ends).filter((code) => !allowed.has(code))).toEqual([])
    expect(ends['placed']).toBe(players)
    for (const card of cardsIn(memory, ['hub'])) {
      const { size } = hosts.get(card.bootId)!.inside
      expect([card.count, placesIn(memory, card).length]).toEqual([size, size])
    }
  },
)
