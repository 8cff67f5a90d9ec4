// Everything on one machine, started in the order in which one part needs another, and stopped in the
// reverse: players first, the database last.
import { join, relative } from 'node:path'
import { game } from '#game'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { authority, reachedHere } from '#shared/authority.ts'
import type { Runtime } from '#shared/runtime.ts'
import { systemRuntime } from '#shared/system.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Addresses } from './banner.ts'
import { startBots } from './bots.ts'
import { endLastRun } from './fleet/local-fleet.ts'
import type { LocalFleet } from './fleet/local-fleet.ts'
import type { HealthProbe } from './health.ts'
import { buildPage } from './page.ts'
import { startApi, startDevelopment } from './parts/api.ts'
import { createRealmProbe, startBackground } from './parts/background.ts'
import { openGround } from './parts/ground.ts'
import type { BringUpOptions, Ground, OnStop } from './parts/ground.ts'
import { openStores } from './parts/stores.ts'
import type { Stores } from './parts/stores.ts'
import { hostGraceMs, startZones } from './parts/zones.ts'

export type Running = {
  addresses(): Promise<Addresses>
  /** Resolves true when /health is well, false when it is not by then. */
  healthy(withinMs: number): Promise<boolean>
  /** Saves and stops everything. Never fails; under 10 s. */
  stop(): Promise<void>
}

/** Fails with one sentence (StartError and its like) when a part cannot start. Then all is undone. */
export async function bringUp(options: BringUpOptions): Promise<Running> {
  const undo: { name: string; run: () => Promise<void> | void }[] = []
  let log: Log | undefined
  const stop = async () => {
    for (const { name, run } of undo.splice(0).reverse()) {
      try {
        await run()
      } catch (error) {
        log?.error('a part did not stop', { name, error })
      }
    }
  }
  try {
    const onStop: OnStop = (name, run) => undo.push({ name, run })
    return await startAll(options, onStop, stop, (made) => (log = made))
  } catch (error) {
    // The caller prints a better message on the terminal.
    log?.info('the start failed', { error })
    await stop()
    throw error
  }
}

/** The parts in their order. Each says how it is undone as soon as there is something to undo. */
async function startAll(
  options: BringUpOptions,
  onStop: OnStop,
  stop: () => Promise<void>,
  onLog: (log: Log) => void,
): Promise<Running> {
  const ground = await openGround(options, onStop, onLog)
  const { config, dataDir, runtime, log } = ground
  const page = buildPage()
  // It is awaited below. The handler keeps an earlier failure from being unhandled.
  page.catch(() => {})
  // Zone hosts of a killed run still save into its database, if that runs.
  await endLastRun(dataDir, systemRuntime, log, hostGraceMs)
  const stores = await openStores(ground)
  const fleet = await startZones(ground, stores)
  options.onFleet?.(fleet)
  const stopped = new AbortController()
  const health = createRealmProbe(ground, stores, fleet, stopped.signal)
  const served = { page: await page }
  const { takeGame, timers } = await startApi(ground, stores, fleet, health, served)
  startDevelopment(ground, fleet, served, takeGame, stopped.signal)
  startBackground(ground, stores, { health, timers }, stopped)
  const healthy = healthyIn(health, runtime, stopped.signal)
  if (config.WAYSTONE_BOTS > 0) {
    const { apiHere: url, guardian } = ground
    const count = config.WAYSTONE_BOTS
    const bots = startBots({ count, url, ready: healthy, dataDir, guardian, runtime, log })
    onStop('bots', () => bots.stop())
  }
  return { healthy, stop, addresses: () => addressesOf(ground, stores, fleet) }
}

function healthyIn(health: HealthProbe, runtime: Runtime, signal: AbortSignal): Running['healthy'] {
  return async (withinMs) => {
    const timeoutAt = runtime.now() + withinMs
    for (;;) {
      await health.probe()
      if ((await health.last()).ok) return true
      if (runtime.now() > timeoutAt || signal.aborted) return false
      await runtime.sleep(100)
    }
  }
}

async function addressesOf(
  { config, apiHere, dataDir, loaded }: Ground,
  { database, redis }: Stores,
  fleet: LocalFleet,
): Promise<Addresses> {
  const url = config.WAYSTONE_PUBLIC_URL ?? apiHere
  const { startZone } = loaded.content
  return {
    pid: process.pid,
    url,
    docs: `${url}/docs`,
    openapi: `${url}/openapi.json`,
    health: `${url}/health`,
    database,
    redis: redis.url,
    ...(config.REDIS_URL && { redisBehind: withoutPassword(config.REDIS_URL) }),
    dataDir,
    zones: (await fleet.list()).flatMap(({ name, labels, address, port }) =>
      labels[zoneLabel]!.split('.').map((zone) => ({
        zone,
        name,
        address: `ws://${authority(reachedHere(address), port)}/zone`,
      })),
    ),
    bots: config.WAYSTONE_BOTS,
    startZone: relative(process.cwd(), join(game.content, 'zones', `${startZone}.json`)),
  }
}

function withoutPassword(redisUrl: string): string {
  const { protocol, host } = new URL(redisUrl)
  return `${protocol}//${host}`
}
