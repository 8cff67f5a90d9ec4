// One zone host: its instances, its sockets and the one loop that ticks them. Everything here runs on
// the tick thread; what must reach a store goes through `persistence`.
import {
  joinTimeoutMs,
  leaseDeadlineMs,
  stepFailuresMax,
  unjoinedSocketsMax,
  unsavedWorldMs,
} from '#shared/limits.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createAdmission } from './instance/admission.ts'
import { createCheckpoints } from './instance/checkpoints.ts'
import type { Checkpoints } from './instance/checkpoints.ts'
import { drainInstance } from './instance/drain.ts'
import { createDurations } from './instance/durations.ts'
import { createInbox } from './instance/inbox.ts'
import { setSaving, takeContent } from './instance/delivery.ts'
import { countPlayers, createInstance } from './instance/instance.ts'
import type { Instance } from './instance/instance.ts'
import { fence } from './instance/leaving.ts'
import { tickInstance } from './instance/tick.ts'
import { createSchedule } from './instance/schedule.ts'
import type { Schedule } from './instance/schedule.ts'
import { createLoadLevel } from './instance/load-level.ts'
import type { LoadLevel } from './instance/load-level.ts'
import { openSession } from './net/session.ts'
import type { Session } from './net/session.ts'
import type { Transport } from './net/transport.ts'
import { createWebSocketTransport } from './net/websocket.ts'
import type { Persistence } from './persistence/persistence.ts'
import type { ZoneRules } from './sim/rules.ts'

export type HostOptions = {
  bootId: string
  instances: { id: string; zone: Zone }[]
  content: Content
  /** What the game adds to its zones; the core's rules alone unless told. */
  rules?: ZoneRules
  persistence: Persistence
  verifyKeys: VerifyKeys
  runtime: Runtime
  /** Milliseconds that never go back, with fractions (`performance.now`). */
  monotonic: () => number
  /** Runs once after `ms`; answers with what cancels it. */
  setTimer: (run: () => void, ms: number) => () => void
  /** Port 0 takes a free one. */
  listen: { host: string; port: number }
  /** Takes the place of the sockets that `listen` speaks of: simulations bring a network of their own. */
  transport?: Transport
  log: Log
  /** Seed of the worlds' randomness. */
  seed: number
  /** Called each second from the tick thread: it is alive. */
  onHealth?: () => void
  /** Told how long each tick took, its sends included, ms. */
  onTick?: (ms: number) => void
  /** The host was declared dead: everybody has been closed, the process should end. */
  onLost?: () => void
  /**
   * An instance was given up because step after step failed: its players are saved and closed
   * (`internal`). The others go on; the process should be drained and another take its place.
   */
  onBroken?: (instance: string) => void
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
  /** Durations of the latest ticks, ms. `skipped`: ticks given up because the loop was late. */
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
  /** Admits nobody any more, saves everybody and lets them go; resolves when that is done. */
  drain(): Promise<void>
  /** Stops ticking and closes every socket and the port. Saves nothing: `drain` first. */
  stop(): Promise<void>
  /** Goes on with other content while players stay in; its zones are as large as before. */
  takeContent(content: Content): void
  stats(): HostStats
}

const sweepEveryMs = 1000
/** Time for close frames to leave before the process may be ended. */
const partingMs = 250

type Running = {
  instance: Instance
  schedule: Schedule
  load: LoadLevel
  checkpoints: Checkpoints
  /** Steps that failed, one after the other. */
  failures: number
}

export function createHost(options: HostOptions): Host {
  const { persistence, runtime, monotonic, log } = options
  const unjoined = new Set<Session>()
  const durations = createDurations()
  let sessions = 0
  let port = 0

  const running: Running[] = options.instances.map(({ id, zone }, index) => {
    const instance = createInstance({
      id,
      zone,
      content: options.content,
      rules: options.rules,
      persistence,
      runtime,
      monotonic,
      log: log.child({ instance: id }),
      seed: options.seed + index,
      nextSession: () => ++sessions,
    })
    const now = monotonic()
    // Checkpoints of neighbours are a quarter of a second apart.
    const firstAt = now + 1000 + index * 250
    return {
      instance,
      schedule: createSchedule(zone.tickHz, now),
      load: createLoadLevel(1000 / zone.tickHz),
      checkpoints: createCheckpoints({ instance, persistence, log, firstAt }),
      failures: 0,
    }
  })
  const instances = new Map(running.map(({ instance }) => [instance.id, instance]))
  const admission = createAdmission({ ...options, instances })
  const applyCommand = createInbox({ instances, admission, persistence, log })
  persistence.onCommand((command) => {
    if (!over()) applyCommand(command)
  })
  /** Whether one more may be opened. Of those that have not said anything yet the oldest gives way. */
  const makeRoom = () => {
    if (unjoined.size < unjoinedSocketsMax) return true
    for (const session of unjoined) {
      if (session.state !== 'new') continue
      session.end('timeout')
      return true
    }
    return false
  }
  const transport =
    options.transport ??
    createWebSocketTransport({
      ...options.listen,
      monotonic,
      admits: makeRoom,
    })

  let cancelTimer = () => {}
  let stopped = false
  let lost = false
  /** The lease must be proven before the next tick; the question is under way. */
  let proving = false
  const over = () => stopped || lost
  let held = true
  let unheldSince = 0
  let wokeAt = monotonic()
  let wokeAtWall = runtime.now()
  let sweptAt = Number.NEGATIVE_INFINITY

  /** The lease is lost. Nothing done here will be saved. */
  const fenceAll = () => {
    if (lost) return
    lost = true
    admission.lapse()
    admission.shut()
    log.error('the lease is lost: every player is disconnected, nothing more is saved')
    for (const { instance } of running) {
      for (const character of instance.roster.all()) fence(instance, character, 'fenced')
    }
    for (const session of unjoined) session.end('host.unavailable')
    options.setTimer(() => options.onLost?.(), partingMs)
  }

  /** Ticks of all worlds together: equal before and after means that none was in between. */
  const ticks = () => running.reduce((sum, { instance }) => sum + instance.world.tick, 0)

  const prove = async () => {
    proving = true
    admission.lapse()
    for (const { instance } of running) instance.frozen = true
    while (!over()) {
      const [asked, askedWall] = [monotonic(), runtime.now()]
      const outcome = await persistence.prove().catch(() => 'unavailable' as const)
      // Stopped again before the answer came in: what it says is too old to go on with.
      const tookMs = Math.max(monotonic() - asked, runtime.now() - askedWall)
      if (outcome === 'held' && tookMs <= leaseDeadlineMs) break
      if (outcome === 'lost') return fenceAll()
      if (outcome === 'unavailable') await runtime.sleep(sweepEveryMs)
    }
    if (!over()) log.info('the lease is proved: going on', { ticks: ticks() })
    restartClock()
    proving = false
  }

  const restartClock = () => {
    wokeAt = monotonic()
    wokeAtWall = runtime.now()
    for (const { schedule, instance } of running) {
      schedule.restart(wokeAt)
      instance.frozen = false
    }
  }

  /** Looks at lease and clocks; answers whether the worlds may go on. */
  const mayTick = (now: number): boolean => {
    const wall = runtime.now()
    const gapMs = Math.max(now - wokeAt, wall - wokeAtWall)
    wokeAt = now
    wokeAtWall = wall
    if (proving) return false
    if (gapMs > leaseDeadlineMs) {
      const stood = { gapMs: Math.round(gapMs), ticks: ticks() }
      log.warn('the tick thread stood still: proving the lease', stood)
      // What sockets sent meanwhile is yet to be read: nobody is cut for a silence that was ours.
      sweptAt = now
      prove().catch((error: unknown) => log.error('proving the lease failed', { error }))
      return false
    }
    const lease = persistence.lease()
    if (lease.lost) {
      fenceAll()
      return false
    }
    if (held && !lease.held) {
      unheldSince = now
      admission.lapse()
    }
    const frozen = !lease.held && now - (held ? now : unheldSince) > unsavedWorldMs
    held = lease.held
    for (const { instance, schedule } of running) {
      setSaving(instance, held)
      if (instance.frozen && !frozen) schedule.restart(now)
      instance.frozen = frozen
    }
    return !frozen
  }

  /** A step that throws is a defect of ours: it must not take the other instances with it. */
  const tick = (one: Running, now: number, delivers: boolean) => {
    const { instance } = one
    try {
      tickInstance(instance, now, delivers)
      one.failures = 0
    } catch (error) {
      one.failures++
      if (one.failures === 1) log.error('a step failed', { instance: instance.id, error })
      if (one.failures === stepFailuresMax) giveUp(one)
    }
  }

  /** Who plays here is saved at its last place and goes elsewhere; nobody comes in any more. */
  const giveUp = ({ instance, checkpoints }: Running) => {
    log.error('step after step failed: the instance is given up', { instance: instance.id })
    instance.broken = true
    drainInstance(instance, checkpoints, 'internal')
      .catch((error: unknown) => log.error('giving up failed', { instance: instance.id, error }))
      .finally(() => options.onBroken?.(instance.id))
  }

  /** Fewer snapshots are sent before ticks are skipped. */
  const setDetail = ({ instance, schedule, load }: Running) => {
    const detail = load.note(monotonic() - schedule.takenAt())
    if (detail === instance.detail) return
    instance.detail = detail
    log.warn('the level of detail has changed', { instance: instance.id, ...detail })
  }

  const tickAll = () => {
    for (const one of running) {
      const { instance, schedule, checkpoints } = one
      // Its checkpoints cease as well: an instance that says nothing gets no players.
      if (instance.broken) {
        schedule.take(monotonic())
        continue
      }
      for (let due = schedule.take(monotonic()); due > 0 && !over() && !instance.broken; due--) {
        const began = monotonic()
        instance.tickedAt = schedule.takenAt() - ((due - 1) * 1000) / instance.zone.tickHz
        // Of steps that are made up for at once only the last is worth its frames.
        tick(one, began, due === 1)
        const tookMs = monotonic() - began
        durations.add(tookMs)
        options.onTick?.(tookMs)
        if (due === 1) setDetail(one)
      }
      checkpoints.run(monotonic())
    }
  }

  const sweep = (now: number) => {
    sweptAt = now
    options.onHealth?.()
    admission.sweep()
    transport.sweep()
    for (const session of unjoined) {
      if (now - session.openedAt > joinTimeoutMs) session.end('timeout')
    }
  }

  const wake = () => {
    if (over()) return
    const now = monotonic()
    // Whatever goes wrong in between: the loop must not end, silently, for everybody.
    try {
      if (!proving) persistence.beat()
      if (mayTick(now)) tickAll()
      if (now - sweptAt >= sweepEveryMs) sweep(now)
    } catch (error) {
      log.error('the tick loop failed', { error })
    }
    const next = proving ? now + 50 : Math.min(...running.map(({ schedule }) => schedule.dueAt()))
    cancelTimer = options.setTimer(wake, Math.max(1, Math.min(50, next - monotonic())))
  }

  return {
    get port() {
      return port
    },
    async start() {
      port = await transport.listen((connection) => {
        const { session, listener } = openSession(connection, admission, monotonic, (changed) => {
          if (changed.state !== 'new' && changed.state !== 'joining') unjoined.delete(changed)
        })
        unjoined.add(session)
        return listener
      })
      restartClock()
      wake()
    },
    async drain() {
      admission.shut()
      await admission.idle()
      await Promise.all(
        running.map(({ instance, checkpoints }) =>
          drainInstance(instance, checkpoints, 'host.shutdown'),
        ),
      )
    },
    async stop() {
      stopped = true
      cancelTimer()
      await transport.close()
    },
    takeContent(content) {
      for (const { instance } of running) takeContent(instance, content)
    },
    stats() {
      const { sockets, frames, bytes } = transport.traffic()
      const skipped = running.reduce((sum, { schedule }) => sum + schedule.skipped(), 0)
      return {
        instances: running.map(({ instance }) => ({
          id: instance.id,
          zone: instance.zone.id,
          players: countPlayers(instance),
          entities: instance.world.players.length + instance.world.creatures.length,
          capacity: instance.zone.capacity,
          tick: instance.world.tick,
        })),
        ticks: { ...durations.summary(), skipped },
        sockets,
        unjoined: unjoined.size,
        frames,
        bytes,
      }
    },
  }
}
