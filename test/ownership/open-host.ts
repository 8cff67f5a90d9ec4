import { createHostStore } from '#gameserver/persistence/host-store.ts'
import type { Clocks } from '#gameserver/persistence/lease-keeper.ts'
import type { HostStore } from '#gameserver/persistence/host-store.ts'
import type { Cache } from '#shared/cache/cache.ts'
import type { Leaderboard } from '#shared/content/content.ts'
import type { EffectKind } from '#shared/game/effect.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'

export type HostSays = {
  host?: {
    protocol?: number
    oldest?: number
    contentVersion?: string
    region?: string
    language?: string
  }
  policy?: { target?: number; closed?: number; min?: number }
}

/** The store's side of a host with one instance, by a clock that host and test share. */
export async function openHost(options: {
  store: Store
  runtime: Runtime
  /** Of the host, where it has its own. */
  clocks?: Clocks
  realmId: string
  zone: string
  capacity: number
  kind?: 'slots'
  /** What else its card says. */
  says?: HostSays
  publicKey?: string
  /** Takes players. */
  opened?: boolean
  effects?: EffectKind[]
  boards?: Leaderboard[]
  cache?: Cache
}): Promise<HostStore & { bootId: string }> {
  const { store, runtime, realmId, zone, capacity, publicKey = 'none', opened = true } = options
  const bootId = newId(runtime)
  const made = createHostStore({
    store,
    runtime,
    clocks: options.clocks ?? { now: runtime.now, monotonic: runtime.now },
    host: {
      bootId,
      realmId,
      address: `ws://${bootId}/zone`,
      protocol: 2,
      contentVersion: 'test',
      publicKey,
      instances: [
        {
          instance: `${zone}-1`,
          zone,
          capacity,
          ...options.says?.policy,
          ...(options.kind && { kind: options.kind }),
        },
      ],
      ...options.says?.host,
    },
    onProof: () => undefined,
    ...(options.cache && { cache: options.cache }),
    ...(options.boards && { boards: options.boards }),
    effects: new Map(options.effects?.map((one) => [one.kind, one])),
  })
  await made.open()
  if (opened) await made.setState('open')
  return { ...made, bootId }
}
