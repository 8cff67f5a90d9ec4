// When a host takes players, and when it gives itself back.
//
// A host that was allocated for a request names itself in the row of the request before it opens. When the row
// names another host, this one came too late, and gives itself back without ever having opened
// (shared/fleet/allocation-row.ts). While the store does not answer it waits. When the store will never take the
// claim (its role is that of an older version), it opens: one host too many does less harm than none.
import { createBackoff } from '#shared/backoff.ts'
import { requestLabel } from '#shared/fleet/fleet.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { GameServer } from './agones/game-server.ts'
import type { Host } from './host.ts'
import { createIdleWatch } from './idle.ts'
import type { PersistenceThread } from './persistence/thread.ts'
import type { Platform } from './platform.ts'

/** How often it checks whether the host is in use. */
const idleCheckMs = 1000
/** How often an empty host asks whether it is needed. A place that nobody uses is free after 44 s. */
const giveBackEveryMs = 10_000
/** How long the fleet's SIGTERM is waited for after the host asked for its end. */
const endedByFleetMs = 30_000

type Opening = {
  bootId: string
  log: Log
  runtime: Pick<Runtime, 'now' | 'sleep' | 'randomBytes'>
  platform: Platform
  persistence: Pick<PersistenceThread, 'claimRequest' | 'giveBack' | 'setState'>
  host: Pick<Host, 'stats'>
  /** Aborted when the process stops. */
  stopping: AbortSignal
  /** How long an unused host is kept, ms; 0: for ever. */
  idleMs: number
  /** Ends the process. */
  stop: (reason: string) => void
}

/** Returns a function that opens the instances to players, once, when the game server is Allocated. */
export function openOnceAllocated(parts: Opening): () => void {
  const { log, runtime, stopping, bootId, platform, persistence } = parts
  let open = false
  const openUntilDone = async (): Promise<void> => {
    const backoff = createBackoff(runtime, { baseMs: 250, maxMs: 10_000 })
    while (!stopping.aborted) {
      const claimed = await claim(platform.gameServer(), persistence, bootId)
      // It came after another host had been allocated for its request. Nobody is in it, and nobody may come.
      if (claimed === 'surplus') return await returnToFleet(parts, 'its request has another host')
      if (claimed === 'refused') log.error('the store refuses that this host names itself')
      const opened =
        claimed === 'unavailable'
          ? claimed
          : await persistence.setState('open').catch(() => 'unavailable')
      if (opened === 'done') {
        log.info('open')
        watchIdle(parts)
        return
      }
      await runtime.sleep(backoff.next(), stopping).catch(() => undefined)
    }
  }
  return () => {
    if (open || stopping.aborted || platform.gameServer().state !== 'Allocated') return
    open = true
    void openUntilDone()
  }
}

/** Whether this host is the one for the request that it was allocated for. An operator may allocate without. */
async function claim(
  { name, address, ports, labels }: GameServer,
  persistence: Opening['persistence'],
  bootId: string,
): Promise<string> {
  const request = labels[requestLabel]
  if (request === undefined) return 'named'
  const host = { name, bootId, address, port: ports[0]?.port ?? 0 }
  return await persistence.claimRequest(request, host).catch(() => 'unavailable')
}

/** Returns the host to its fleet when it was unused for long, nobody is on his way, and its zones do not need it. */
function watchIdle(parts: Opening): void {
  const { runtime, stopping, host, persistence } = parts
  const isIdle = createIdleWatch(parts.idleMs)
  let askedAt = Number.NEGATIVE_INFINITY
  let asking = false
  const giveBack = async () => {
    asking = true
    const answer = await persistence.giveBack().catch(() => 'unavailable' as const)
    asking = false
    if (answer !== 'done') return
    clearInterval(timer)
    await leave(parts, 'no player is here, and none is on his way')
  }
  const timer = setInterval(() => {
    const { instances, sockets } = host.stats()
    const inUse = instances.reduce((sum, one) => sum + one.players, sockets)
    const now = runtime.now()
    if (stopping.aborted || asking || !isIdle(now, inUse)) return
    if (Math.abs(now - askedAt) < giveBackEveryMs) return
    askedAt = now
    void giveBack()
  }, idleCheckMs)
  timer.unref()
}

/** No player is sent here any more; then the host leaves. */
async function returnToFleet(parts: Opening, reason: string): Promise<void> {
  await parts.persistence.setState('draining').catch(() => undefined)
  await leave(parts, reason)
}

/** The fleet ends the process as it ends every host. */
async function leave(parts: Opening, reason: string): Promise<void> {
  const { runtime, stopping, log, platform } = parts
  log.info('the host returns to the fleet', { reason })
  await platform
    .shutdown()
    .catch((error: unknown) => log.warn('the fleet did not end the host', { error }))
  await runtime.sleep(endedByFleetMs, stopping).catch(() => undefined)
  parts.stop(reason)
}
