// Many more players than places ask at once, and a third of them never come.
// The real director and the real host stores, in virtual time.
import { expect, it } from 'vitest'
import { createHostStore } from '#gameserver/persistence/host-store.ts'
import type { HostStore } from '#gameserver/persistence/host-store.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { verifyTicket } from '#shared/ownership/ticket.ts'
import { newId } from '#shared/runtime.ts'
import { accountWrites, startFunctions } from './functions.ts'
import { createJudge } from './judge.ts'
import { createContent, realmId } from './map.ts'
import type { FaultPlan, NetworkState } from './plan.ts'
import { beganAt, createProcess } from './process.ts'
import { createRandom } from './random.ts'
import { cardsIn, placesIn } from './registry.ts'
import { createScheduler } from './scheduler.ts'
import { installSigning } from './signing.ts'
import { createNetwork } from './network.ts'

const players = 1000
/** Two hosts with two instances of the zone each: 200 places. */
const hosts = 2
const copies = 2
const capacity = 50
/** Newcomers get 95 % of them. */
const open = 4 * Math.floor(capacity * 0.95)

/** Ticket and grace, and the checkpoint after them. */
const aMinute = 60_000

type Result = { tickets: number; full: number; other: number; unanswered: number }

async function crowd(seed: number, state: NetworkState | undefined) {
  const keys = await installSigning()
  const scheduler = createScheduler()
  const judge = createJudge(scheduler, false)
  const most = new Map<string, number>()
  const faults: FaultPlan[] =
    state === undefined
      ? []
      : [{ at: 3000, kind: 'network', state, reach: { who: 'all' }, ms: 8000 }]
  const network = createNetwork(scheduler, seed, faults, ({ rows }) => {
    for (const { key } of rows) {
      if (!key.pk.includes('#I#')) continue
      const { length } = network.memory.rows('volatile', key.pk)
      most.set(key.pk, Math.max(length, most.get(key.pk) ?? 0))
    }
  })
  judge.watch(network)
  const content = createContent(capacity, 500)
  const random = createRandom(seed, 'crowd')
  const functions = startFunctions({
    scheduler,
    network,
    judge,
    seed,
    skewsMs: [-300, 0, 300],
    content,
    keys,
    chance: random,
    calm: () => true,
  })

  const members = new Map<string, Map<string, CheckpointEntry>>()
  const byBoot = new Map<string, HostStore>()
  for (let slot = 0; slot < hosts; slot++) {
    const process = createProcess(scheduler, `host ${slot}`, createRandom(seed, `host ${slot}`), 0)
    const thread = process.thread()
    const bootId = newId(thread.runtime)
    const instances = Array.from({ length: copies }, (_, i) => `hub-${i + 1}`)
    const host = createHostStore({
      store: network.client({ slot, thread }),
      runtime: thread.runtime,
      clocks: process.clocks,
      host: {
        bootId,
        realmId,
        address: bootId,
        protocol: 2,
        contentVersion: 'sim',
        publicKey: 'none',
        instances: instances.map((instance) => ({ instance, zone: 'hub', capacity })),
      },
      onProof: () => undefined,
    })
    byBoot.set(bootId, host)
    for (const instance of instances) members.set(`${bootId}#${instance}`, new Map())
    const every = (ms: number, run: () => unknown): void => {
      scheduler.after(ms, () => {
        void run()
        every(ms, run)
      })
    }
    scheduler.after(0, () => {
      void host.open().then(async () => {
        await host.setState('open')
        void host.run(new AbortController().signal)
        every(500, () => host.heartbeat())
        every(4000, async () => {
          for (const instance of instances) {
            const here = [...members.get(`${bootId}#${instance}`)!.values()]
            await host.checkpoint(
              instance,
              here.map((one) => ({ ...one, saveNumber: ++one.saveNumber })),
            )
          }
        })
      })
    })
  }

  const join = async (token: string): Promise<void> => {
    const ticket = (await verifyTicket(() => keys.publicKey, beganAt + scheduler.now(), token))!
    const claimed = await byBoot.get(ticket.bootId)!.claim(ticket)
    if (claimed.outcome !== 'claimed') return
    const { characterId, epoch, saveNumber, saved } = claimed.character
    const here = members.get(`${ticket.bootId}#${ticket.instance}`)!
    here.set(characterId, { characterId, epoch, saveNumber, saved })
  }

  /** So many more players ask within a second. Every third one never comes. */
  const come = (from: number, at: number): Result => {
    const result: Result = { tickets: 0, full: 0, other: 0, unanswered: 0 }
    for (let i = from; i < from + players; i++) {
      const runtime = { now: () => beganAt, randomBytes: random.bytes }
      const [characterId, accountId] = [newId(runtime), newId(runtime)]
      const saved = { zone: 'hub', x: 6000, y: 14_400, heading: 0 }
      const profile = { name: `C${i}`, race: 'human', job: 'mage' }
      void network.memory.transact([
        ...accountWrites(accountId),
        ...newCharacterWrites({ realmId, characterId, accountId, profile, saved }),
      ])
      scheduler.after(at + random.int(0, 900) - scheduler.now(), () => {
        judge.meet(characterId, profile.name)
        void functions.enter(characterId, accountId, undefined).then((answer) => {
          if (answer === undefined) result.unanswered++
          else if ('ticket' in answer) {
            result.tickets++
            if (i % 3 !== 0) scheduler.after(random.int(10, 3000), () => void join(answer.ticket))
          } else if (answer.code === 'world.full') result.full++
          else result.other++
        })
      })
    }
    return result
  }

  const placesNow = () =>
    cardsIn(network.memory, ['hub']).map((card) => ({
      held: placesIn(network.memory, card).length,
      counted: card.count,
      inside: members.get(`${card.bootId}#${card.instance}`)!.size,
    }))
  return { scheduler, most, come, placesNow, run: (ms: number) => scheduler.runUntil(ms, never) }
}
const never = () => false

it.each([1])(
  'places: 1,000 enters at once over 200 of them, a third never joins (seed %i)',
  async (seed) => {
    const { most, come, placesNow, run } = await crowd(seed, undefined)
    const first = come(0, 3000)
    await run(3000 + aMinute)
    expect(first).toEqual({ tickets: open, full: players - open, other: 0, unanswered: 0 })
    for (const count of most.values()) expect(count).toBeLessThanOrEqual(capacity)
    const then = placesNow()
    for (const { held, counted, inside } of then) expect([held, counted]).toEqual([inside, inside])
    const inside = then.reduce((sum, one) => sum + one.inside, 0)
    expect(inside).toBeGreaterThan(open / 2)

    // No place is lost: the next thousand get exactly the places of the third that never came.
    const second = come(players, 4000 + aMinute)
    await run(4000 + 2 * aMinute)
    expect(second).toMatchObject({ tickets: open - inside, full: players - (open - inside) })
    for (const count of most.values()) expect(count).toBeLessThanOrEqual(capacity)
  },
)

it.each(['lossy', 'late'] as const)(
  'places: never over and none leaked with a store that is %s meanwhile',
  async (state) => {
    const { most, come, placesNow, run } = await crowd(7, state)
    const first = come(0, 3000)
    await run(11_000 + 20_000 + aMinute)
    expect(first.tickets).toBeGreaterThan(0)
    for (const count of most.values()) expect(count).toBeLessThanOrEqual(capacity)
    const then = placesNow()
    for (const { held, counted, inside } of then) expect([held, counted]).toEqual([inside, inside])
  },
)
