// One zone host process: the real tick loop, admission and instances on one thread, the real host store
// on the other, and between them messages, as gameserver/persistence/thread.ts and worker.ts pass them.
import { createHost } from '#gameserver/host.ts'
import type { Host } from '#gameserver/host.ts'
import type { Connection, ConnectionListener, Transport } from '#gameserver/net/transport.ts'
import { createHostStore } from '#gameserver/persistence/host-store.ts'
import { leaseView } from '#gameserver/persistence/lease-keeper.ts'
import type { LeaseProof } from '#gameserver/persistence/lease-keeper.ts'
import type { Persistence } from '#gameserver/persistence/persistence.ts'
import type { Content } from '#shared/content/content.ts'
import { leaseDeadlineMs } from '#shared/limits.ts'
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import type { StoreRequest } from '#shared/store/faults.ts'
import type { Log, LogFields } from '#shared/telemetry/log.ts'
import { effects, rules } from './effects.ts'
import type { Judge } from './judge.ts'
import { realmId } from './map.ts'
import type { Process } from './process.ts'
import type { Scheduler } from './scheduler.ts'
import type { ServerSocket, SimulatedHost } from './simulated-host.ts'
import type { Network } from './network.ts'

/** The tick thread wakes this often: a tick of the small worlds here. */
const wakeMs = 250
/** A message between threads. */
const hopMs = 1

export function startHost(deps: {
  scheduler: Scheduler
  network: Network
  judge: Judge
  process: Process
  slot: number
  zones: string[]
  capacity: number
  content: Content
  verifyKeys: VerifyKeys
  onEnded: (why: string) => void
}): SimulatedHost {
  const { scheduler, network, judge, process, slot, zones, capacity, content } = deps
  const { clocks } = process
  const tick = process.thread()
  const worker = process.thread()
  const bootId = newId(worker.runtime)
  const sockets = new Set<ServerSocket>()
  const instances = zones.map((zone, i) => ({ instance: `${zone}-${i + 1}`, zone, capacity }))
  let armed: { met: (request: StoreRequest) => boolean; strike: () => void } | undefined

  const identity = {
    bootId,
    realmId,
    address: bootId,
    protocol: PROTOCOL_VERSION,
    contentVersion: content.version,
    publicKey: 'none',
    instances,
  }

  // The worker's side.
  /** What the checkpoint under way of each instance holds, so that its answer can be judged. */
  const saving = new Map<string, CheckpointEntry[]>()
  const never: LeaseProof = {
    wall: Number.NEGATIVE_INFINITY,
    monotonic: Number.NEGATIVE_INFINITY,
    lost: false,
    lapses: 0,
  }
  let workerProof = never
  let tickProof = never
  const toTick = (run: () => void) => scheduler.after(hopMs, () => tick.enter(run))
  const toWorker = (run: () => void) => scheduler.after(hopMs, () => worker.enter(run))
  const store = network.client(
    {
      slot,
      thread: worker,
      onRequest(request) {
        const { key } = request.rows[0]!
        const saves = request.operation === 'put' && key.sk.startsWith('CHECKPOINT#')
        if (saves && !leaseView(workerProof, clocks).held) {
          judge.violation('nothing is saved past the deadline', `${process.name} writes ${key.sk}`)
        }
        if (armed?.met(request) !== true) return
        const { strike } = armed
        armed = undefined
        strike()
      },
    },
    (request) => {
      const { key } = request.rows[0]!
      if (request.operation !== 'put' || !key.sk.startsWith('CHECKPOINT#')) return
      judge.checkpointAnswered(self, saving.get(key.sk.slice('CHECKPOINT#'.length)) ?? [])
    },
  )
  const kept = createHostStore({
    store,
    runtime: worker.runtime,
    clocks,
    host: identity,
    effects: new Map(effects.map((one) => [one.kind, one])),
    onProof: (proof) => {
      workerProof = proof
      toTick(() => {
        tickProof = proof
      })
    },
  })
  let stopping = false
  let hungAt = Infinity

  /** A call from the tick thread, answered by message. A defect in the worker fails the call. */
  async function call<T>(work: () => Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      toWorker(() => {
        work().then(
          (value) => toTick(() => resolve(value)),
          (error: unknown) => toTick(() => reject(error)),
        )
      })
    })
  }

  // The tick thread's side.
  let apply: Parameters<Persistence['onCommand']>[0] | undefined
  kept.onCommand((command) => toTick(() => apply?.(command)))
  let heartbeatAt = Number.NEGATIVE_INFINITY
  /** It has woken from a gap longer than the lease. The worlds may not tick before a proof. */
  let unproven = false
  let provenFrom = 0
  const persistence: Persistence = {
    claim: async (ticket) => {
      const lapsesBefore = tickProof.lapses
      const outcome = await call(async () => {
        const before = workerProof.lapses
        const claimed = await kept.claim(ticket)
        if (claimed.outcome === 'claimed' && workerProof.lapses !== before) {
          judge.violation('a claim across a lapse is void', process.name, ticket.characterId)
        }
        return claimed
      })
      judge.claimed(self, ticket, outcome, tickProof.lapses !== lapsesBefore)
      return outcome
    },
    leave: async (leaving) => {
      judge.leaving(self, leaving)
      const outcome = await call(async () => await kept.leave(leaving))
      judge.left(self, leaving, outcome)
      return outcome
    },
    checkpoint: async (instance, entries) => {
      judge.sampled(self, entries)
      return await call(async () => {
        saving.set(instance, entries)
        return await kept.checkpoint(instance, entries)
      })
    },
    letGo: async (characterId, epoch) =>
      await call(async () => await kept.letGo(characterId, epoch)),
    forget: async (characterId, epoch) =>
      await call(async () => await kept.forget(characterId, epoch)),
    effect: async (asked) => {
      const outcome = await call(async () => await kept.effect(asked))
      judge.effects.answered(asked.characterId, asked, outcome)
      return outcome
    },
    onCommand: (handler) => {
      apply = (command) => {
        if ('epoch' in command) {
          const { characterId, kind, epoch } = command
          judge.note(characterId, `${process.name} applies ${kind} @${epoch}`)
        }
        handler(command)
      }
    },
    closeInstance: async (instance, state) =>
      await call(async () => await kept.closeInstance(instance, state)),
    openPrivate: async (opened) => await call(async () => await kept.openPrivate(opened)),
    endPrivate: async (instance, more) =>
      await call(async () => await kept.endPrivate(instance, more)),
    reportSlots: async () => await call(async () => await kept.reportSlots()),
    onMaintenance: () => undefined,
    onTold: () => undefined,
    onBlocks: () => undefined,
    heartbeat() {
      if (clocks.monotonic() - heartbeatAt < 200) return
      heartbeatAt = clocks.monotonic()
      toWorker(() => kept.heartbeat())
    },
    lease: () => leaseView(tickProof, clocks),
    prove: async () => {
      const from = scheduler.now()
      const outcome = await call(async () => await kept.prove())
      if (outcome === 'held') {
        unproven = false
        provenFrom = from
      }
      return outcome
    },
  }

  let wokeAt = clocks.monotonic()
  let wokeAtWall = clocks.now()
  const ticks = () => host.stats().instances.reduce((sum, one) => sum + one.tick, 0)
  /** One turn of the tick loop, watched. */
  const wake = (run: () => void) => {
    const gap = Math.max(clocks.monotonic() - wokeAt, clocks.now() - wokeAtWall)
    wokeAt = clocks.monotonic()
    wokeAtWall = clocks.now()
    if (gap > leaseDeadlineMs) unproven = true
    const watched = unproven || provenFrom > 0
    const before = watched ? ticks() : 0
    run()
    if (!unproven && persistence.lease().held) self.heldAt = scheduler.now()
    if (!watched || ticks() === before) return
    if (unproven) {
      judge.violation('proof before a tick', `${process.name} ticked before its lease was proven`)
    } else judge.tickedAfterProof(self, provenFrom)
    provenFrom = 0
  }

  let accept: ((connection: Connection) => ConnectionListener) | undefined
  const transport: Transport = {
    listen: async (accepting) => {
      accept = accepting
      return await Promise.resolve(1)
    },
    sweep: () => undefined,
    traffic: () => ({
      sockets: sockets.size,
      frames: { received: 0, sent: 0 },
      bytes: { received: 0, sent: 0 },
    }),
    close: async () => await Promise.resolve(),
  }

  const host: Host = createHost({
    bootId,
    instances: instances.map(({ instance, zone }) => ({
      id: instance,
      zone: content.zones.get(zone)!,
    })),
    content,
    rules,
    persistence,
    verifyKeys: deps.verifyKeys,
    runtime: tick.runtime,
    monotonic: clocks.monotonic,
    setTimer: (run, ms) => tick.timer(Math.max(wakeMs, ms), () => wake(run)),
    listen: { host: '', port: 0 },
    transport,
    log: watch(judge, process.name),
    seed: slot,
    onLost: () => void stop('its lease was lost'),
  })

  const self: SimulatedHost = {
    bootId,
    slot,
    process,
    sockets,
    zones,
    ended: undefined,
    released: false,
    startedAt: scheduler.now(),
    declaredDead: undefined,
    heldAt: 0,
    mayStillSave: () => process.alive() && leaseView(workerProof, clocks).held,
    deliver: (run) => tick.enter(run),
    accept(socket) {
      if (accept === undefined) return socket.connection.close('host.unavailable')
      sockets.add(socket)
      socket.listener = accept(socket.connection)
    },
    hint: () => worker.enter(() => void kept.readInbox()),
    hang(thread, ms) {
      if (thread === 'tick') hungAt = scheduler.now()
      ;(thread === 'tick' ? tick : worker).hang(ms)
    },
    // While the worker stands still too, it cannot know.
    hungMs: () =>
      tick.standsStill() && !worker.standsStill()
        ? scheduler.now() - Math.max(hungAt, worker.stillUntil())
        : 0,
    tickStands: () => tick.standsStill(),
    workerStands: () => worker.standsStill(),
    drain: () => tick.enter(() => void stop('drained')),
    arm(met, strike) {
      armed = { met, strike }
    },
    end(why) {
      if (self.ended !== undefined) return
      self.ended = why
      process.kill()
      judge.noteAll(`${process.name} ended: ${why}`)
      for (const socket of sockets) {
        socket.open = false
        socket.onClosed('the process ended')
      }
      deps.onEnded(why)
    },
  }

  /** As gameserver/main.ts stops. */
  async function stop(why: string): Promise<void> {
    if (stopping) return
    stopping = true
    tick.timer(5000, () => self.end('drain took too long'))
    await call(async () => await kept.setState('draining')).catch(() => undefined)
    await host.drain()
    await host.stop()
    self.released = true
    await call(async () => await kept.release()).catch(() => undefined)
    self.end(why)
  }

  /** As gameserver/main.ts starts; a store that does not answer ends the process. */
  async function start(): Promise<void> {
    await call(async () => {
      await kept.open()
      void kept.run(new AbortController().signal)
    })
    wokeAt = clocks.monotonic()
    wokeAtWall = clocks.now()
    await host.start()
    for (;;) {
      const opened = await call(async () => await kept.setState('open')).catch(() => 'unavailable')
      if (opened === 'done' || stopping) return
      await tick.runtime.sleep(250)
    }
  }
  judge.hosts.push(self)
  judge.noteAll(`${process.name} starts with ${zones.join(' and ')}, boot ${bootId.slice(-6)}`)
  tick.enter(() => void start().catch(() => self.end('the store was not there at its start')))
  return self
}

/** An error in the log of the host is a defect, unless it is about the lease. */
function watch(judge: Judge, name: string): Log {
  const error = (message: string, fields?: LogFields) => {
    if (message.startsWith('the lease is lost')) return judge.noteAll(`${name}: ${message}`)
    const cause = fields?.['error']
    judge.violation('defect', `${name}: ${message}: ${cause instanceof Error ? cause.stack : ''}`)
  }
  const silent = () => undefined
  const log: Log = {
    debug: silent,
    info: silent,
    warn: (message) => judge.noteAll(`${name}: ${message}`),
    error,
    child: () => log,
  }
  return log
}
