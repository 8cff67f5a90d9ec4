// One run: a fleet, its functions and players under the faults of a plan, until all is calm and
// everybody is back.
import { enter } from '#functions/world/world.ts'
import type { WorldDeps } from '#functions/world/world.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { endLease, leaseKey } from '#shared/ownership/lease.ts'
import { Problem } from '#shared/problem.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import { startHost } from './host.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { createJudge } from './judge.ts'
import type { Judge, Violation } from './judge.ts'
import { createContent, realmId, zoneIds } from './map.ts'
import { describeFault, drawPlan } from './plan.ts'
import type { FaultPlan, Plan } from './plan.ts'
import { createPlayer } from './player.ts'
import type { Enter, Player } from './player.ts'
import { createProcess } from './process.ts'
import { createRandom } from './random.ts'
import { createScheduler } from './scheduler.ts'
import { installSigning } from './signing.ts'
import { createSky } from './sky.ts'

export type RunOptions = {
  /** In place of the faults that the seed would draw. */
  faults?: FaultPlan[]
  /** Indexes of the plan's faults that are left out. */
  without?: ReadonlySet<number>
  /** Writes down what happens. */
  tracing?: boolean
}

export type RunResult = {
  seed: number
  plan: Plan
  violations: Violation[]
  judge: Judge
  /** Virtual ms. */
  ms: number
  steps: number
  requests: number
  /** Faults of the plan, and requests that the store's weather met. */
  faults: number
  met: number
  /** From calm until the last player was back, ms. */
  backMs: number
}

/** After the last fault: the slowest way back (a lease that only time can judge) and some enters. */
const backMaxMs = 30_000
const entersMax = 20
/** Once everybody was back, nobody is out of play for longer: a gate, a socket. */
const outMaxMs = 8000
/** A function gives up by then, as its gateway would. */
const functionMs = 10_000

export async function run(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const keys = await installSigning()
  const plan = drawPlan(seed, options.faults)
  const faults = plan.faults.filter((_, i) => options.without?.has(i) !== true)
  const scheduler = createScheduler()
  const judge = createJudge(scheduler, options.tracing === true)
  const sky = createSky(scheduler, seed, faults, (request) => judge.applied(request))
  judge.watch(sky)
  const content = createContent(plan.capacity, plan.zoneMetres)
  const verifyKeys = () => keys.publicKey
  const chance = createRandom(seed, 'run')
  const calm = () => scheduler.now() >= plan.calmAt

  // The functions: each has a clock of its own.
  const functions = plan.functionSkewsMs.map((skewMs, i): { deps: WorldDeps } => {
    const process = createProcess(scheduler, `function ${i}`, createRandom(seed, `fn ${i}`), skewMs)
    const thread = process.thread()
    return {
      deps: {
        store: sky.client({ slot: undefined, thread }),
        runtime: thread.runtime,
        realms: { list: [], here: new Set([realmId]) },
        content,
        fleet: { allocate: async () => undefined, list: async () => [], drain: async () => false },
        signingKey: () => ({ keyId: 'k1', privateKey: keys.privateKey }),
        verifyKeys,
        sessionsFrom: async () => await Promise.resolve(0),
        isSynthetic: () => false,
        hint: (bootId) => {
          // The cache is a hint: a third of them never arrive.
          if (chance.chance(0.3)) return
          scheduler.after(chance.int(2, 20), () => {
            judge.hosts.find((host) => host.bootId === bootId)?.hint()
          })
        },
      },
    }
  })

  const enterSomewhere: Enter = async (characterId, accountId, observed) => {
    const { deps } = chance.pick(functions)
    const player = { accountId, sessionId: 's', issuedAt: deps.runtime.now(), guest: false }
    return await new Promise((resolve) => {
      const answer = (value: Awaited<ReturnType<Enter>>) => {
        const lost = !calm() && chance.chance(0.05)
        if (!lost) scheduler.after(chance.int(5, 40), () => resolve(value))
      }
      scheduler.after(functionMs, () => resolve(undefined))
      scheduler.after(chance.int(5, 40), () => {
        enter(deps, player, realmId, { characterId, protocol: PROTOCOL_VERSION, observed }).then(
          (admission) => {
            judge.note(characterId, `enter: ticket @${judge.guard(characterId).epoch}`)
            answer(admission)
          },
          (error: unknown) => {
            if (error instanceof StoreError) {
              return answer({ code: 'store', retryMs: 500, observed: undefined })
            }
            if (!(error instanceof Problem)) throw error
            const { code, retryAfterS } = error
            answer({ code, retryMs: (retryAfterS ?? 0.3) * 1000, observed: error.observed })
          },
        )
      })
    })
  }

  // The fleet: a host in each slot, always.
  const current: (SimulatedHost | undefined)[] = []
  const fleetThread = createProcess(scheduler, 'fleet', createRandom(seed, 'fleet'), 0).thread()
  const fleetStore = sky.client({ slot: undefined, thread: fleetThread })
  let boots = 0
  const boot = (slot: number): void => {
    const name = `host ${slot}.${boots++}`
    const random = createRandom(seed, `host ${slot} ${boots}`)
    const process = createProcess(scheduler, name, random, random.int(-2000, 2000))
    current[slot] = startHost({
      scheduler,
      sky,
      judge,
      process,
      slot,
      zones: plan.slots[slot]!.zones,
      capacity: plan.capacity,
      content,
      verifyKeys,
      onEnded: () => {
        const how = crashes.get(slot)
        crashes.delete(slot)
        const bootId = current[slot]!.bootId
        current[slot] = undefined
        scheduler.after(how?.backMs ?? 2000, () => boot(slot))
        const seenMs = how === undefined ? 500 : how.seenMs
        if (seenMs !== undefined) scheduler.after(seenMs, () => void markEnded(bootId))
      },
    })
  }
  const markEnded = async (bootId: string): Promise<void> => {
    for (;;) {
      try {
        await endLease(fleetStore, bootId)
        return
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await fleetThread.runtime.sleep(500)
      }
    }
  }
  const crashes = new Map<number, { seenMs: number | undefined; backMs: number }>()
  for (const slot of plan.slots.keys()) boot(slot)

  for (const fault of faults) {
    scheduler.after(fault.at, () => {
      judge.noteAll(`fault: ${describeFault(fault)}`)
      if (fault.kind !== 'weather') strike(fault)
    })
  }
  function strike(fault: Exclude<FaultPlan, { kind: 'weather' }>): void {
    const host = current[fault.slot]
    if (host === undefined) return
    switch (fault.kind) {
      case 'crash':
        crashes.set(fault.slot, fault)
        host.end('it crashed')
        break
      case 'stop':
        host.process.stop(fault.ms, fault.suspended)
        judge.stood(host, fault.ms)
        break
      case 'hang':
        host.hang(fault.thread, fault.ms)
        judge.stood(host, fault.ms)
        break
      case 'clock':
        host.process.setClock(fault.offMs)
        judge.stood(host, 8000)
        break
      case 'declare': {
        const { bootId } = host
        if (!fault.gone) return void markEnded(bootId)
        return void sky.memory.delete({ table: 'volatile', key: leaseKey(bootId) })
      }
      case 'drain':
        crashes.set(fault.slot, { seenMs: 500, backMs: fault.backMs })
        host.drain()
        break
      case 'atWrite': {
        const until = fault.at + 12_000
        host.arm(fault.rows, () => {
          if (scheduler.now() > until) return
          scheduler.after(fault.delayMs, () => {
            if (host.ended !== undefined) return
            judge.noteAll(`${host.process.name} stands still at a write of ${fault.rows}`)
            if (fault.crash) {
              crashes.set(fault.slot, { seenMs: undefined, backMs: 2000 })
              return host.end(`it crashed at a write of ${fault.rows}`)
            }
            host.process.stop(fault.ms, false)
            judge.stood(host, fault.ms)
          })
        })
      }
    }
  }

  // The players.
  const players: Player[] = []
  for (let i = 0; i < plan.players; i++) {
    const random = createRandom(seed, `player ${i}`)
    const runtime = { now: () => 1_800_000_000_000, randomBytes: random.bytes }
    const characterId = newId(runtime)
    const accountId = newId(runtime)
    const name = `P${i}`
    const soft = { zone: random.pick(zoneIds), x: 6000, y: 14_400, heading: 0 }
    const profile = { name, race: 'human', job: 'mage' }
    void sky.memory.transact(newCharacterWrites({ realmId, characterId, accountId, profile, soft }))
    const player = createPlayer({
      scheduler,
      judge,
      random,
      characterId,
      accountId,
      name,
      enter: enterSomewhere,
      calm,
    })
    players.push(player)
    scheduler.after(100, () => {
      judge.meet(characterId, name)
      player.start()
    })
  }

  // Those who ask for a place and never come.
  for (let i = 0; i < (plan.crowd?.count ?? 0); i++) {
    const random = createRandom(seed, `crowd ${i}`)
    const { at } = plan.crowd!
    const runtime = { now: () => 1_800_000_000_000, randomBytes: random.bytes }
    const [characterId, accountId] = [newId(runtime), newId(runtime)]
    const soft = { zone: 'hub', x: 6000, y: 14_400, heading: 0 }
    const profile = { name: `C${i}`, race: 'human', job: 'mage' }
    void sky.memory.transact(newCharacterWrites({ realmId, characterId, accountId, profile, soft }))
    scheduler.after(100, () => judge.meet(characterId, `C${i}`))
    scheduler.after(at + random.int(0, 500), () => {
      void enterSomewhere(characterId, accountId, undefined)
    })
  }

  let backAt: number | undefined
  const every = (ms: number, look: () => void): void => {
    scheduler.after(ms, () => {
      look()
      every(ms, look)
    })
  }
  every(500, () => judge.look())
  every(1000, () => {
    judge.lookAtPlaces(zoneIds)
    if (!calm()) return
    const sinceCalm = scheduler.now() - plan.calmAt
    for (const { characterId, name, outSince, enters } of players) {
      const since = outSince()
      if (since === undefined) continue
      const outMs = scheduler.now() - Math.max(since, plan.calmAt)
      const bound = sinceCalm > backMaxMs ? outMaxMs : backMaxMs
      if (outMs > bound) {
        judge.violation('everybody comes back', `${name} is out for ${outMs} ms`, characterId)
      }
      if (enters() > entersMax && sinceCalm > backMaxMs) {
        judge.violation('everybody comes back', `${name} entered ${enters()} times`, characterId)
      }
    }
    if (backAt === undefined && players.every((one) => one.outSince() === undefined)) {
      backAt = scheduler.now()
    }
  })

  const stop = () => judge.violations.length > 0
  const end = plan.calmAt + backMaxMs + 35_000
  const steps = await scheduler.runUntil(end, stop)
  return {
    seed,
    plan,
    violations: judge.violations,
    judge,
    ms: scheduler.now(),
    steps,
    requests: sky.requests(),
    faults: faults.length,
    met: sky.played(),
    backMs: (backAt ?? end) - plan.calmAt,
  }
}
