// The faults of a run: a list drawn from the seed before it begins. Faults do not depend on each other, so that
// a failing run can be tried again without some of them.
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** The processes that have the network fault. A slot is a position in the fleet, of one host after another. */
export type Reach = { who: 'all' | 'functions' } | { who: 'slot'; slot: number }

export type NetworkState =
  /** Others hold the rows; the store asks to slow down. */
  | 'conflicts'
  /** Requests and answers are lost. */
  | 'lossy'
  /** Writes without an answer are applied 1 to 20 s later. */
  | 'late'
  /** Answers take long. */
  | 'slow'
  /** Transactions meet others and fail, single writes go through. */
  | 'stuck'
  /** Nothing comes through: refused at once, or no answer at all. */
  | 'refused'
  | 'silent'

export type FaultPlan = { at: number } & (
  | { kind: 'network'; state: NetworkState; reach: Reach; ms: number }
  /** The process ends. The fleet sees it after `seenMs`, or never: then the lease alone shows it. */
  | { kind: 'crash'; slot: number; seenMs: number | undefined; backMs: number }
  | { kind: 'stop'; slot: number; ms: number; suspended: boolean }
  | { kind: 'hang'; slot: number; ms: number; thread: 'tick' | 'worker' }
  | { kind: 'clock'; slot: number; offMs: number }
  /** The lease of a living host is ended by mistake, or its row is gone, as after a pause of a day. */
  | { kind: 'declare'; slot: number; gone: boolean }
  /** A rolling update: the host saves everybody, lets them go and is replaced. */
  | { kind: 'drain'; slot: number; backMs: number }
  /** The host stops or ends shortly after its next write of such rows. */
  | { kind: 'atWrite'; slot: number; rows: string; delayMs: number; ms: number; crash: boolean }
  /** The same at any step: after so many more requests of the host to the store. */
  | { kind: 'atStep'; slot: number; steps: number; delayMs: number; ms: number; crash: boolean }
  /** And of a function. */
  | { kind: 'function'; fn: number; steps: number; delayMs: number; ms: number; crash: boolean }
)

/** What an operator does to the account of a player. */
export type ActionPlan = {
  at: number
  player: number
  /** So long after the account next asks for a ticket, or gets one, instead of at once. */
  after?: { what: 'asked' | 'ticket'; ms: number } | undefined
} & (
  | { kind: 'show' | 'kick' }
  /** Lifted so much later, or never. `resend`: the ban's request comes once more after that. */
  | { kind: 'ban'; liftMs: number | undefined; resend: boolean }
)

export type Plan = {
  slots: { zones: string[] }[]
  players: number
  /** From gate to gate: short ways have many hand-overs, long ways many saves. */
  zoneMetres: number
  capacity: number
  /** So many others ask for a place at that time and never come. */
  crowd: { at: number; count: number } | undefined
  functionSkewsMs: number[]
  /** The second player is another character of the first one's account: one of them plays at a time. */
  sharedAccount: boolean
  actions: ActionPlan[]
  faults: FaultPlan[]
  /** From then on there is no fault. */
  calmAt: number
}

/** Late writes are applied until so long after the last fault, ms. */
const lateMaxMs = 20_000

export function drawPlan(seed: number, given?: FaultPlan[]): Plan {
  const random = createRandom(seed, 'plan')
  const slots = random
    .pick([
      [['hub'], ['hub'], ['forest']],
      [
        ['hub', 'forest'],
        ['hub', 'forest'],
      ],
      [['hub', 'hub'], ['forest']],
      [['hub', 'forest'], ['hub'], ['forest']],
    ])
    .map((zones) => ({ zones }))
  const count = random.int(2, 8)
  const faults = Array.from({ length: count }, () => drawFault(random, slots.length))
  const zoneMetres = random.pick([150, 150, 500])
  if (random.chance(0.4)) {
    const at = random.int(8000, zoneMetres === 500 ? 90_000 : 50_000)
    faults.push(...drawStorm(random, slots.length, at))
  }
  const players = random.int(2, 4)
  const { actions, sharedAccount, networkFaults } = drawActions(seed, players)
  faults.push(...networkFaults)
  faults.sort((a, b) => a.at - b.at)
  if (given !== undefined) faults.splice(0, faults.length, ...given)
  // Their places lapse with their tickets.
  const crowd = random.chance(0.12) ? { at: random.int(4000, 30_000), count: 14 } : undefined
  const crowdGone = crowd === undefined ? 0 : crowd.at + 55_000
  return {
    slots,
    players,
    sharedAccount,
    actions,
    zoneMetres,
    capacity: players + (random.chance(0.5) ? 1 : 30),
    crowd,
    functionSkewsMs: Array.from({ length: 3 }, () => random.int(-500, 500)),
    faults,
    calmAt: Math.max(20_000, crowdGone, ...faults.map(endOf), ...actions.map(doneBy)),
  }
}

/** Longest wait for the moment that an action is tied to. */
export const actionWaitMs = 10_000

/** Operators have a stream of their own: without them the run is the same otherwise. */
function drawActions(
  seed: number,
  players: number,
): Pick<Plan, 'actions' | 'sharedAccount'> & { networkFaults: FaultPlan[] } {
  const random = createRandom(seed, 'operators')
  const actions: ActionPlan[] = []
  const networkFaults: FaultPlan[] = []
  const sharedAccount = random.chance(0.15)
  if (random.chance(0.55)) return { actions, networkFaults, sharedAccount }
  const accounts = sharedAccount ? [0, 2, 3] : [0, 1, 2, 3]
  for (let i = random.int(1, 4); i > 0; i--) {
    const at = random.int(6000, 60_000)
    const player = random.pick(accounts.filter((one) => one < players))
    const what = random.pick(['asked', 'ticket'] as const)
    const after = random.chance(0.6)
      ? { what, ms: random.int(0, what === 'asked' ? 1200 : 120) }
      : undefined
    const roll = random.next()
    const liftMs = random.chance(0.7)
      ? random.int(200, random.chance(0.5) ? 5000 : 25_000)
      : undefined
    const resend = random.chance(0.3)
    // One ban an account: nothing is promised for two bans that overlap with their liftings.
    const banned = actions.some((one) => one.kind === 'ban' && one.player === player)
    if (roll < 0.15) actions.push({ at, player, kind: 'show' })
    else if (roll < 0.35 || banned) actions.push({ at, player, after, kind: 'kick' })
    else {
      actions.push({ at, player, after, kind: 'ban', liftMs, resend })
      if (random.chance(0.5)) continue
      // Writes of the functions are slow or late, beside the writes of the ban.
      const state = random.pick(['slow', 'slow', 'late', 'lossy'] as const)
      const reach: Reach = { who: 'functions' }
      networkFaults.push({
        at: at - random.int(0, 2000),
        kind: 'network',
        state,
        reach,
        ms: 12_000,
      })
    }
  }
  return { actions, networkFaults, sharedAccount }
}

function doneBy(action: ActionPlan): number {
  const begun = action.at + (action.after === undefined ? 0 : actionWaitMs)
  return begun + (action.kind === 'ban' ? 5000 + (action.liftMs ?? 0) : 0)
}

function endOf(fault: FaultPlan): number {
  switch (fault.kind) {
    case 'network':
      return fault.at + fault.ms + (fault.state === 'late' ? lateMaxMs : 0)
    case 'stop':
    case 'hang':
      return fault.at + fault.ms
    case 'crash':
      return fault.at + Math.max(fault.seenMs ?? 0, fault.backMs)
    case 'drain':
      return fault.at + fault.backMs + 5000
    case 'clock':
    case 'declare':
      return fault.at + 10_000
    case 'atWrite':
    case 'atStep':
    case 'function':
      return fault.at + 12_000 + fault.ms
  }
}

function drawFault(random: Random, slots: number): FaultPlan {
  const at = random.int(4000, 60_000)
  const slot = random.int(0, slots - 1)
  const roll = random.next()
  const pauseMs = () => (random.chance(0.5) ? random.int(200, 9000) : random.int(5000, 40_000))
  if (roll < 0.4) {
    const state = random.pick([
      'conflicts',
      'lossy',
      'late',
      'slow',
      'stuck',
      'refused',
      'silent',
    ] as const)
    const dark = state === 'refused' || state === 'silent'
    const reach: Reach = random.chance(0.45)
      ? { who: 'all' }
      : random.chance(0.8)
        ? { who: 'slot', slot }
        : { who: 'functions' }
    const ms = dark && random.chance(0.4) ? random.int(15_000, 60_000) : random.int(2000, 15_000)
    return { at, kind: 'network', state, reach, ms }
  }
  const seenMs = random.chance(0.6) ? random.int(100, 4000) : undefined
  const backMs = random.int(500, 6000)
  if (roll < 0.55) return { at, kind: 'crash', slot, seenMs, backMs }
  if (roll < 0.68) return { at, kind: 'stop', slot, ms: pauseMs(), suspended: random.chance(0.4) }
  if (roll < 0.76) {
    return {
      at,
      kind: 'hang',
      slot,
      ms: pauseMs(),
      thread: random.pick(['tick', 'worker'] as const),
    }
  }
  if (roll < 0.8) return { at, kind: 'clock', slot, offMs: random.int(-6000, 6000) }
  if (roll < 0.83) return { at, kind: 'declare', slot, gone: random.chance(0.5) }
  if (roll < 0.87) return { at, kind: 'drain', slot, backMs }
  const strike = { delayMs: random.int(0, 14), ms: pauseMs(), crash: random.chance(0.5) }
  if (roll < 0.91) {
    return { at, kind: 'function', fn: random.int(0, 2), steps: random.int(1, 12), ...strike }
  }
  if (roll < 0.95) return { at, kind: 'atStep', slot, steps: random.int(1, 40), ...strike }
  const rows = random.pick(['#STATE', '#GUARD', 'CHECKPOINT', 'LEASE', 'INBOX', 'PLACES', 'MILES'])
  return { at, kind: 'atWrite', slot, rows, ...strike }
}

/** Faults that are worse together than one by one. */
function drawStorm(random: Random, slots: number, at: number): FaultPlan[] {
  const slot = random.int(0, slots - 1)
  const functions: Reach = { who: 'functions' }
  switch (random.int(0, 3)) {
    case 0: {
      // A host wakes about when others have judged it dead, and their writes take long.
      const ms = random.int(11_000, 18_000)
      const state = random.pick(['late', 'slow'] as const)
      return [
        { at, kind: 'stop', slot, ms, suspended: random.chance(0.3) },
        { at: at + 6000, kind: 'network', state, reach: functions, ms: 12_000 },
      ]
    }
    case 1: {
      // The store is gone for everybody, again and again, about as long as a lease lives.
      let from = at
      return Array.from({ length: 4 }, (): FaultPlan => {
        const state = random.pick(['refused', 'silent'] as const)
        const ms = random.int(4000, 9000)
        const dark: FaultPlan = { at: from, kind: 'network', state, reach: { who: 'all' }, ms }
        from += ms + random.int(300, 2000)
        return dark
      })
    }
    case 2: {
      // Nobody can leave, everything else is saved; then the host dies.
      const reach: Reach = { who: 'slot', slot }
      const ms = random.int(8000, 16_000)
      const seenMs = random.int(100, 4000)
      return [
        { at, kind: 'network', state: 'stuck', reach, ms },
        { at: at + ms - random.int(0, 3000), kind: 'crash', slot, seenMs, backMs: 1000 },
      ]
    }
    default: {
      // Writes of the host are applied late. It ends or stands still before that.
      const reach: Reach = { who: 'slot', slot }
      const late: FaultPlan = { at, kind: 'network', state: 'late', reach, ms: 12_000 }
      const then = at + random.int(1000, 9000)
      const seenMs = random.int(100, 2000)
      return random.chance(0.5)
        ? [late, { at: then, kind: 'crash', slot, seenMs, backMs: 1000 }]
        : [late, { at: then, kind: 'stop', slot, ms: random.int(6000, 20_000), suspended: false }]
    }
  }
}

export function describeFault(fault: FaultPlan): string {
  const { at, kind, ...rest } = fault
  return `${(at / 1000).toFixed(1)} s ${kind} ${JSON.stringify(rest)}`
}
