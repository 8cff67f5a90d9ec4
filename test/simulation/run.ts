// One run: a fleet, its functions and players under the faults of a plan, until all is calm and
// everybody is back.
import { addToList } from '#functions/characters/store.ts'
import { newCharacterWrites } from '#shared/ownership/guard.ts'
import { endLease, leaseKey } from '#shared/ownership/lease.ts'
import { newId } from '#shared/runtime.ts'
import type { StoreRequest } from '#shared/store/faults.ts'
import { StoreError } from '#shared/store/store.ts'
import { accountWrites, startFunctions } from './functions.ts'
import { startHost } from './host.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { createJudge } from './judge.ts'
import type { Judge, Violation } from './judge.ts'
import { createContent, realmId, zoneIds } from './map.ts'
import { describeFault, drawPlan } from './plan.ts'
import type { FaultPlan, Plan } from './plan.ts'
import { startOperators } from './operators.ts'
import { createPlayer } from './player.ts'
import type { Player } from './player.ts'
import { beganAt, createProcess } from './process.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import { createScheduler } from './scheduler.ts'
import { installSigning } from './signing.ts'
import { createNetwork } from './network.ts'

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
  /** Faults of the plan, and requests that a network fault met. */
  faults: number
  met: number
  /** From calm until the last player was back, ms. */
  backMs: number
}

/** The longest way back after the last fault: a lease that only time can judge, and some enters, ms. */
const backMaxMs = 30_000
const entersMax = 20
/** The run ends when everybody has been back for so long, ms. */
const stayMs = 15_000
/** Who is in play that long has had his effects, virtual ms. */
const settledMs = 10_000
/** After everybody was back, a gate or a lost socket takes a player out of play for no longer than this, ms. */
const outMaxMs = 8000

export async function run(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const keys = await installSigning()
  const plan = drawPlan(seed, options.faults)
  const faults = plan.faults.filter((_, i) => options.without?.has(i) !== true)
  const scheduler = createScheduler()
  const judge = createJudge(scheduler, options.tracing === true)
  const network = createNetwork(scheduler, seed, faults, (request) => judge.applied(request))
  judge.watch(network)
  const content = createContent(plan.capacity, plan.zoneMetres)
  const verifyKeys = () => keys.publicKey
  const calm = () => scheduler.now() >= plan.calmAt

  const functions = startFunctions({
    scheduler,
    network,
    judge,
    seed,
    skewsMs: plan.functionSkewsMs,
    content,
    keys,
    chance: createRandom(seed, 'run'),
    calm,
  })

  // The fleet: a host in each slot, always.
  const current: (SimulatedHost | undefined)[] = []
  const fleetThread = createProcess(scheduler, 'fleet', createRandom(seed, 'fleet'), 0).thread()
  const fleetStore = network.client({ slot: undefined, thread: fleetThread })
  let boots = 0
  const boot = (slot: number): void => {
    const name = `host ${slot}.${boots++}`
    const random = createRandom(seed, `host ${slot} ${boots}`)
    const process = createProcess(scheduler, name, random, random.int(-2000, 2000))
    current[slot] = startHost({
      scheduler,
      network,
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
      if (fault.kind !== 'network') strike(fault)
    })
  }
  function strike(fault: Exclude<FaultPlan, { kind: 'network' }>): void {
    if (fault.kind === 'function') return functions.strike(fault)
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
        return void network.memory.delete({ table: 'volatile', key: leaseKey(bootId) })
      }
      case 'drain':
        crashes.set(fault.slot, { seenMs: 500, backMs: fault.backMs })
        host.drain()
        break
      case 'atStep':
      case 'atWrite': {
        const until = fault.at + 12_000
        let steps = fault.kind === 'atStep' ? fault.steps : 1
        const met = (request: StoreRequest) =>
          (fault.kind === 'atStep' || writes(request, fault.rows)) && --steps === 0
        host.arm(met, () => {
          if (scheduler.now() > until) return
          scheduler.after(fault.delayMs, () => {
            if (host.ended !== undefined) return
            const where = fault.kind === 'atStep' ? 'a step' : `a write of ${fault.rows}`
            judge.noteAll(`${host.process.name} stands still at ${where}`)
            if (fault.crash) {
              crashes.set(fault.slot, { seenMs: undefined, backMs: 2000 })
              return host.end(`it crashed at ${where}`)
            }
            host.process.stop(fault.ms, false)
            judge.stood(host, fault.ms)
          })
        })
      }
    }
  }

  /** Account, list entry and rows of one more character; the judge knows it from then on. */
  const create = (name: string, zone: string, random: Random, sharedWith?: string) => {
    const runtime = { now: () => beganAt, randomBytes: random.bytes }
    const characterId = newId(runtime)
    const accountId = sharedWith ?? newId(runtime)
    const saved = { zone, x: 6000, y: 14_400, heading: 0 }
    const profile = { name, race: 'human', job: 'mage' }
    const listed = { characterId, ...profile, zone, createdAt: beganAt }
    void network.memory.transact([
      ...(sharedWith === undefined ? accountWrites(accountId) : []),
      addToList({ realmId, accountId }, listed),
      ...newCharacterWrites({ realmId, characterId, accountId, profile, saved }),
    ])
    return { characterId, accountId }
  }

  const players: Player[] = []
  for (let i = 0; i < plan.players; i++) {
    const random = createRandom(seed, `player ${i}`)
    const name = `P${i}`
    const shared = i === 1 && plan.sharedAccount ? players[0]!.accountId : undefined
    const who = create(name, random.pick(zoneIds), random, shared)
    const player = createPlayer({
      scheduler,
      judge,
      random,
      ...who,
      name,
      enter: functions.enter,
      calm,
      // Of two characters of an account one is to stay in the end.
      retired: () => shared !== undefined && calm(),
    })
    players.push(player)
    scheduler.after(100, () => {
      judge.meet(who.characterId, name)
      player.start()
    })
  }

  // Those who ask for a place and never come.
  for (let i = 0; i < (plan.crowd?.count ?? 0); i++) {
    const random = createRandom(seed, `crowd ${i}`)
    const { characterId, accountId } = create(`C${i}`, 'hub', random)
    scheduler.after(100, () => judge.meet(characterId, `C${i}`))
    scheduler.after(plan.crowd!.at + random.int(0, 500), () => {
      void functions.enter(characterId, accountId, undefined)
    })
  }

  const accountOf = (player: number) => players[player]!.accountId
  startOperators({ scheduler, judge, functions, actions: plan.actions, accountOf })

  let backAt: number | undefined
  const every = (ms: number, work: () => void): void => {
    scheduler.after(ms, () => {
      work()
      every(ms, work)
    })
  }
  every(500, () => judge.check())
  every(1000, () => {
    judge.checkPlaces(zoneIds)
    if (!calm()) return
    const sinceCalm = scheduler.now() - plan.calmAt
    const free = players.filter((one) => !judge.bans.isBanned(one.accountId))
    for (const { characterId, accountId, name, outSince, enters } of free) {
      const since = outSince()
      if (since === undefined) continue
      const outMs = scheduler.now() - Math.max(since, plan.calmAt, judge.bans.freeSince(accountId))
      const bound = sinceCalm > backMaxMs ? outMaxMs : backMaxMs
      if (outMs > bound) {
        judge.violation('everybody comes back', `${name} is out for ${outMs} ms`, characterId)
      }
      if (enters() > entersMax && sinceCalm > backMaxMs) {
        judge.violation('everybody comes back', `${name} entered ${enters()} times`, characterId)
      }
    }
    if (backAt === undefined && free.every((one) => one.outSince() === undefined)) {
      backAt = scheduler.now()
    }
  })

  const end = plan.calmAt + backMaxMs + 35_000
  // Three runs of four end soon after the last player is back; the fourth runs on, to find
  // places that are never released and players who drop out again.
  const runsOn = seed % 4 === 0
  const done = () => !runsOn && backAt !== undefined && scheduler.now() - backAt > stayMs
  const stop = () => judge.violations.length > 0 || done()
  const steps = await scheduler.runUntil(end, stop)
  for (const { characterId } of players) {
    // Of who does not come back an effect waits in the state row.
    const since = judge.activeSince(characterId)
    if (since !== undefined && scheduler.now() - since > settledMs)
      judge.effects.settled(characterId)
  }
  return {
    seed,
    plan,
    violations: judge.violations,
    judge,
    ms: scheduler.now(),
    steps,
    requests: network.requests(),
    faults: faults.length,
    met: network.played(),
    backMs: (backAt ?? end) - plan.calmAt,
  }
}

/** Whether it writes a row of that kind; PLACES are cards and places, whose keys have another prefix. */
function writes({ operation, rows }: StoreRequest, kind: string): boolean {
  if (operation === 'get' || operation === 'query') return false
  return rows.some(({ key }) =>
    kind === 'PLACES' ? /#[ZI]#/.test(key.pk) : key.sk.startsWith(kind),
  )
}
