// The store's side of a zone host: claims, leaves, checkpoints and the lease, as shared/ownership says.
// It runs in the worker thread; tests run it in the open.
import type { EffectKind } from '#shared/game/effect.ts'
import { claimRequest } from '#shared/fleet/allocation-row.ts'
import type { NamedHost } from '#shared/fleet/allocation-row.ts'
import { createLease, endLease } from '#shared/ownership/lease.ts'
import type { InstanceState } from '#shared/ownership/card.ts'
import type { Leaderboard } from '#shared/content/content.ts'
import { createBoardEffects } from '#shared/leaderboards/effect.ts'
import { createResultEffect } from '#shared/results/effect.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createPush } from '#shared/push/push.ts'
import { noSockets } from '#shared/push/sockets.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import type { Store } from '#shared/store/store.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createBulletinReader } from './bulletin-reader.ts'
import { createCheckpointSweep } from './checkpoint-sweep.ts'
import { createCheckpointing } from './checkpointing.ts'
import { claim } from './claiming.ts'
import { createEffecting } from './effecting.ts'
import { createHostPlaces } from './host-places.ts'
import type { StoreOutcome } from './host-places.ts'
import type { HostIdentity } from './identity.ts'
import { createInboxReader } from './inbox-reader.ts'
import { createLeaseKeeper, leaseView } from './lease-keeper.ts'
import type { Clocks, LeaseProof } from './lease-keeper.ts'
import { createLeaseWatch } from './lease-watch.ts'
import { createLeaver } from './leaving.ts'
import type { Persistence } from './persistence.ts'
import { createPresenceKeeper } from './presence-keeper.ts'
import { failed, watchStore } from './store-watch.ts'
import type { StoreStats } from './store-watch.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

export type HostStore = Persistence & {
  /** Writes the lease and the cards (state `ready`). Fails when the store does. */
  open(): Promise<void>
  /**
   * Names this host for the request that it was allocated for, a hash. `surplus`: the request has another host.
   * Resolves after one try.
   */
  claimRequest(request: string, host: NamedHost): Promise<'named' | 'surplus' | StoreOutcome>
  /** Sets the state that the director sees of all instances of this host. */
  setState(state: InstanceState): Promise<StoreOutcome>
  /** Before an empty host ends: see HostPlaces. */
  giveBack(): Promise<StoreOutcome | 'needed'>
  /** Reads the inbox now: a hint came. */
  readInbox(): Promise<StoreOutcome>
  /** A message on this host's channel of the cache. */
  heard(message: string): void
  /** A message on the channel of the realm, or of one of its zones. */
  heardByAll(message: string, zone?: string): void
  /** Messages may have been lost: the subscription was interrupted. */
  missed(): void
  /** Failures of the store so far. */
  stats(): Promise<StoreStats>
  /** Renews the lease, watches those of others and sweeps what dead hosts left, until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** The leaderboards of the content, as they are from now on. */
  takeBoards(boards: readonly Leaderboard[]): Promise<void>
  /** Ends the lease at the end of a drain: the host owns no character any more. */
  release(): Promise<StoreOutcome>
}

export function createHostStore(deps: {
  store: Store
  runtime: Runtime
  clocks: Clocks
  host: HostIdentity
  onProof: (proof: LeaseProof) => void
  /** Where players are seen to be in play; without it they are not. */
  cache?: Cache
  /** Of friends outside zones; none by default. */
  sockets?: Sockets
  /** Of the game, by kind; none by default. */
  effects?: ReadonlyMap<string, EffectKind>
  /** The leaderboards of the content; none by default. */
  boards?: readonly Leaderboard[]
  /** Silent by default. */
  log?: Log
}): HostStore {
  const { runtime, clocks, host, log = silentLog, effects = new Map() } = deps
  const { store, stats } = watchStore(deps.store, clocks.monotonic, log)
  const { bootId, realmId } = host
  const stays: Stays = new Map()
  const inbox = createInboxReader({ store, clocks, bootId })
  const keeper = createLeaseKeeper({ ...deps, store, bootId, readInbox: inbox.read })
  const watch = createLeaseWatch({ store, runtime, clocks, host })
  const sweep = createCheckpointSweep({ store, runtime, host, log })
  const bulletin = createBulletinReader({ store, runtime, host, log })
  const lease = () => leaseView(keeper.proof(), clocks)
  const places = createHostPlaces({ store, runtime, clocks, host, stays })
  const leaver = createLeaver({ store, runtime, host, stays, places, log })
  const proof = keeper.proof
  let tell: Parameters<Persistence['onTold']>[0] = () => undefined
  let learn: Parameters<Persistence['onBlocks']>[0] = () => undefined
  const presence =
    deps.cache === undefined
      ? undefined
      : createPresenceKeeper({
          ...deps,
          cache: deps.cache,
          push: createPush({ cache: deps.cache, sockets: deps.sockets ?? noSockets, runtime }),
          store,
          log,
          onTold: (told) => tell(told),
          onBlocks: (blocks) => learn(blocks),
        })
  const readHints = async () => await inbox.read().then(() => 'done' as const, failed)
  const parts = { store, runtime, clocks, host, stays, places, leaver, proof, lease, log }
  const boards = createBoardEffects({
    store,
    runtime,
    log,
    ...(deps.cache && { cache: deps.cache }),
  })
  boards.take(deps.boards ?? [])
  const results = createResultEffect(store)
  const coreEffect = (kind: string) => boards.find(kind) ?? results.find(kind)

  return {
    async claim(ticket) {
      const answer = await claim(parts, ticket)
      const zone = places.zoneOf(ticket.instance)
      if (answer.outcome === 'claimed' && zone !== undefined)
        presence?.joined(answer.character, zone)
      return answer
    },
    async leave(leaving) {
      presence?.left(leaving.characterId, leaving.epoch)
      return await leaver.leave(leaving)
    },
    letGo: leaver.letGo,
    checkpoint: createCheckpointing(parts),
    async forget(characterId, epoch) {
      presence?.left(characterId, epoch)
      const stay = stayOf(stays, characterId, epoch)
      if (stay === undefined) return
      stays.delete(characterId)
      if (!stay.synthetic) await places.release(stay.instance, characterId, stay)
    },
    effect: createEffecting({ ...parts, effects, coreEffect }),
    onCommand: inbox.onCommand,
    onMaintenance: bulletin.onMaintenance,
    onTold(handler) {
      tell = handler
    },
    onBlocks(handler) {
      learn = handler
    },
    readInbox: readHints,
    heard(message) {
      if (message === '') void readHints()
      else presence?.heard(message)
    },
    heardByAll: (message, zone) => presence?.heardByAll(message, zone),
    missed: () => presence?.missed(),
    stats: async () => await Promise.resolve(stats()),
    heartbeat() {
      keeper.heartbeat()
      presence?.heartbeat()
    },
    lease,
    prove: keeper.renew,
    async open() {
      const instances = host.instances.map(({ instance, zone }) => ({ realmId, zone, instance }))
      await createLease(store, clocks.now(), { ...host, content: host.contentVersion, instances })
      await places.open()
      await keeper.renew()
    },
    claimRequest: async (request, named) =>
      await claimRequest(store, request, named, clocks.now()).catch(failed),
    setState: places.setState,
    giveBack: places.giveBack,
    closeInstance: places.closeInstance,
    openPrivate: places.openPrivate,
    endPrivate: places.endPrivate,
    reportSlots: async () => await places.reportSlots().then(() => 'done' as const, failed),
    async run(signal) {
      const runs = [keeper.run(signal), watch.run(signal), sweep.run(signal), bulletin.run(signal)]
      await Promise.all([...runs, presence?.run(signal)])
    },
    takeBoards: async (next) => await Promise.resolve(boards.take(next)),
    async release() {
      const released = await endLease(store, bootId).then(() => 'done' as const, failed)
      await presence?.settle()
      return released
    },
  }
}
