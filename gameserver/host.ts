// One zone host: its instances, its sockets, the loop that ticks them (host/tick-loop.ts) and the gate that
// says whether they may go on (host/lease-gate.ts). Everything here runs on the tick thread. All requests to
// a store go through `persistence`.
import type { Content, Zone } from '#shared/content/content.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createCloses } from './host/closes.ts'
import { createClosing } from './host/closing.ts'
import { createLeaseGate } from './host/lease-gate.ts'
import type { GateState } from './host/lease-gate.ts'
import { createTickLoop } from './host/tick-loop.ts'
import { createPrivates } from './host/privates.ts'
import { createRunningInstances } from './host/running.ts'
import type { Running, RunningInstances } from './host/running.ts'
import { createUnjoined } from './host/unjoined.ts'
import { createWorldEvents } from './host/world-events.ts'
import { createAdmission } from './instance/admission.ts'
import { setSaving, takeContent } from './instance/delivery.ts'
import { drainInstance } from './instance/drain.ts'
import { createDurations } from './instance/durations.ts'
import type { Durations } from './instance/durations.ts'
import { createInbox } from './instance/inbox.ts'
import { countPlayers, takeRules } from './instance/instance.ts'
import type { Instance } from './instance/instance.ts'
import { fence } from './instance/leaving.ts'
import { tell } from './instance/telling.ts'
import { createVoices } from './instance/voices.ts'
import type { Transport } from './net/transport.ts'
import { createWebSocketTransport } from './net/websocket.ts'
import type { Persistence } from './persistence/persistence.ts'
import type { ZoneRules } from './sim/rules.ts'

export type HostOptions = {
  bootId: string
  instances: { id: string; zone: Zone }[]
  /** Ids of the cards of its room for private instances (HostIdentity). */
  slots?: string[]
  content: Content
  /** The rules of the core and of the game. Default: the rules of the core alone. */
  rules?: ZoneRules
  persistence: Persistence
  verifyKeys: VerifyKeys
  runtime: Runtime
  /** Milliseconds that never go back, with fractions (`performance.now`). */
  monotonic: () => number
  /** Runs once after `ms`; returns a function that cancels it. */
  setTimer: (run: () => void, ms: number) => () => void
  /** Port 0 takes a free one. `origins`: as WebSocketOptions has them. */
  listen: { host: string; port: number; origins?: readonly string[] }
  /** Replaces the sockets of `listen`: simulations bring a network of their own. */
  transport?: Transport
  log: Log
  /** Seed of the worlds' randomness. */
  seed: number
  /** Called each second from the tick thread: it is alive. */
  onHealth?: () => void
  /** Called with how long each tick took, its sends included, ms. */
  onTick?: (ms: number) => void
  /** The lease is lost and every player is disconnected: the process should end. */
  onLost?: () => void
  /**
   * Called when an instance closes because tick after tick failed: its characters leave, with the close
   * reason `internal`. The other instances go on. The process should drain, so that another host replaces it.
   */
  onBroken?: (instance: string) => void
  /** The last of its instances was closed by an operator: the process should end. */
  onEmpty?: () => void
}

export type HostStats = {
  instances: {
    id: string
    zone: string
    players: number
    entities: number
    capacity: number
    tick: number
  }[]
  /** Durations of the latest ticks, ms. `skipped`: ticks that never ran because the loop was late. */
  ticks: { count: number; skipped: number; p50Ms: number; p99Ms: number; maxMs: number }
  sockets: number
  unjoined: number
  frames: { received: number; sent: number }
  bytes: { received: number; sent: number }
}

export type Host = {
  /** The port that is listened on; 0 before `start`. */
  readonly port: number
  /** Listens and begins to tick. Rejects when the port cannot be had. */
  start(): Promise<void>
  /** Admits no character any more; every character leaves. Resolves when all are saved. */
  drain(): Promise<void>
  /** Stops ticking and closes every socket and the port. Saves nothing: `drain` first. */
  stop(): Promise<void>
  /** Goes on with other content while players stay in; its zones must be as large as before. */
  takeContent(content: Content): void
  /** Goes on with other rules while players stay in. False when they need another host (instance.ts). */
  takeRules(rules: ZoneRules): boolean
  stats(): HostStats
}

/** Time for close frames to leave before the process may be ended. */
const partingMs = 250

export function createHost(options: HostOptions): Host {
  const { persistence, monotonic, log } = options
  const voices = createVoices()
  const blocks = new Map<string, ReadonlySet<string>>()
  const runs = createRunningInstances({ ...options, voices, blocks })
  for (const { id, zone } of options.instances) runs.begin(id, zone)
  const { all: running, byId: instances } = runs
  let { content } = options
  const { slots = [] } = options
  const privates = createPrivates({
    ...options,
    running: runs,
    content: () => content,
    slots,
  })
  const closes = createCloses({
    ...options,
    running: runs,
    onLast: () => {
      if (slots.length === 0) options.onEmpty?.()
    },
  })
  const closing = createClosing({ ...options, running })
  const tellEvents = createWorldEvents({ ...options, running })
  const admission = createAdmission({ ...options, instances, keepsOut: closing.keepsOut })
  const unjoined = createUnjoined(admission, monotonic)
  const transport =
    options.transport ??
    createWebSocketTransport({ ...options.listen, monotonic, admits: unjoined.makeRoom })
  const durations = createDurations()
  let port = 0

  const onChange = (state: GateState, before: GateState) => {
    // Claims in flight are void whenever the lease is in doubt.
    if (state !== 'playing') admission.lapse()
    if (state === 'proving') loop.putOffSweep()
    if (state === 'lost') return end()
    const stood = before === 'frozen' || before === 'proving'
    for (const one of running) applyGateState(one, state, gate.ticks(), stood, monotonic())
  }

  /** The lease is lost. Nothing done here will be saved. */
  const end = () => {
    admission.shut()
    log.error('the lease is lost: every player is disconnected, nothing more is saved')
    for (const { instance } of running) fenceAll(instance)
    unjoined.endAll('host.unavailable')
    options.setTimer(() => options.onLost?.(), partingMs)
  }

  const gate = createLeaseGate({ ...options, ticksRun: runs.ticks, onChange })
  const loop = createTickLoop({
    ...options,
    running,
    gate,
    durations,
    onBroken(instance) {
      if (!privates.close(instance)) options.onBroken?.(instance)
    },
    // The thread stood still, and messages of that time still wait in the sockets. So the sweep comes a
    // second later.
    sweep(now) {
      options.onHealth?.()
      admission.sweep()
      transport.sweep()
      unjoined.sweep(now)
      closing.sweep()
      privates.sweep(now)
      closes.sweep()
      tellEvents()
    },
  })
  const applyCommand = createInbox({
    instances,
    admission,
    voices,
    open: privates.open,
    close(instance) {
      if (!privates.close(instance)) closes.close(instance)
    },
    persistence,
    log,
  })
  persistence.onCommand((command) => {
    if (gate.open()) applyCommand(command)
  })
  persistence.onMaintenance(closing.plan)
  persistence.onTold((told) => {
    for (const instance of instances.values()) tell(instance, told)
  })
  persistence.onBlocks(({ accountId, blocked }) => {
    if (blocked.length === 0) blocks.delete(accountId)
    else blocks.set(accountId, new Set(blocked))
  })

  return {
    get port() {
      return port
    },
    async start() {
      port = await transport.listen(unjoined.accept)
      gate.start()
      for (const { schedule } of running) schedule.restart(monotonic())
      loop.start()
    },
    async drain() {
      privates.shut()
      admission.shut()
      await admission.idle()
      const drains = running.map(({ instance, checkpoints }) =>
        drainInstance(instance, checkpoints, { reason: 'host.shutdown' }),
      )
      await Promise.all(drains)
    },
    async stop() {
      gate.stop()
      loop.stop()
      await transport.close()
    },
    takeContent(next) {
      content = next
      for (const { instance } of running) takeContent(instance, next)
    },
    takeRules(rules) {
      return running.every(({ instance }) => takeRules(instance, rules))
    },
    stats: () => ({ ...readStats(runs, durations, transport), unjoined: unjoined.count }),
  }
}

/** Lets the world of an instance go on or stand still. After it stood still its schedule begins anew. */
function applyGateState(
  { instance, schedule }: Running,
  state: GateState,
  ticks: boolean,
  stood: boolean,
  now: number,
): void {
  instance.frozen = !ticks
  if (stood && ticks) schedule.restart(now)
  if (state !== 'proving') setSaving(instance, state === 'playing')
}

function fenceAll(instance: Instance): void {
  for (const character of instance.roster.all()) fence(instance, character, 'fenced')
}

function readStats(
  running: RunningInstances,
  durations: Durations,
  transport: Transport,
): Omit<HostStats, 'unjoined'> {
  return {
    instances: running.all.map(({ instance }) => ({
      id: instance.id,
      zone: instance.zone.id,
      players: countPlayers(instance),
      entities: instance.world.players.length + instance.world.creatures.length,
      capacity: instance.zone.capacity,
      tick: instance.world.tick,
    })),
    ticks: { ...durations.summary(), skipped: running.skipped() },
    ...transport.traffic(),
  }
}
